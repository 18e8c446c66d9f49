package review_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/review"
)

// asks sends a change request of an account for another family name, with a document.
func asks(b *site.Browser, name string) *site.Browser {
	b.Site.T.Helper()
	b.Get("/apply/change").At("/apply/change").Submit("action", "begin")
	b.At("/apply/person").Submit("given_name", "Anna", "family_name", name, "birth_day", "3", "birth_month", "2", "birth_year", "1980")
	upload(b.At("/apply/document"), "pas.pdf", PDF)
	return b.At("/apply/check").Submit("declared", "yes").At("/apply/done")
}

// The whole journey of a change in production: the request, a question and its answer,
// the decision, the mails, and the account.
func TestProductionChange(t *testing.T) {
	t.Parallel()
	s, desk := site.NewProduction(t)
	a, b := s.Active(site.Email)
	c := byReference(s, asks(b, "Mustermann"))
	if c.State != application.Submitted || c.Changes != a.ID {
		t.Fatalf("after sending: %s, changes %q", c.State, c.Changes)
	}
	olga := desk.Reviewer("olga")
	olga.Get("/console/review").Says("Wijziging (burger)").Says(c.Reference)
	olga.Take(c).Says("Gevraagde wijziging").Says("<td>Muster</td><td>Mustermann</td><td>Ja</td>").Says("<td>Anna</td><td>Anna</td><td></td>")
	olga.Decide(c, "more", "send", "text", "Is dit uw nieuwe naam?").At("/console/review/case")
	b.Get("/apply/change").Says("vraag over uw wijziging").Submit("action", "open").At("/apply/status").Says("Is dit uw nieuwe naam?").Submit("text", "Ja, ik ben getrouwd.")
	site.WantState(t, s, c, application.InReview)
	olga.Get(site.CasePath(c)).Says("Ja, ik ben getrouwd.")
	if got := s.Reload(a); got.Profile.FamilyName != "Muster" {
		t.Error("before the decision the family name is", got.Profile.FamilyName)
	}
	olga.Get(site.DecidePath(c, "approve")).Says("De wijziging van de gegevens")
	olga.Decide(c, "approve", "send", "unread", "yes").At("/console/review/case").Is(http.StatusOK)
	got := s.Reload(a)
	if got.Profile.FamilyName != "Mustermann" || got.Epoch != a.Epoch || got.ChangedAt.IsZero() || got.Profile.Address != a.Profile.Address {
		t.Errorf("the account is %+v", got)
	}
	if c := s.Case(c.ID); c.State != application.Approved || c.AccountID != "" {
		t.Errorf("the case is %s, with account %q", c.State, c.AccountID)
	}
	events := s.Events(a)
	i := slices.IndexFunc(events, func(e audit.Event) bool { return e.Action == audit.AccountDataApproved })
	if i < 0 || events[i].ActorKind != audit.ActorStaff || events[i].Details["fields"] != "family_name" || strings.Contains(events[i].Details["fields"], "Muster") {
		t.Errorf("the events are %+v, want the approval by the official with the names of the data", events)
	}
	if got := s.Mails(site.Email); !slices.Contains(got, "change-receipt") || !slices.Contains(got, "change-more-asked") || !slices.Contains(got, "change-approved") {
		t.Error("mails:", got)
	}
	// A session goes on, and the request cannot be decided on again.
	b.Get("/apply/change").At("/apply/change").Says("Mustermann")
	if olga.Get(site.DecidePath(c, "approve")); olga.Status != http.StatusConflict {
		t.Error("approving twice:", olga.Status)
	}
}

// A rejection changes nothing, and has only reasons that fit.
func TestConsoleChangeRejected(t *testing.T) {
	t.Parallel()
	s, desk := site.NewProduction(t)
	a, b := s.Active(site.Email)
	c := byReference(s, asks(b, "Mustermann"))
	olga := desk.Reviewer("olga")
	olga.Take(c).Get(site.DecidePath(c, "reject"))
	if strings.Contains(olga.Body, `value="other_means"`) {
		t.Error("a change can be rejected because there are other means to log in")
	}
	olga.Decide(c, "reject", "send", "reason", "other_means").Is(http.StatusUnprocessableEntity)
	olga.Decide(c, "reject", "send", "reason", "mismatch").At("/console/review/case")
	site.WantState(t, s, c, application.Rejected)
	if got := s.Reload(a); got.Profile.FamilyName != "Muster" || !got.ChangedAt.IsZero() {
		t.Errorf("the account is %+v", got.Profile)
	}
	b.Get("/apply/change").Says("Uw wijziging is afgewezen").Says(c.Reference)
}

// An account that is not as the request had it is not changed; the official sees why,
// also when it happens while the page to confirm is open.
func TestConsoleChangeObstacles(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	change := func(t *testing.T, a account.Account, alter func(*account.Account)) {
		t.Helper()
		site.Must(t, s.Stores.DB.Accounts().Change(t.Context(), a.ID, func(a account.Account) (account.Account, effect.Effects, error) {
			alter(&a)
			return a, effect.Effects{}, nil
		}))
	}
	olga := s.Reviewer("olga")
	for name, test := range map[string]struct {
		alter func(t *testing.T, a account.Account)
		says  string
	}{
		"blocked": {func(_ *testing.T, a account.Account) { s.Blocked(a) }, "Het account is geblokkeerd."},
		"closed": {func(t *testing.T, a account.Account) {
			change(t, a, func(a *account.Account) { a.State, a.ClosedAt = account.Closed, s.Clock.Now() })
		}, "Het account is gesloten."},
		"unblocked": {func(t *testing.T, a account.Account) {
			site.Must(t, s.Unblock(s.Blocked(a)))
		}, "geblokkeerd geweest"},
		"changed": {func(t *testing.T, a account.Account) {
			change(t, a, func(a *account.Account) { a.Profile.GivenName = "Andere" })
		}, "De gegevens van het account zijn veranderd"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := s.Active(name + "@example.com")
			draft := application.ChangeOf(a, "app-"+name, "handle-"+name, s.Clock.Now(), s.Clock.Now().AddDate(0, 0, 3))
			site.Must(t, s.Stores.DB.Applications().StartChange(t.Context(), draft, site.NoEffects))
			draft.Answers.FamilyName, draft.Reference, draft.SubmittedAt = "Mustermann", "OLID-"+strings.ToUpper(name), s.Clock.Now()
			site.Must(t, s.Stores.DB.Applications().Submit(t.Context(), draft, nil, site.NoEffects))
			c := s.Case(draft.ID)
			olga.Take(c).Get(site.DecidePath(c, "approve")).Is(http.StatusOK)
			open := olga.Copy()
			test.alter(t, a)
			before := s.Reload(a)
			open.Press(site.DecidePath(c, "approve"), "step", "send", "seen", open.Seen()).Says(test.says)
			olga.Get(site.DecidePath(c, "approve")).Is(http.StatusConflict).Says(test.says)
			olga.Get(site.CasePath(c)).Says(test.says)
			if got := s.Reload(a); got.Profile.FullName() != before.Profile.FullName() || got.State != before.State {
				t.Errorf("the account is %+v", got)
			}
			site.WantState(t, s, c, application.InReview)
			err := s.Stores.DB.Cases().ApproveChange(t.Context(), s.Case(c.ID), review.Act{Kind: review.ActApprove, Member: s.Member("olga@gov.example").ID, At: s.Clock.Now()}, site.NoEffects)
			if err == nil {
				t.Error("the store approves it")
			}
			olga.Decide(c, "reject", "send", "reason", "no_answer").At("/console/review/case")
		})
	}
}
