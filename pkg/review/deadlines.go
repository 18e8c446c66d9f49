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
	// UrgentDays is the number of days before its deadline from which a case is
	// urgent.
	UrgentDays = 14
	// mailHour is the hour in the Netherlands from which officials get mail.
	mailHour = 7
	// batch is the number of cases that the job reads at a time.
	batch = 100
	// mostUrgent is the most cases that a mail counts.
	mostUrgent = 5000
)

// ReminderDays holds the numbers of days before the deadline for an answer at
// which the applicant is reminded, once each.
var ReminderDays = []int{14, 3}

// DeadlineStore stores what happens as time passes. A change, its act and its
// effects are written in one transaction. Methods return errs.ErrConflict when
// an applicant or another server was faster, and errs.ErrUnavailable when the
// database cannot be reached.
type DeadlineStore interface {
	// Unanswered returns at most limit cases, nearest deadline first, whose
	// deadline for an answer is not after until and whose last reminder has a
	// lower number than reminded.
	Unanswered(ctx context.Context, until time.Time, reminded, limit int) ([]Case, error)
	// Remind stores that the applicant got the nth reminder, from 1, of the
	// question asked at c.AskedAt: each once, and before the deadline.
	Remind(ctx context.Context, c Case, n int, act Act, rec effect.Effects) error
	// Expire moves MoreInformation to Expired when the deadline for the answer
	// has passed at act.At, and deletes the password hash.
	Expire(ctx context.Context, c Case, act Act, rec effect.Effects) error

	// Urgent returns at most limit cases, nearest deadline first, that have to
	// be decided by until. Cases that wait for an applicant are left out.
	Urgent(ctx context.Context, until time.Time, limit int) ([]Case, error)
	// Untold returns the active reviewers for whom Told was not called for day
	// (YYYY-MM-DD).
	Untold(ctx context.Context, day string) ([]Official, error)
	// Told stores that a reviewer got the mail of day, once. It returns
	// errs.ErrConflict also when the member has changed (Official.Epoch).
	Told(ctx context.Context, o Official, day string, rec effect.Effects) error
}

// DeadlineLetters composes the mails about deadlines.
type DeadlineLetters interface {
	AnswerReminder(a application.Application, question string, now time.Time) mail.Message
	Unanswered(a application.Application, now time.Time) mail.Message
	Urgent(o Official, u Urgency, now time.Time) mail.Message
}

// Urgency holds the references of urgent cases, the most urgent first, and how
// many of them are late.
type Urgency struct {
	Mine, Free []string // the official's cases, and those without an official
	Late       int
}

// Deadlines does what deadlines require. Several servers may run it.
type Deadlines struct {
	Store   DeadlineStore
	Acts    func(ctx context.Context, id string) ([]Act, error)
	Letters DeadlineLetters
	Now     func() time.Time
}

// Run expires unanswered cases, reminds applicants and mails officials about
// urgent cases. It returns the number of mails.
func (d *Deadlines) Run(ctx context.Context) (mails int, err error) {
	for _, step := range []func(context.Context) (int, error){d.expire, d.remind, d.mailUrgent} {
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

// remind begins with the last reminder, which replaces the earlier ones.
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

// each calls do with all unanswered cases and returns the number of successes.
// Conflicts do not count. It stops after a batch without a success.
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

// question returns the last question.
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

// mailUrgent mails each reviewer the urgent cases, if any, once on a working day.
func (d *Deadlines) mailUrgent(ctx context.Context) (done int, err error) {
	now := d.Now()
	here := now.In(application.Dutch)
	if day := here.Weekday(); day == time.Saturday || day == time.Sunday || here.Hour() < mailHour {
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

// OfficialOf returns an active reviewer as an Official; ok is false for other
// members.
func OfficialOf(m staff.Member) (o Official, ok bool) {
	return Official{ID: m.ID, Email: m.Email, Lang: m.Lang, Epoch: m.Epoch}, m.Works(staff.Reviewer)
}

// urgencyOf returns the urgent cases of an official and those that the
// official may take, without the official's own application.
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

// clock is the actor of automatic acts.
var clock = audit.System("terms")

// automatic lists the acts that no person does.
var automatic = []ActKind{ActRemind, ActExpire}

// Automatic reports whether no person did the act.
func (a Act) Automatic() bool { return slices.Contains(automatic, a.Kind) }
