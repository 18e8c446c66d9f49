package address_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/staff"
)

// approved returns an account of which two officials approved another address,
// with the reference and the code of the mail to it.
func approved(t *testing.T, s *site.Site) (a account.Account, reference, code string) {
	t.Helper()
	a = s.Person(site.Email)
	first, other := s.Official("first@example.org", staff.Helpdesk), s.Official("other@example.org", staff.Helpdesk)
	other.Post(first.Proposed(a, site.NewEmail), "action", "confirm")
	reference, code = site.Confirmation(t, s.Letters()["address-confirm"])
	return a, reference, code
}

func wrongCode(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}

// OF-16: without the right code, an unknown reference and one of an account that
// has changed get the same answer. With the right code the answer states the reason.
func TestOF16_AddressTellsNothingWithoutTheCode(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, reference, code := approved(t, s)
	s.Blocked(a)
	wrong := wrongCode(code)
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

// The code of the mail changes the address, once; what is wrong is shown with
// what was typed, and changes nothing.
func TestAddressConfirm(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, reference, code := approved(t, s)
	for _, step := range []struct {
		name, reference, code string
		status                int // of the page that follows
		says                  string
		email                 string
	}{
		{"nothing", "", "", http.StatusUnprocessableEntity, "6 cijfers", site.Email},
		{"Y7: no code", reference, code[1:], http.StatusUnprocessableEntity, "telt niet als een verkeerde code", site.Email},
		{"Y7: no code of nobody", "AAAA-AAAA", "jan@example.org", http.StatusUnprocessableEntity, "telt niet als een verkeerde code", site.Email},
		{"a wrong code", reference, wrongCode(code), http.StatusUnprocessableEntity, `value="` + reference + `"`, site.Email},
		{"another reference", "AAAA-AAAA", code, http.StatusUnprocessableEntity, "horen niet bij elkaar", site.Email},
		{"the code", " " + strings.ToLower(strings.ReplaceAll(reference, "-", "\u2013")) + " ", code[:3] + "\u200b\t" + code[3:], http.StatusOK, "Uw e-mailadres is veranderd", site.NewEmail},
		{"the code again", reference, code, http.StatusUnprocessableEntity, "horen niet bij elkaar", site.NewEmail},
	} {
		b := s.Browser().Get("/address").Submit("reference", step.reference, "code", step.code)
		if got := s.Reload(a).Email; b.Status != step.status || !strings.Contains(b.Body, step.says) || got != step.email {
			t.Errorf("POST /address with %s = %d, then %s, want %d, %s and %q in\n%s", step.name, b.Status, got, step.status, step.email, step.says, b.MainText())
		}
		if strings.Contains(b.Body, code) {
			t.Errorf("POST /address with %s shows the code", step.name)
		}
	}
}

// Before its holder could object, the right code is told to wait, and until when;
// a wrong one is told nothing of it.
func TestAddressEarly(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Helpdesk.AddressDelay = 24 * time.Hour })
	a, reference, code := approved(t, s)
	from := letter.Moment(s.Clock.Now().Add(24*time.Hour), "nl")
	post := func(code string) *site.Browser {
		return s.Browser().Get("/address").Submit("reference", reference, "code", code)
	}
	if b := post(wrongCode(code)).Is(http.StatusUnprocessableEntity); strings.Contains(b.Body, from) {
		t.Errorf("POST /address with a wrong code tells %q", from)
	}
	post(code).Is(http.StatusUnprocessableEntity).Says(from)
	if got := s.Reload(a).Email; got != site.Email {
		t.Errorf("address after an early code = %s, want %s", got, site.Email)
	}
	s.Clock.Add(24 * time.Hour)
	post(code).At("/address/done")
	if got := s.Reload(a).Email; got != site.NewEmail {
		t.Errorf("address after the delay = %s, want %s", got, site.NewEmail)
	}
}

// One source has a number of tries in a minute, whatever it types.
func TestAddressPerSource(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Limits.LoginPerMinute = 3 })
	want := []int{http.StatusUnprocessableEntity, http.StatusUnprocessableEntity, http.StatusUnprocessableEntity, http.StatusTooManyRequests}
	var got []int
	for range want {
		got = append(got, s.Browser().Get("/address").Submit("reference", "AAAA-AAAA", "code", "000000").Status)
	}
	if !slices.Equal(got, want) {
		t.Errorf("POST /address from one source = %d, want %d", got, want)
	}
	s.Clock.Add(time.Minute)
	if b := s.Browser().Get("/address").Submit("reference", "AAAA-AAAA", "code", "000000"); b.Status != http.StatusUnprocessableEntity {
		t.Errorf("POST /address a minute later = %d, want %d", b.Status, http.StatusUnprocessableEntity)
	}
}

// silent are requests of a store that does not answer.
type silent struct{ helpdesk.Store }

func (silent) ByReference(context.Context, string) (helpdesk.Request, error) {
	return helpdesk.Request{}, errs.ErrUnavailable
}

// A store that does not answer is never a wrong code.
func TestAddressUnavailable(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Helpdesk.Store = silent{s.Helpdesk.Store}
	s.Browser().Get("/address").Submit("reference", "AAAA-AAAA", "code", "000000").Is(http.StatusServiceUnavailable)
}
