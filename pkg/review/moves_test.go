package review

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/staff"
)

var (
	moment = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	asked  = moment.Add(-5 * 24 * time.Hour)
)

// stands returns olga's case of version 7 in a state.
func stands(s application.State) Case {
	c := Case{Application: application.Application{
		ID: "a", State: s, Version: 7, PasswordHash: "hash", SubmittedAt: asked.Add(-time.Hour), DueAt: application.DecideBy(asked.Add(-time.Hour)),
	}}
	if s == application.InReview || s == application.MoreInformation {
		c.Reviewer = "olga"
	}
	if s == application.MoreInformation {
		c.AskedAt, c.AnswerBy, c.Reminded = asked, application.AnswerBy(asked), 1
	}
	return c
}

// with returns a case after change.
func with(c Case, change func(*Case)) Case {
	change(&c)
	return c
}

func ended(s application.State) func(*Case) {
	return func(c *Case) {
		c.State, c.DecidedAt, c.PasswordHash, c.AskedAt, c.AnswerBy = s, moment, "", time.Time{}, time.Time{}
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	sent, inReview, more := stands(application.Submitted), stands(application.InReview), stands(application.MoreInformation)
	free := with(inReview, func(c *Case) { c.Reviewer = "" })
	proposed := with(inReview, func(c *Case) { c.Proposal = "otto" })
	own := with(inReview, func(c *Case) { c.Proposal = "olga" })
	question := func(c *Case) {
		c.State, c.Proposal, c.Reminded, c.AskedAt, c.AnswerBy = application.MoreInformation, "", 0, moment, application.AnswerBy(moment)
	}
	other, older, newer := func(c *Case) { c.AskedAt = asked.Add(-time.Hour) }, func(c *Case) { c.Version = 6 }, func(c *Case) { c.Version = 8 }
	over := application.AnswerBy(asked)
	for _, test := range []struct {
		name   string
		stored Case
		kind   ActKind
		member string
		seen   func(*Case) // nil = the stored case
		at     time.Time   // zero = moment
		after  func(*Case) // nil = errs.ErrConflict
	}{
		{"sent", sent, ActTake, "otto", nil, time.Time{}, func(c *Case) { c.State, c.Reviewer = application.InReview, "otto" }},
		{"free", free, ActTake, "otto", nil, time.Time{}, func(c *Case) { c.Reviewer = "otto" }},
		{"taken", inReview, ActTake, "otto", nil, time.Time{}, nil},
		{"taken by oneself", inReview, ActTake, "olga", nil, time.Time{}, nil},
		{"waits for its applicant", with(more, func(c *Case) { c.Reviewer = "" }), ActTake, "otto", nil, time.Time{}, nil},
		{"an older version", sent, ActTake, "otto", older, time.Time{}, nil},
		{"by nobody", sent, ActTake, "", nil, time.Time{}, nil},

		{"own", inReview, ActRelease, "olga", nil, time.Time{}, func(c *Case) { c.Reviewer = "" }},
		{"own, asked", more, ActRelease, "olga", nil, time.Time{}, func(c *Case) { c.Reviewer = "" }},
		{"a colleague's", inReview, ActRelease, "otto", nil, time.Time{}, nil},
		{"nobody's, by nobody", free, ActRelease, "", nil, time.Time{}, nil},
		{"an older version", inReview, ActRelease, "olga", older, time.Time{}, nil},

		{"sent", sent, ActNote, "otto", older, time.Time{}, func(*Case) {}},
		{"in review", inReview, ActNote, "otto", older, time.Time{}, func(*Case) {}},
		{"asked", more, ActNote, "otto", nil, time.Time{}, func(*Case) {}},
		{"a version that is not there yet", sent, ActNote, "otto", newer, time.Time{}, nil},
		{"by nobody", sent, ActNote, "", nil, time.Time{}, nil},

		{"own", inReview, ActPropose, "olga", nil, time.Time{}, func(c *Case) { c.Proposal, c.Reviewer = "olga", "" }},
		{"proposed before", proposed, ActPropose, "olga", nil, time.Time{}, nil},
		{"asked", more, ActPropose, "olga", nil, time.Time{}, nil},

		{"own", inReview, ActApprove, "olga", nil, time.Time{}, ended(application.Approved)},
		{"the second of two", proposed, ActApprove, "olga", nil, time.Time{}, ended(application.Approved)},
		{"the first of two again", own, ActApprove, "olga", nil, time.Time{}, nil},
		{"a colleague's", inReview, ActApprove, "otto", nil, time.Time{}, nil},
		{"an older version", inReview, ActApprove, "olga", older, time.Time{}, nil},
		{"asked", more, ActApprove, "olga", nil, time.Time{}, nil},
		{"nobody's, by nobody", free, ActApprove, "", nil, time.Time{}, nil},

		{"own", inReview, ActReject, "olga", nil, time.Time{}, ended(application.Rejected)},
		{"one's own proposal", own, ActReject, "olga", nil, time.Time{}, ended(application.Rejected)},
		{"a colleague's", inReview, ActReject, "otto", nil, time.Time{}, nil},
		{"an older version", inReview, ActReject, "olga", older, time.Time{}, nil},
		{"sent", sent, ActReject, "olga", nil, time.Time{}, nil},

		{"own, with a proposal", proposed, ActMore, "olga", nil, time.Time{}, question},
		{"asked before", more, ActMore, "olga", nil, time.Time{}, nil},
		{"a colleague's", inReview, ActMore, "otto", nil, time.Time{}, nil},

		{"asked", more, ActAnswer, "", older, time.Time{}, func(c *Case) {
			c.State, c.DueAt, c.AskedAt, c.AnswerBy = application.InReview, more.DueAfter(moment), time.Time{}, time.Time{}
		}},
		{"another question", more, ActAnswer, "", other, time.Time{}, nil},
		{"by an official", more, ActAnswer, "olga", nil, time.Time{}, nil},
		{"nothing asked", inReview, ActAnswer, "", nil, time.Time{}, nil},

		{"asked", more, ActDocument, "", older, time.Time{}, func(*Case) {}},
		{"nothing asked", inReview, ActDocument, "", nil, time.Time{}, nil},
		{"by an official", more, ActDocument, "olga", nil, time.Time{}, nil},

		{"sent", sent, ActWithdraw, "", older, time.Time{}, ended(application.Withdrawn)},
		{"in review", inReview, ActWithdraw, "", nil, time.Time{}, ended(application.Withdrawn)},
		{"asked", more, ActWithdraw, "", nil, time.Time{}, ended(application.Withdrawn)},
		{"by an official", inReview, ActWithdraw, "olga", nil, time.Time{}, nil},

		{"over", more, ActExpire, "", older, over, func(c *Case) { ended(application.Expired)(c); c.DecidedAt = over }},
		{"not over", more, ActExpire, "", nil, over.Add(-time.Millisecond), nil},
		{"another question", more, ActExpire, "", other, over, nil},
		{"without an end", with(more, func(c *Case) { c.AnswerBy = time.Time{} }), ActExpire, "", nil, over, nil},
		{"nothing asked", inReview, ActExpire, "", nil, over, nil},

		{"which is Remind's", more, ActRemind, "", nil, time.Time{}, nil},
		{"of no kind", inReview, "other", "olga", nil, time.Time{}, nil},
	} {
		act := Act{Kind: test.kind, Member: test.member, At: moment}
		if !test.at.IsZero() {
			act.At = test.at
		}
		seen := test.stored
		if test.seen != nil {
			test.seen(&seen)
		}
		want, wantErr := Case{}, errs.ErrConflict
		if test.after != nil {
			want, wantErr = test.stored, nil
			test.after(&want)
			want.Version++
		}
		if got, err := test.stored.After(seen, act); !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("After(%s: %s by %q) = %+v, %v, want %+v, %v", test.name, test.kind, test.member, got, err, want, wantErr)
		}
	}
	// Final states have no acts.
	for _, s := range []application.State{application.Approved, application.Rejected, application.Withdrawn, application.Expired} {
		c := with(stands(application.InReview), ended(s))
		for _, kind := range []ActKind{ActTake, ActRelease, ActNote, ActPropose, ActApprove, ActReject, ActMore, ActAnswer, ActDocument, ActWithdraw, ActExpire} {
			for _, member := range []string{"", "olga"} {
				if got, err := c.After(c, Act{Kind: kind, Member: member, At: over}); !errors.Is(err, errs.ErrConflict) {
					t.Errorf("After(%s: %s by %q) = %+v, %v, want %v", s, kind, member, got, err, errs.ErrConflict)
				}
			}
		}
	}
}

func TestRemind(t *testing.T) {
	t.Parallel()
	more := stands(application.MoreInformation) // reminded once
	for _, test := range []struct {
		name string
		seen func(*Case)
		n    int
		act  Act
		ok   bool
	}{
		{"the second time", func(*Case) {}, 2, Act{At: moment}, true},
		{"without the second", func(c *Case) { c.Version-- }, 3, Act{At: more.AnswerBy.Add(-time.Millisecond)}, true},
		{"again", func(*Case) {}, 1, Act{At: moment}, false},
		{"too late", func(*Case) {}, 2, Act{At: more.AnswerBy}, false},
		{"of another question", func(c *Case) { c.AskedAt = moment }, 2, Act{At: moment}, false},
		{"by an official", func(*Case) {}, 2, Act{At: moment, Member: "olga"}, false},
	} {
		want, wantErr := Case{}, errs.ErrConflict
		if test.ok {
			want, wantErr = with(more, func(c *Case) { c.Reminded, c.Version = test.n, 8 }), nil
		}
		if got, err := more.Remind(with(more, test.seen), test.n, test.act); !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("Remind(%s) = %+v, %v, want %+v, %v", test.name, got, err, want, wantErr)
		}
	}
	answered := stands(application.InReview)
	if got, err := answered.Remind(answered, 1, Act{At: moment}); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Remind(answered) = %+v, %v, want %v", got, err, errs.ErrConflict)
	}
}

func TestLeft(t *testing.T) {
	t.Parallel()
	proposed := with(stands(application.InReview), func(c *Case) { c.Reviewer, c.Proposal = "otto", "olga" })
	for _, test := range []struct {
		name   string
		c      Case
		member string
		after  func(*Case) // nil = ok is false
	}{
		{"has it", stands(application.InReview), "olga", func(c *Case) { c.Reviewer = "" }},
		{"has it, asked", stands(application.MoreInformation), "olga", func(c *Case) { c.Reviewer = "" }},
		{"proposed it", proposed, "olga", func(c *Case) { c.Proposal = "" }},
		{"has what a colleague proposed", proposed, "otto", func(c *Case) { c.Reviewer = "" }},
		{"a stranger", proposed, "other", nil},
		{"nobody", stands(application.Submitted), "", nil},
		{"decided", with(proposed, ended(application.Approved)), "olga", nil},
	} {
		want := Case{}
		if test.after != nil {
			want = with(test.c, test.after)
			want.Version++
		}
		if got, ok := test.c.Left(test.member); ok != (test.after != nil) || !reflect.DeepEqual(got, want) {
			t.Errorf("Left(%s) = %+v, %t, want %+v, %t", test.name, got, ok, want, test.after != nil)
		}
	}
}

func TestOfficialOf(t *testing.T) {
	t.Parallel()
	for _, s := range []staff.State{staff.Invited, staff.Active, staff.Blocked, staff.Removed} {
		for _, roles := range [][]staff.Role{{staff.Helpdesk, staff.Reviewer}, {staff.Helpdesk, staff.Administrator, staff.Auditor}, nil} {
			m := staff.Member{ID: "m", Email: "o@gov.example", Lang: "en", Epoch: 7, State: s, Roles: roles}
			want, told := Official{ID: "m", Email: "o@gov.example", Lang: "en", Epoch: 7}, s == staff.Active && len(roles) == 2
			if got, ok := OfficialOf(m); got != want || ok != told {
				t.Errorf("OfficialOf(%s with %v) = %+v, %t, want %+v, %t", s, roles, got, ok, want, told)
			}
		}
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]bool{"zoe@example.org": true, "": false} {
		c := with(stands(application.Submitted), func(c *Case) { c.Email = email })
		if got := c.Reachable(); got != want {
			t.Errorf("Reachable(%q) = %t, want %t", email, got, want)
		}
	}
}
