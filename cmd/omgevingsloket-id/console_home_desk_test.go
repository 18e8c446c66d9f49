package main

import (
	"bytes"
	"crypto/rand"
	"io"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// Two blocks never get the same reference, also when chance would have it:
// the second one draws again.
func TestBlockReferenceIsOneAccounts(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.person(testEmail), s.person("bob@example.com")
	drawn := strings.Repeat("omgeving", 2)
	s.rules.Rand = io.MultiReader(bytes.NewReader([]byte(drawn)), rand.Reader)
	var refs []string
	for _, who := range []account.Account{a, b} {
		got, err := s.rules.Block(t.Context(), who, account.NotScanned, signin.From{})
		must(t, err)
		if got.State != account.Blocked {
			t.Fatalf("%s is %s", who.Email, got.State)
		}
		refs = append(refs, got.BlockRef)
	}
	if refs[0] == refs[1] || refs[0] != signin.Reference(strings.NewReader(drawn)) {
		t.Error(refs)
	}
	// Blocked meanwhile: the account is given as it is, and drawn for no more.
	again, err := s.rules.Block(t.Context(), a, account.NotScanned, signin.From{})
	must(t, err)
	if again.BlockRef != refs[0] || again.Epoch != s.reload(a).Epoch {
		t.Errorf("%+v", again)
	}
}

// Home tells each role what of the helpdesk's changes waits for it.
func TestHomeTellsOfChangesAndAlarms(t *testing.T) {
	s := newSite(t, nil)
	a := s.person(testEmail)
	first, other := s.official("first@example.org", staff.Helpdesk), s.official("other@example.org", staff.Helpdesk)
	at := strings.TrimPrefix(first.proposed(a, newEmail), "/console/change")
	first.get("/console").says("/console/change" + at)
	other.get("/console").says("/console/change" + at).says("E-mailadres verbeteren")
	other.post("/console/change"+at, "action", "confirm")
	for _, b := range []*browser{first, other} {
		if b.get("/console"); strings.Contains(b.body, "/console/change") {
			t.Error("what waits for the holder waits for an official:", b.body)
		}
	}
	must(t, s.staff.Watch.Store.Alarm(t.Context(), staff.Alarm{Member: s.member("first@example.org").ID, At: s.clock.now(), Files: 101}, s.clock.now(), noRecord))
	for role, told := range map[staff.Role]bool{staff.Administrator: true, staff.Auditor: true, staff.Reviewer: false, staff.Helpdesk: false} {
		b := s.official(string(role)+"@example.org", role).get("/console")
		if strings.Contains(b.body, "101 dossiers in een uur") != told {
			t.Errorf("%s: told %v", role, !told)
		}
		if role == staff.Auditor {
			b.get("/console/record?who=staff:" + s.member("first@example.org").ID).says("Nieuw e-mailadres voorgelegd")
		}
	}
}
