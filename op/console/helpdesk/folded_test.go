package helpdesk_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/staff"
)

// Y1-Y6: an official may type searches, the caller's code and answers, the ticket and a
// new address in any of the forms that are accepted.
func TestY1_Y3_Y4_Y5_Y6_Helpdesk(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	for i, typing := range site.Typings() {
		email := fmt.Sprintf("anna-%d@example.com", i)
		a := s.Blocked(s.Person(email))
		for _, q := range []string{a.BlockRef, email, strings.ReplaceAll(a.BlockRef, "-", ""), strings.ToLower(a.BlockRef)} {
			desk.Get("/console/helpdesk?" + url.Values{"q": {typing.Of(q)}}.Encode())
			if !strings.Contains(desk.Body, "/console/helpdesk/account?id="+a.ID) {
				t.Errorf("%s: a search for %q does not find the account", typing.Name, typing.Of(q))
			}
		}
		code := s.Caller(email).Callback()
		at := desk.Begin(a)
		answers := []string{"code", typing.Of(code)}
		for j, said := range site.RightAnswers {
			if j%2 == 1 {
				said = typing.Of(said)
			}
			answers = append(answers, said)
		}
		if desk.Post(at, answers...); !strings.Contains(desk.Body, `name="ticket"`) {
			t.Errorf("%s: the caller is not identified", typing.Name)
			continue
		}
		desk.Post(at, "reason", "lost_phone", "ticket", typing.Of("M-2026-1234")).Post(at, "action", "confirm")
		if got := s.Reload(a).State; got != account.AwaitingEnrolment {
			t.Errorf("%s: the account is %s", typing.Name, got)
		}
	}
}

// Y7: text that cannot be the code on the holder's page does not count as a wrong code.
func TestY7_HelpdeskCode(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Blocked(s.Person(site.Email))
	code := s.Caller(site.Email).Callback()
	desk := s.Official("desk@example.org", staff.Helpdesk)
	at := desk.Begin(a)
	for _, typing := range []string{"123456", "123456789", "jan@example.org", "weet ik niet", "      ", code[:4]} {
		desk.Post(at, "code", typing).Is(http.StatusUnprocessableEntity).Says("8 cijfers").Says(fmt.Sprint(helpdesk.WrongAnswers))
	}
	desk.Identified(at, code).Post(at, "action", "confirm").Says("Het account is gedeblokkeerd")
}
