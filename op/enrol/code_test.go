package enrol_test

import (
	"net/http"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// Y6, Y7: a mailed code is six digits of any script, however they are divided. What
// cannot be a code is not counted while a code waits.
func TestY6_Y7_MailedCode(t *testing.T) {
	t.Parallel()
	for name, typing := range map[string]func(string) string{
		"divided":        func(c string) string { return "(" + c[:3] + "\u2013" + c[3:] + ")." },
		"full-width":     site.Typings()[0].Of,
		"Bengali digits": func(c string) string { return inBengali(c[:3]) + "\u00a0" + inBengali(c[3:]) },
	} {
		s := site.New(t, nil)
		a := s.Blocked(s.Person(site.Email))
		site.Must(t, s.Unblock(a))
		b := s.ToMailbox(site.Email).Submit("send", "yes")
		code, page := s.MailedCode("recovery-code", site.Email), "/enrol/code?"+b.URL.RawQuery
		for _, typed := range []string{"", "      ", "12345", "1234567", site.Email, "wachtwoord"} {
			for range 2 { // in all more than the tries of a code
				b.Post(page, "code", typed).At("/enrol/code").Is(http.StatusUnprocessableEntity).Says("Vul de 6 cijfers uit de e-mail in")
			}
		}
		m, err := s.Stores.Recoveries.Mailed(t.Context(), a.ID)
		site.Must(t, err)
		if m.Failures != 0 {
			t.Errorf("%s: %d wrong codes were counted", name, m.Failures)
		}
		if b.Post(page, "code", typing(code)); b.URL.Path != "/enrol" {
			t.Errorf("%s: refused at %s", name, b.URL)
		}
	}
}

func inBengali(digits string) (out string) {
	for _, d := range digits {
		out += string('\u09e6' + d - '0')
	}
	return out
}
