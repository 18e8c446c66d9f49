package main

import (
	"net/http"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/staff"
)

// OF-16: who has no code is told nothing: a reference of nobody and one whose
// account moved on get the same answer. Who has the right one is told.
func TestOF16_AddressTellsNothingWithoutTheCode(t *testing.T) {
	s := newSite(t, nil)
	a := s.person(testEmail)
	first, other := s.official("first@example.org", staff.Helpdesk), s.official("other@example.org", staff.Helpdesk)
	other.post(first.proposed(a, newEmail), "action", "confirm")
	reference, code := mailed(t, s.letters()["address-confirm"])
	s.blocked(a)
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	answer := func(reference, code string) string {
		b := s.browser().get("/address").submit("reference", reference, "code", code).is(http.StatusUnprocessableEntity)
		for _, text := range []string{"horen niet bij elkaar", "Het lukt niet"} {
			if strings.Contains(b.body, text) {
				return text
			}
		}
		return b.body
	}
	nobody, known := answer("AAAA-AAAA", wrong), answer(reference, wrong)
	if nobody != "horen niet bij elkaar" || known != nobody {
		t.Errorf("of nobody: %q; of an account that moved on: %q", nobody, known)
	}
	if got := answer(reference, code); got != "Het lukt niet" {
		t.Error("with the right code:", got)
	}
}
