package helpdesk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/staff"
)

func closes(a account.Account) (account.Account, effect.Effects, error) {
	next, err := a.Close(a.Epoch, a.CreatedAt)
	return next, effect.Effects{}, err
}

var (
	digits  = regexp.MustCompile(`\b[0-9]{6,8}\b|\b[0-9]{4} [0-9]{4}\b`)
	handles = regexp.MustCompile(`olid_[a-z]{3}_[A-Za-z0-9_-]+`)
)

// OF-08, OF-20: no page of the helpdesk has a code, a secret or a document of the
// account, in any state of it: neither the code that a caller reads out, nor those that
// are mailed, nor a link, a hash, the key of an app, or a file.
func TestOF08_HelpdeskSeesNoSecrets(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	other := s.Official("other@example.org", staff.Helpdesk)
	active, holder := s.Active("active@example.com")
	blocked := s.Blocked(s.Person(site.Email))
	caller := s.Caller(site.Email)
	unblocked := s.Blocked(s.Person("unblocked@example.com"))
	site.Must(t, s.Unblock(unblocked))
	shown := s.Person("shown@example.com")
	s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login").Submit("email", "shown@example.com", "password", site.Password).At("/enrol").Submit().At("/enrol/qr")
	closed := s.Person("closed@example.com")
	site.Must(t, s.SignIn.Accounts.Change(t.Context(), closed.ID, closes))

	secrets := map[string]string{caller.Callback(): "the code of the caller", holder.Seed.Reveal(): "the key of the app"}
	mailed := func() {
		t.Helper()
		for kind, m := range s.Letters() {
			for _, found := range append(digits.FindAllString(m.Text.Reveal(), -1), handles.FindAllString(m.Text.Reveal(), -1)...) {
				secrets[found] = "from the mail " + kind
			}
		}
	}
	people := []account.Account{active, blocked, unblocked, shown, closed}
	requests := []string{desk.Begin(blocked), desk.Proposed(active, site.NewEmail)}
	other.Post(requests[1], "action", "confirm").Says("nog bevestigen")
	mailed()
	for _, a := range people {
		a = s.Reload(a)
		for _, text := range []string{a.PasswordHash.Reveal(), a.CancelHash, string(a.Factor.Sealed)} {
			if text != "" {
				secrets[text] = "of the account " + string(a.State)
			}
		}
		if _, documents, err := s.Helpdesk.Store.Application(t.Context(), a.ID); err == nil {
			for _, d := range documents {
				secrets[d.ID], secrets[d.Name] = "a document", "the name of a document"
			}
		}
	}
	if len(secrets) < 8 {
		t.Fatalf("only %d secrets to look for: %v", len(secrets), secrets)
	}
	pages := 0
	look := func(b *site.Browser, where string) {
		t.Helper()
		pages++
		for text, what := range secrets {
			for _, form := range []string{text, strings.ReplaceAll(text, " ", ""), url.QueryEscape(text)} {
				if form != "" && strings.Contains(b.Body, form) {
					t.Errorf("%s shows %s", where, what)
				}
			}
		}
		for _, element := range []string{"<img", "<object", "<embed", "<iframe", "/console/review"} {
			if strings.Contains(b.Body, element) {
				t.Errorf("%s has %s", where, element)
			}
		}
	}
	for _, page := range s.Console.Access() {
		if !strings.HasPrefix(page.Path, "/console/helpdesk") || page.Method != http.MethodGet {
			continue
		}
		addresses := append([]string{page.Path, page.Path + "?q=anna", page.Path + "?q=" + site.Email}, requests...)
		for _, a := range people {
			addresses = append(addresses, page.Path+"?id="+a.ID, page.Path+"?id="+a.ID+"&done=mail&mail=receipt", page.Path+"?id="+a.ID+"&done=mail&mail=unblocked")
		}
		for _, at := range addresses {
			for _, official := range []*site.Browser{desk, other} {
				look(official.Get(at), at)
			}
		}
	}
	if pages < 100 {
		t.Errorf("only %d pages were looked at", pages)
	}
}
