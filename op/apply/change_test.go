package apply_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/review"
)

// asker is the browser of a holder, on the page about changes.
func asker(s *site.Site, email string) (account.Account, *site.Browser) {
	s.T.Helper()
	a, b := s.Active(email)
	return a, b.Get("/apply/change").At("/apply/change").Is(http.StatusOK)
}

// askName sends the first form with another family name.
func askName(b *site.Browser, name string) *site.Browser {
	b.Site.T.Helper()
	b.At("/apply/person").Submit("given_name", "Anna", "family_name", name, "birth_day", "3", "birth_month", "2", "birth_year", "1980")
	return b
}

// toCheck goes from the page about changes to the last page of the form.
func toCheck(b *site.Browser, name string) *site.Browser {
	b.Site.T.Helper()
	b.At("/apply/change").Submit("action", "begin")
	askName(b, name).At("/apply/document").Upload("/apply/document", "pas.pdf", pdfOf(900))
	return b.At("/apply/check")
}

// askedChange sends a request of a new account.
func askedChange(s *site.Site, email, name string) (account.Account, *site.Browser, review.Case) {
	s.T.Helper()
	a, b := asker(s, email)
	toCheck(b, name).Submit("declared", "yes").At("/apply/done")
	return a, b, s.Case(lastChange(s, a).ID)
}

func lastChange(s *site.Site, a account.Account) application.Application {
	s.T.Helper()
	last, err := s.Stores.DB.Applications().LastChange(s.T.Context(), a.ID)
	site.Must(s.T, err)
	return last
}

// unchanged requires that nothing of an account was changed.
func unchanged(s *site.Site, a account.Account) {
	s.T.Helper()
	if got := s.Reload(a); got.Profile.FullName() != a.Profile.FullName() || !got.ChangedAt.IsZero() {
		s.T.Errorf("the account is %+v, want it unchanged", got.Profile)
	}
}

// On practice a change is made at once, with the forms that have the account's data.
func TestApplyChange(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := asker(s, site.Email)
	b.Says("Muster").Submit("action", "begin")
	b.At("/apply/person").Says(`value="Muster"`)
	if strings.Contains(b.Body, `name="phone"`) {
		t.Error("the telephone number is asked for, which the holder changes without an official")
	}
	askName(b, "Mustermann").At("/apply/document").Upload("/apply/document", "pas.pdf", pdfOf(900))
	b.At("/apply/check").Says("Muster)")
	if got := s.Reload(a); got.Profile.FamilyName != "Muster" {
		t.Errorf("before it is sent, the family name is %s", got.Profile.FamilyName)
	}
	b.Submit("declared", "yes").At("/apply/done").Is(http.StatusOK)
	got := s.Reload(a)
	want := a
	want.Profile.FamilyName, want.ChangedAt, want.LastLoginAt, want.Factor = "Mustermann", got.ChangedAt, got.LastLoginAt, got.Factor
	if got.ChangedAt.IsZero() || got.Profile != want.Profile || got.Epoch != a.Epoch || got.PasswordHash != a.PasswordHash {
		t.Errorf("the account is %+v, want %+v", got, want)
	}
	events := s.Events(a)
	i := slices.IndexFunc(events, func(e audit.Event) bool { return e.Action == audit.AccountDataApproved })
	if i < 0 || events[i].Details["fields"] != "family_name" || events[i].Details["application"] != lastChange(s, a).ID {
		t.Errorf("the events are %+v, want the approval with the names of the data", events)
	}
	if !slices.Contains(s.Mails(site.Email), "change-receipt") {
		t.Error("no receipt was mailed")
	}
	b.Get("/apply/change").At("/apply/change").Is(http.StatusOK).Says("Mustermann")
}

// A request that asks for nothing is refused with the reason.
func TestApplyChangeOfNothing(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := asker(s, site.Email)
	b.Lang = "en"
	toCheck(b, "Muster").Submit("declared", "yes").Is(http.StatusUnprocessableEntity).Says("You have not changed anything")
	unchanged(s, a)
}

// The pages need the session of the account, a recent login to begin and to send, and
// the browser in which the request began.
func TestApplyChangeNeedsTheHolder(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, anna := asker(s, site.Email)
	_, boris := asker(s, "boris@example.com")
	toCheck(anna, "Mustermann")

	t.Run("nobody is logged in", func(t *testing.T) {
		b := s.Browser()
		b.Get("/apply/change").At("/login")
		thief := s.Browser()
		thief.Give(map[string]string{"olid-apply": anna.Cookies()["olid-apply"]})
		for _, path := range []string{"/apply/person", "/apply/document", "/apply/check"} {
			thief.Get(path).At("/login")
		}
		thief.Post("/apply/check", "declared", "yes").At("/login")
		unchanged(s, a)
	})
	t.Run("another account goes on with it", func(t *testing.T) {
		b := boris.Copy()
		b.Give(map[string]string{"olid-apply": anna.Cookies()["olid-apply"]})
		b.Get("/apply/person").Is(http.StatusForbidden)
		b.Post("/apply/person", "given_name", "Eve", "family_name", "Evil", "birth_day", "3", "birth_month", "2", "birth_year", "1980").Is(http.StatusForbidden)
		b.Post("/apply/check", "declared", "yes").Is(http.StatusForbidden)
		if b.Get("/apply/change").Is(http.StatusOK); strings.Contains(b.Body, "Mustermann") {
			t.Error("the page shows the draft of another account")
		}
		unchanged(s, a)
	})
	t.Run("a stolen session without the second factor", func(t *testing.T) {
		s.Clock.Add(s.Config.Terms.StepUp)
		anna.Copy().Get("/apply/change").At("/login")
		anna.Copy().Post("/apply/change", "action", "begin").At("/login")
		anna.Copy().Post("/apply/check", "declared", "yes").At("/login")
		unchanged(s, a)
	})
	t.Run("the holder proves it and goes on", func(t *testing.T) {
		b := anna.Copy()
		b.Post("/apply/check", "declared", "yes").Login(site.Email).At("/apply/check").Submit("declared", "yes").At("/apply/done")
		if got := s.Reload(a).Profile.FamilyName; got != "Mustermann" {
			t.Errorf("the family name is %s", got)
		}
	})
}

// Two tabs: what is sent is what was read, and once.
func TestApplyChangeTwoTabs(t *testing.T) {
	t.Parallel()
	s, _ := site.NewProduction(t)
	a, b := asker(s, site.Email)
	toCheck(b, "Mustermann")
	old := b.Copy()
	askName(b.Get("/apply/person"), "Andere").At("/apply/check")
	old.Submit("declared", "yes").Is(http.StatusConflict)
	twice := b.Copy()
	b.Submit("declared", "yes").At("/apply/done")
	reference := lastChange(s, a).Reference
	twice.Submit("declared", "yes").At("/apply/done").Says(reference)
	b.Get("/apply/change").Is(http.StatusOK).Says(reference)
	b.Press("/apply/change", "action", "begin").At("/apply/change").Says(reference) // one at a time
	if got := lastChange(s, a); got.Reference != reference || got.Answers.FamilyName != "Andere" {
		t.Errorf("the request is %+v", got)
	}
	unchanged(s, a)
}

// In production a request waits. The holder follows it, also in another browser, and can
// withdraw it; nobody else sees more than how far it is.
func TestApplyChangeWaits(t *testing.T) {
	t.Parallel()
	s, _ := site.NewProduction(t)
	a, b, c := askedChange(s, site.Email, "Mustermann")
	if c.State != application.Submitted || c.Changes != a.ID || c.AccountID != "" {
		t.Fatalf("the request is %+v", c)
	}
	other := s.Browser()
	other.Seed = b.Seed
	other.Get("/apply/change").Login(site.Email).At("/apply/change").Submit("action", "open").At("/apply/status").Says(c.Reference).Says("/apply/status/withdraw")
	b.Get("/apply/status").At("/apply/status/find") // the other browser has it now

	guest := s.Browser()
	guest.Give(map[string]string{"__Host-olid-apply": other.Cookies()["__Host-olid-apply"]})
	if guest.Get("/apply/status").At("/apply/status").Says(c.Reference); strings.Contains(guest.Body, "/apply/status/withdraw") {
		t.Error("a browser without the session may withdraw")
	}
	guest.Get("/apply").Press("/apply/status/withdraw").At("/login")
	site.WantState(t, s, c, application.Submitted)

	other.Get("/apply/status/withdraw").Submit().At("/apply/status")
	site.WantState(t, s, c, application.Withdrawn)
	unchanged(s, a)
	if !slices.Contains(s.Mails(site.Email), "change-withdrawn") {
		t.Error("no mail about the withdrawal")
	}
	toCheck(other.Get("/apply/change"), "Neu").Submit("declared", "yes").At("/apply/done")
}

// A browser with a draft can still apply for an account, and a request holds no address.
func TestApplyChangeBesideAnApplication(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := asker(s, site.Email)
	b.Submit("action", "begin").At("/apply/person")
	b.Get("/apply").Says("/apply/change").Submit("kind", "burger").At("/apply/email").Submit("email", "new@example.com").At("/apply/code")
	s.WantMails("new@example.com", "confirm-email")
	unchanged(s, a)
	for _, path := range []string{"/apply/password", "/apply/address", "/apply/code"} {
		fresh := b.Get("/apply/change").Submit("action", "begin").Get(path)
		if fresh.URL.Path != "/apply/person" {
			t.Errorf("%s leads to %s, want the form of the change", path, fresh.URL.Path)
		}
	}
}

// One account can begin few requests a day.
func TestBudget_ChangeRequests(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := asker(s, site.Email)
	for range limit.ChangeRequests.Most {
		b.Post("/apply/change", "action", "begin").At("/apply/person")
	}
	b.Post("/apply/change", "action", "begin").Is(http.StatusTooManyRequests)
}
