package console_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// Two blocks never have the same reference: if the same one is drawn twice, the
// second block draws again.
func TestBlockReferenceIsOneAccounts(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Person(site.Email), s.Person("bob@example.com")
	drawn := strings.Repeat("omgeving", 2)
	s.SignIn.Rand = io.MultiReader(bytes.NewReader([]byte(drawn)), rand.Reader)
	var refs []string
	for _, who := range []account.Account{a, b} {
		got, err := s.SignIn.Block(t.Context(), who, account.NotScanned, signin.From{})
		site.Must(t, err)
		if got.State != account.Blocked {
			t.Fatalf("%s is %s", who.Email, got.State)
		}
		refs = append(refs, got.BlockRef)
	}
	if refs[0] == refs[1] || refs[0] != signin.Reference(strings.NewReader(drawn)) {
		t.Error(refs)
	}
	// Blocked meanwhile: the account is returned as it is, and no reference is drawn.
	again, err := s.SignIn.Block(t.Context(), a, account.NotScanned, signin.From{})
	site.Must(t, err)
	if again.BlockRef != refs[0] || again.Epoch != s.Reload(a).Epoch {
		t.Errorf("%+v", again)
	}
}

// Home shows each role which of the helpdesk's changes wait for it.
func TestHomeTellsOfChangesAndAlarms(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	first, other := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
	at := strings.TrimPrefix(first.Proposed(a, site.NewEmail), "/console/helpdesk/request")
	first.Get("/console").Says("/console/helpdesk/request" + at)
	other.Get("/console").Says("/console/helpdesk/request" + at).Says("E-mailadres verbeteren")
	other.Post("/console/helpdesk/request"+at, "action", "confirm")
	for _, b := range []*site.Browser{first, other} {
		if b.Get("/console"); strings.Contains(b.Body, "/console/helpdesk/request") {
			t.Error("what waits for the holder waits for an official:", b.Body)
		}
	}
	site.Must(t, s.Console.Watch.Store.Alarm(t.Context(), staff.Alarm{Member: s.Member("first@example.org").ID, At: s.Clock.Now(), Files: 101}, s.Clock.Now(), site.NoEffects))
	for role, told := range map[staff.Role]bool{staff.Administrator: true, staff.Auditor: true, staff.Reviewer: false, staff.Helpdesk: false} {
		b := s.Official(string(role)+"@example.org", role).Get("/console")
		if strings.Contains(b.Body, "101 dossiers in een uur") != told {
			t.Errorf("%s: told %v", role, !told)
		}
		if role == staff.Auditor {
			b.Get("/console/audit?who=staff:" + s.Member("first@example.org").ID).Says("Nieuw e-mailadres voorgelegd")
		}
	}
}
