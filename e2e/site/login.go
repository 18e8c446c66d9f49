package site

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

// Enrol goes through a first login, from the login page to the client.
func (b *Browser) Enrol(email string) *Browser {
	b.Site.T.Helper()
	b.At("/login").Submit("email", email, "password", Password)
	return b.Enrolled()
}

// Enrolled goes from the button 'Toon QR-code' to the client.
func (b *Browser) Enrolled() *Browser {
	b.Site.T.Helper()
	b.At("/enrol").Submit()
	b.At("/enrol/qr").Scan()
	b.Get("/login/code?" + b.URL.RawQuery)
	return b.At("/login/code").Submit("code", b.Code())
}

// Login goes through a later login, half a minute later: the last code is used.
func (b *Browser) Login(email string) *Browser {
	b.Site.T.Helper()
	b.Site.Clock.Add(30 * time.Second) // the last code was used
	b.At("/login").Submit("email", email, "password", Password)
	return b.At("/login/code").Submit("code", b.Code())
}

var keyGroups = regexp.MustCompile(`<p class="qr-groups"[^>]*>(.*?)</p>`)

// Scan reads the key on the QR page into the browser's authenticator app.
func (b *Browser) Scan() *Browser {
	b.Site.T.Helper()
	m := keyGroups.FindStringSubmatch(b.Body)
	if m == nil {
		b.Site.T.Fatalf("no key on the page at %s (status %d)", b.URL, b.Status)
	}
	b.Seed = secret.Text(markup.ReplaceAllString(m[1], ""))
	return b
}

// Code returns the code that the authenticator app shows now.
func (b *Browser) Code() string {
	b.Site.T.Helper()
	code, err := totp.Code(b.Seed, totp.Step(b.Site.Clock.Now()))
	Must(b.Site.T, err)
	return code
}

// WrongCode returns a code that is right in none of the steps around now.
func (b *Browser) WrongCode() string {
	b.Site.T.Helper()
	now := totp.Step(b.Site.Clock.Now())
	var right []string
	for step := now - 3; step <= now+3; step++ {
		code, err := totp.Code(b.Seed, step)
		Must(b.Site.T, err)
		right = append(right, code)
	}
	for _, guess := range []string{"000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777"} {
		if !slices.Contains(right, guess) {
			return guess
		}
	}
	b.Site.T.Fatal("seven codes of eight guesses are right")
	return ""
}

// ToEnrol takes a new browser to the page with the button 'Toon QR-code'. The
// account was not unblocked.
func (s *Site) ToEnrol(email string) *Browser {
	s.T.Helper()
	return s.Browser().Authorize(NewRequest("web", CallbackURI)).Submit("email", email, "password", Password).At("/enrol")
}

// ToMailbox takes a new browser to the page that asks for the mailed code, after an
// unblock.
func (s *Site) ToMailbox(email string) *Browser {
	s.T.Helper()
	return s.Browser().Authorize(NewRequest("web", CallbackURI)).Submit("email", email, "password", Password).At("/enrol/code")
}

// Mailbox has a code mailed and enters it, as the holder.
func (b *Browser) Mailbox() *Browser {
	b.Site.T.Helper()
	b.At("/enrol/code").Submit("send", "yes").At("/enrol/code")
	return b.Submit("code", b.Site.MailedCode("recovery-code", b.Site.AccountOf(b).Email)).At("/enrol")
}

var cancelLink = regexp.MustCompile(`http\S+(/enrol/cancel\?\S+)`)

// CancelLink returns the path of the link in the last mail of a kind to an address,
// which cancels an unblock.
func (s *Site) CancelLink(kind, to string) string {
	s.T.Helper()
	text := s.Mailed(kind, to)
	link := cancelLink.FindStringSubmatch(text)
	if link == nil {
		s.T.Fatalf("no link that cancels in mail %s to %s:\n%s", kind, to, text)
	}
	return link[1]
}

// Reveals reports whether a page shows the key of an authenticator app in any of
// its forms.
func Reveals(body string) bool {
	return strings.Contains(body, "otpauth:") || strings.Contains(body, "qr-groups") || strings.Contains(body, "qr-code")
}

// ToCode takes a browser to the code page of an active account.
func (b *Browser) ToCode(email string) *Browser {
	b.Site.T.Helper()
	return b.Authorize(NewRequest("web", CallbackURI).With("prompt", "login")).Submit("email", email, "password", Password).At("/login/code")
}

// States returns a browser in each state of a login, by the name of the state.
func (s *Site) States() map[string]*Browser {
	request := func() Request { return NewRequest("third", "https://third.example/cb").With("scope", "openid email") }
	out := map[string]*Browser{}
	out["password"] = s.Browser().Authorize(request())
	s.Person("reveal@example.com")
	out["reveal"] = s.Browser().Authorize(request()).Submit("email", "reveal@example.com", "password", Password)
	_, out["code, first"] = s.Shown("first@example.com")
	_, out["code"] = s.Active("code@example.com")
	out["code"] = out["code"].Authorize(request().With("prompt", "login")).Submit("email", "code@example.com", "password", Password)
	a, _ := s.Active("blocked@example.com")
	s.Blocked(a)
	out["blocked"] = s.Browser().Authorize(request()).Submit("email", "blocked@example.com", "password", Password)
	_, out["consent"] = s.Active("consent@example.com")
	out["consent"].Authorize(request())
	a, _ = s.Active("unblocked@example.com")
	Must(s.T, s.Unblock(s.Blocked(a)))
	out["mailbox"] = s.Browser().Authorize(request()).Submit("email", "unblocked@example.com", "password", Password)
	a, out["logged out"] = s.Active("out@example.com")
	out["logged out"].Authorize(request()).At("/consent")
	s.Blocked(a)
	Must(s.T, s.SignIn.Unblock(s.T.Context(), a, account.NoRenewal, "test", ""))
	return out
}

// AccountOf returns the account that the login on this page has come to; a zero
// account if none.
func (s *Site) AccountOf(b *Browser) account.Account {
	s.T.Helper()
	req, err := s.Stores.Requests.Get(s.T.Context(), secret.Text(b.URL.Query().Get("login")).Hash())
	Must(s.T, err)
	if req.AccountID == "" {
		return account.Account{}
	}
	return s.Reload(account.Account{ID: req.AccountID})
}

// FillLane uses up the password tries that strangers' devices have for an address.
func (s *Site) FillLane(email string) {
	s.T.Helper()
	b := s.Browser().Authorize(NewRequest("web", CallbackURI))
	for range 5 {
		b.At("/login").Submit("email", email, "password", "not the password at all")
	}
}

// Hashes returns how many passwords were hashed so far.
func (s *Site) Hashes() uint64 { return s.SignIn.Hasher.(*password.Hasher).Computations() }

// FillQueue takes every place of strangers in the queue for password hashes;
// empty frees them.
func (s *Site) FillQueue() (empty func()) {
	s.T.Helper()
	var places []func()
	for {
		_, release, err := s.SignIn.Hasher.(*password.Hasher).Reserve(s.T.Context(), "")
		if _, full := errors.AsType[*password.Busy](err); full {
			break
		}
		Must(s.T, err)
		places = append(places, release)
	}
	return func() {
		for _, release := range places {
			release()
		}
	}
}
