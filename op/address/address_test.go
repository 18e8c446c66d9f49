package address_test

import (
	"net/http"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/staff"
)

// OF-16: without the right code, an unknown reference and one of an account that
// has changed get the same answer. With the right code the answer gives the reason.
func TestOF16_AddressTellsNothingWithoutTheCode(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	first, other := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
	other.Post(first.Proposed(a, site.NewEmail), "action", "confirm")
	reference, code := site.Confirmation(t, s.Letters()["address-confirm"])
	s.Blocked(a)
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	answer := func(reference, code string) string {
		b := s.Browser().Get("/address").Submit("reference", reference, "code", code).Is(http.StatusUnprocessableEntity)
		for _, text := range []string{"horen niet bij elkaar", "Het lukt niet"} {
			if strings.Contains(b.Body, text) {
				return text
			}
		}
		return b.Body
	}
	nobody, known := answer("AAAA-AAAA", wrong), answer(reference, wrong)
	if nobody != "horen niet bij elkaar" || known != nobody {
		t.Errorf("of nobody: %q; of an account that moved on: %q", nobody, known)
	}
	if got := answer(reference, code); got != "Het lukt niet" {
		t.Error("with the right code:", got)
	}
}
