package review

import (
	"context"
	"errors"
	"slices"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/staff"
)

const (
	// UrgentDays is how many days before its term ends a case is urgent.
	UrgentDays = 14
	// toldFrom is from which hour on, in the Netherlands, officials are told.
	toldFrom = 7
	// batch is how many cases a job reads at a time.
	batch = 100
	// mostUrgent bounds what one mail to an official counts.
	mostUrgent = 5000
)

// ReminderDays are how many days before the end of the term to answer an
// applicant is reminded of the question; each of them once.
var ReminderDays = []int{14, 3}

// DeadlineStore is the contract of what happens when time passes. A change is kept
// with its act and its record or not at all; errs.ErrConflict when somebody
// was quicker, an applicant or another server.
type DeadlineStore interface {
	// Unanswered lists, nearest first, at most limit cases whose term to
	// answer ends at until or before and whose applicant was reminded fewer
	// times than reminded.
	Unanswered(ctx context.Context, until time.Time, reminded, limit int) ([]Case, error)
	// Remind keeps that the applicant was reminded the nth time, 1 and up, of
	// what was asked at c.AskedAt: once each, and while there is time to answer.
	Remind(ctx context.Context, c Case, n int, act Act, rec effect.Effects) error
	// Expire ends a case whose question stayed unanswered: MoreInformation
	// to Expired when the term is over at act.At; it forgets the password.
	Expire(ctx context.Context, c Case, act Act, rec effect.Effects) error

	// Urgent lists, nearest first, at most limit cases that have to be
	// decided on at until or before; not those that wait for an applicant.
	Urgent(ctx context.Context, until time.Time, limit int) ([]Case, error)
	// Untold lists the active reviewers that were not yet told on day
	// (YYYY-MM-DD) what is urgent.
	Untold(ctx context.Context, day string) ([]Official, error)
	// Told keeps that a reviewer was told on day, once; errs.ErrConflict also
	// when the member is another than was listed (Official.Epoch).
	Told(ctx context.Context, o Official, day string, rec effect.Effects) error
}

// DeadlineLetters writes the mails about terms.
type DeadlineLetters interface {
	AnswerReminder(a application.Application, question string, now time.Time) mail.Message
	Unanswered(a application.Application, now time.Time) mail.Message
	Urgent(o Official, u Urgency, now time.Time) mail.Message
}

// Urgency is what an official is told: reference numbers, the most urgent
// first, and how many of them are too late.
type Urgency struct {
	Mine, Free []string // the official's own cases, and those that nobody took
	Late       int
}

// Deadlines are the rules of what happens when time passes. Any number of
// servers may run them.
type Deadlines struct {
	Store   DeadlineStore
	Acts    func(ctx context.Context, id string) ([]Act, error)
	Letters DeadlineLetters
	Now     func() time.Time
}

// Run ends what stayed unanswered, reminds applicants and tells officials
// what is urgent. It tells how many mails that made.
func (d *Deadlines) Run(ctx context.Context) (mails int, err error) {
	for _, step := range []func(context.Context) (int, error){d.expire, d.remind, d.tell} {
		n, one := step(ctx)
		mails, err = mails+n, errors.Join(err, one)
	}
	return mails, err
}

func (d *Deadlines) expire(ctx context.Context) (int, error) {
	return d.each(ctx, d.Now(), len(ReminderDays)+1, func(c Case) error {
		now := d.Now()
		return d.Store.Expire(ctx, c, Act{Kind: ActExpire, At: now}, effect.Of(clock.Did(audit.ApplicationExpired, c.ID, now), d.Letters.Unanswered(c.Application, now)))
	})
}

// remind begins with the last reminder: who gets that one needs no earlier.
func (d *Deadlines) remind(ctx context.Context) (done int, err error) {
	for n := len(ReminderDays); n > 0; n-- {
		count, one := d.each(ctx, d.Now().AddDate(0, 0, ReminderDays[n-1]), n, func(c Case) error {
			question, err := d.question(ctx, c)
			if err != nil {
				return err
			}
			now := d.Now()
			return d.Store.Remind(ctx, c, n, Act{Kind: ActRemind, At: now},
				effect.Of(clock.Did(audit.ApplicationReminded, c.ID, now), d.Letters.AnswerReminder(c.Application, question, now)))
		})
		done, err = done+count, errors.Join(err, one)
	}
	return done, err
}

// each does something with all unanswered cases. What somebody else did
// first does not count; a round in which nothing was done is the last.
func (d *Deadlines) each(ctx context.Context, until time.Time, reminded int, do func(Case) error) (done int, err error) {
	for {
		found, err := d.Store.Unanswered(ctx, until, reminded, batch)
		if err != nil {
			return done, err
		}
		before := done
		for _, c := range found {
			switch err := do(c); {
			case err == nil:
				done++
			case !errors.Is(err, errs.ErrConflict):
				return done, err
			}
		}
		if len(found) < batch || done == before {
			return done, nil
		}
	}
}

// question is what was asked last.
func (d *Deadlines) question(ctx context.Context, c Case) (string, error) {
	acts, err := d.Acts(ctx, c.ID)
	text := ""
	for _, a := range acts {
		if a.Kind == ActMore {
			text = a.Text
		}
	}
	return text, err
}

// tell mails each reviewer once on a working day what is urgent, if anything.
func (d *Deadlines) tell(ctx context.Context) (done int, err error) {
	now := d.Now()
	here := now.In(application.Dutch)
	if day := here.Weekday(); day == time.Saturday || day == time.Sunday || here.Hour() < toldFrom {
		return 0, nil
	}
	day := here.Format(time.DateOnly)
	officials, err := d.Store.Untold(ctx, day)
	if err != nil || len(officials) == 0 {
		return 0, err
	}
	urgent, err := d.Store.Urgent(ctx, application.Midnight(now, UrgentDays+1), mostUrgent)
	if err != nil {
		return 0, err
	}
	for _, o := range officials {
		rec := effect.Effects{}
		u := urgencyOf(urgent, o, now)
		if len(u.Mine)+len(u.Free) > 0 {
			rec = effect.Of(clock.Did(audit.StaffTold, o.ID, now), d.Letters.Urgent(o, u, now))
		}
		switch one := d.Store.Told(ctx, o, day, rec); {
		case one == nil:
			done += len(rec.Mails)
		case !errors.Is(one, errs.ErrConflict):
			return done, one
		}
	}
	return done, nil
}

// OfficialOf returns a member as one who is told what is urgent; ok is false for
// all but active reviewers.
func OfficialOf(m staff.Member) (o Official, ok bool) {
	return Official{ID: m.ID, Email: m.Email, Lang: m.Lang, Epoch: m.Epoch}, m.Works(staff.Reviewer)
}

// urgencyOf picks what an official can do something about: not an own
// application, nor one whose second pair of eyes it cannot be.
func urgencyOf(urgent []Case, o Official, now time.Time) (u Urgency) {
	for _, c := range urgent {
		list := &u.Free
		switch {
		case c.Email == o.Email || c.Reviewer == "" && c.Proposal == o.ID:
			continue
		case c.Reviewer == o.ID:
			list = &u.Mine
		case c.Reviewer != "":
			continue
		}
		*list = append(*list, c.Reference)
		if c.Late(now) {
			u.Late++
		}
	}
	return u
}

// clock is the actor of what happens because time passes.
var clock = audit.System("terms")

// automatic are the acts that no person does.
var automatic = []ActKind{ActRemind, ActExpire}

// Automatic tells whether an act happened by itself.
func (a Act) Automatic() bool { return slices.Contains(automatic, a.Kind) }
