package review_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
)

var (
	olga = review.Official{ID: "olga", Email: "olga@gov.example"}
	otto = review.Official{ID: "otto", Email: "otto@gov.example"}
)

// do carries out an act on a case as it is now.
func do(s *site.Site, c review.Case, o review.Official, act review.Act) error {
	s.T.Helper()
	f, err := s.Review.Open(s.T.Context(), c.ID)
	site.Must(s.T, err)
	return s.Review.Do(s.T.Context(), f, o, act, audit.Official(o.ID))
}

// must carries out acts that have to succeed.
func must(s *site.Site, c review.Case, o review.Official, kinds ...review.ActKind) {
	s.T.Helper()
	for _, kind := range kinds {
		if err := do(s, c, o, review.Act{Kind: kind}); err != nil {
			s.T.Fatalf("Do(%s, %s) = %v, want nil", o.ID, kind, err)
		}
	}
}

// about returns the events of a case, oldest first.
func about(s *site.Site, id string) []audit.Event {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().EventsAbout(s.T.Context(), "application", id, 100)
	site.Must(s.T, err)
	slices.Reverse(events)
	return events
}

// An act changes the case, is in the audit log under the official's name, and
// mails the applicant where that is due. A refused one does none of it.
func TestDo(t *testing.T) {
	t.Parallel()
	refused := func(why review.Refusal) error { return review.Refused{Why: why} }
	type step struct {
		who   review.Official
		kind  review.ActKind
		err   error
		state application.State
		has   string // who has the case then
		wrote string // its event and its mail
	}
	const inReview, approved = application.InReview, application.Approved
	for name, steps := range map[string][]step{
		"a company": {
			{olga, review.ActApprove, refused(review.RefusedFree), application.Submitted, "", ""},
			{olga, review.ActTake, nil, inReview, "olga", "application.taken"},
			{otto, review.ActTake, refused(review.RefusedTaken), inReview, "olga", ""},
			{otto, review.ActNote, nil, inReview, "olga", "application.noted"},
			{olga, review.ActRelease, nil, inReview, "", "application.released"},
			{otto, review.ActTake, nil, inReview, "otto", "application.taken"},
			{otto, review.ActApprove, refused(review.RefusedSecond), inReview, "otto", ""},
			{otto, review.ActPropose, nil, inReview, "", "application.proposed"},
			{otto, review.ActTake, refused(review.RefusedTwice), inReview, "", ""},
			{olga, review.ActTake, nil, inReview, "olga", "application.taken"},
			{olga, review.ActApprove, nil, approved, "olga", "application.approved approved"},
			{olga, review.ActNote, refused(review.RefusedOver), approved, "olga", ""},
		},
		"a person": {
			{olga, review.ActTake, nil, inReview, "olga", "application.taken"},
			{olga, review.ActMore, nil, application.MoreInformation, "olga", "application.more_asked more-asked"},
			{olga, review.ActReject, refused(review.RefusedWaits), application.MoreInformation, "olga", ""},
		},
		"a rejection": {
			{olga, review.ActTake, nil, inReview, "olga", "application.taken"},
			{olga, review.ActReject, nil, application.Rejected, "olga", "application.rejected rejected"},
			{olga, review.ActApprove, refused(review.RefusedOver), application.Rejected, "olga", ""},
		},
	} {
		s := site.New(t, nil)
		c := s.Sent("bau@example.at", func(a *application.Application) {
			if name == "a company" {
				site.Company(a)
			}
		})
		for i, want := range steps {
			s.Clock.Add(time.Second)
			events, mails := len(about(s, c.ID)), len(outbox(s, c.Email))
			err := do(s, c, want.who, review.Act{Kind: want.kind, Reason: "identity", Text: "own words"})
			now, wrote := s.Case(c.ID), ""
			for _, e := range about(s, c.ID)[events:] {
				wrote += string(e.Action)
				if who := e.Actor(); who != audit.Official(want.who.ID) || e.Reason != "identity" || !e.At.Equal(s.Clock.Now()) {
					t.Errorf("%s, step %d: %s by %+v because of %q at %v, want by %s because of identity at %v", name, i, e.Action, who, e.Reason, e.At, want.who.ID, s.Clock.Now())
				}
			}
			for _, kind := range outbox(s, c.Email)[mails:] {
				wrote += " " + kind
			}
			if !errors.Is(err, want.err) || now.State != want.state || now.Reviewer != want.has || wrote != want.wrote {
				t.Errorf("%s, step %d: Do(%s, %s) = %v, then %s of %q, wrote %q, want %v, %s of %q, %q",
					name, i, want.who.ID, want.kind, err, now.State, now.Reviewer, wrote, want.err, want.state, want.has, want.wrote)
			}
		}
	}
}

// An approval makes the account, and says who approved first.
func TestDoApprove(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("bau@example.at", site.Company)
	must(s, c, otto, review.ActTake, review.ActPropose)
	must(s, c, olga, review.ActTake, review.ActApprove)
	made, err := s.Stores.DB.Accounts().ByEmail(t.Context(), c.Email)
	site.Must(t, err)
	if made.State != account.AwaitingEnrolment || made.Kind != account.LegalPerson || made.PasswordHash == "" || s.Case(c.ID).AccountID != made.ID {
		t.Errorf("account of %s = %+v, want a company's that awaits its enrolment", s.Case(c.ID).AccountID, made)
	}
	events := about(s, c.ID)
	if got, want := events[len(events)-1].Details, map[string]string{"account": made.ID, "first": "otto"}; !maps.Equal(got, want) {
		t.Errorf("details of %s = %v, want %v", events[len(events)-1].Action, got, want)
	}
	created := s.Events(made)
	if e := created[len(created)-1]; e.Action != audit.AccountCreated || !maps.Equal(e.Details, map[string]string{"application": c.ID}) || e.Actor() != audit.Official("olga") {
		t.Errorf("event of the account = %+v, want %s by olga of application %s", e, audit.AccountCreated, c.ID)
	}
}

// A dossier has everything about its case, and is of a sent application only.
func TestOpen(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c, d := s.Filed("anna@example.com", "pas.pdf", document.TypePDF, passport)
	must(s, c, olga, review.ActTake, review.ActNote)
	f, err := s.Review.Open(t.Context(), c.ID)
	var acts []review.ActKind
	for _, a := range f.Acts {
		acts = append(acts, a.Kind)
	}
	if want := []review.ActKind{review.ActTake, review.ActNote}; err != nil || f.ID != c.ID || !slices.Equal(acts, want) || len(f.Documents) != 1 || f.Documents[0].ID != d.ID {
		t.Errorf("Open(%s) = %q with acts %q and documents %+v, %v, want acts %q and document %s", c.ID, f.ID, acts, f.Documents, err, want, d.ID)
	}
	if _, err := s.Review.Open(t.Context(), "nobody"); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("Open(nobody) = %v, want %v", err, errs.ErrNotFound)
	}
}

// What was decided on a version that is not there any more is a conflict, and
// what no official does is refused whatever the case.
func TestDoNot(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c := s.Sent("anna@example.com")
	f, err := s.Review.Open(t.Context(), c.ID)
	site.Must(t, err)
	must(s, c, otto, review.ActTake, review.ActRelease)
	if err := s.Review.Do(t.Context(), f, olga, review.Act{Kind: review.ActTake}, audit.Official("olga")); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Do(take, as it was before) = %v, want %v", err, errs.ErrConflict)
	}
	must(s, c, olga, review.ActTake)
	for _, kind := range []review.ActKind{review.ActAnswer, review.ActDocument, review.ActWithdraw, review.ActRemind, review.ActExpire, ""} {
		if err := do(s, c, olga, review.Act{Kind: kind}); err == nil || s.Case(c.ID).State != application.InReview {
			t.Errorf("Do(%q) = %v, then %s, want an error, %s", kind, err, s.Case(c.ID).State, application.InReview)
		}
	}
}

// The next case is the one whose term ends first among those that the official
// may take, whatever stands before it.
func TestTakeNext(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	next := func(o review.Official, want string, wantErr error) {
		t.Helper()
		c, err := s.Review.TakeNext(t.Context(), o, audit.Official(o.ID))
		if c.ID != want || !errors.Is(err, wantErr) {
			t.Errorf("TakeNext(%s) = %q, %v, want %q, %v", o.ID, c.ID, err, want, wantErr)
		}
		if err == nil && s.Case(c.ID).Reviewer != o.ID {
			t.Errorf("the case that TakeNext(%s) returns has %q, want %s", o.ID, s.Case(c.ID).Reviewer, o.ID)
		}
	}
	sent := func(email string, change ...func(*application.Application)) review.Case {
		s.Clock.Add(24 * time.Hour)
		return s.Sent(email, change...)
	}
	next(olga, "", errs.ErrNotFound)
	for range 25 { // more than TakeNext reads at a time
		sent(olga.Email)
	}
	proposed, taken, asked := sent("bau@example.at", site.Company), sent("taken@example.com"), sent("asked@example.com")
	first, second := sent("first@example.com"), sent("second@example.com")
	must(s, proposed, olga, review.ActTake, review.ActPropose)
	must(s, taken, otto, review.ActTake)
	must(s, asked, otto, review.ActTake, review.ActMore, review.ActRelease)
	next(olga, first.ID, nil)
	next(olga, second.ID, nil)
	next(olga, "", errs.ErrNotFound)
	must(s, first, olga, review.ActRelease)
	next(olga, first.ID, nil)
}

// crowd are cases of which colleagues take some right before one is taken.
type crowd struct {
	review.Cases
	first func(c review.Case)
}

func (r crowd) Take(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	r.first(c)
	return r.Cases.Take(ctx, c, act, rec)
}

// A case that a colleague takes first makes way for the next one; one that comes
// free meanwhile, before it in the queue, is taken.
func TestTakeNextWithColleagues(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	var cases []review.Case
	for i := range 23 { // more than TakeNext reads at a time
		s.Clock.Add(24 * time.Hour)
		cases = append(cases, s.Sent(fmt.Sprintf("a%d@example.com", i)))
	}
	for _, test := range []struct {
		name  string
		taken int // how many of them otto takes first, and then lets go of the first one
		want  int
	}{{"none", 0, 0}, {"one", 1, 1}, {"all that were read", 20, 0}} {
		seen, service := 0, *s.Review
		service.Cases = crowd{s.Stores.DB.Cases(), func(c review.Case) {
			if seen++; seen <= test.taken {
				must(s, c, otto, review.ActTake)
			}
			if seen == 20 {
				must(s, cases[0], otto, review.ActRelease)
			}
		}}
		got, err := service.TakeNext(t.Context(), olga, audit.Official("olga"))
		if err != nil || got.ID != cases[test.want].ID {
			t.Errorf("TakeNext(otto takes %s) = %s, %v, want %s, nil", test.name, got.ID, err, cases[test.want].ID)
		}
		for _, c := range cases {
			if who := s.Case(c.ID).Reviewer; who != "" {
				must(s, c, review.Official{ID: who}, review.ActRelease)
			}
		}
	}
}
