package app

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	reviewroom "omgevingsloket-id/op/console/review"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/storage/sql"
)

// Job is work that a running server repeats. No request waits for one.
type Job struct {
	Name  string
	Pause time.Duration               // between two runs
	Run   func(context.Context) error // one run

	// Vital jobs take part in /readyz: the server is not ready when one of
	// them has failed for vitalPauses pauses.
	Vital bool

	// due, if set, receives a value when there is something to do before the
	// pause is over. The job then runs after dueWait.
	due <-chan struct{}

	// loop, if set, takes the place of the ticker: it calls Run itself, also
	// when there is something to do before the pause is over.
	loop func(context.Context) error

	mu      sync.Mutex
	success time.Time // of the last run without an error; the start before there is one
	failed  int       // runs with an error since then
	errors  int       // runs with an error since the start
}

const (
	// chainPause is how long the events of a server that ended before it chained
	// them wait for another one.
	chainPause = 2 * time.Second
	// dueWait is how long a job waits for more to do once it has something.
	dueWait = 200 * time.Millisecond
)

// vitalPauses is how many pauses a vital job may go without success, so that a store can
// be restarted.
const vitalPauses = 10

// jobs returns the list of all jobs.
func (a *App) jobs(letters *letter.Writer) ([]*Job, error) {
	a.Deadlines = a.newDeadlines(letters)
	list := []*Job{
		{Name: "mail", Pause: a.mailer.Pause(), loop: a.mailer.Run},
		{Name: "keys", Pause: time.Minute, Run: a.Keys.Refresh, Vital: true},
		{Name: "chain", Pause: chainPause, Run: a.Stores.DB.Chain, Vital: true, due: a.Stores.DB.Pooled()},
		{Name: "watch logins", Pause: 5 * time.Second, Run: a.newWatcher(letters).Run},
		{Name: "sweep", Pause: 5 * time.Minute, Run: a.sweep},
		{Name: "audit head", Pause: 10 * time.Minute, Run: a.signHead},
		{Name: "destroy documents", Pause: 10 * time.Minute, Run: a.destroyDocuments},
		{Name: "deadlines", Pause: 5 * time.Minute, Run: func(ctx context.Context) error {
			_, err := a.Deadlines.Run(ctx)
			return err
		}},
	}
	if a.Config.Scanner.Address != "" {
		clamd, err := scan.ParseAddress(a.Config.Scanner.Address)
		if err != nil {
			return nil, err
		}
		a.Scanner.Configured = true
		scanning := custody.Scanning{Store: a.Stores.DB.Scans(), Scanner: clamd, Ring: a.Stores.Ring, Now: a.Now}
		list = append(list, &Job{Name: "scan documents", Pause: 5 * time.Second, Run: func(ctx context.Context) error {
			_, err := scanning.Round(ctx)
			a.Scanner.Silent.Store(err != nil)
			return err
		}})
	}
	now := a.Now()
	for _, j := range list {
		j.success = now
	}
	mail := list[0]
	a.mailer.OnRead = func(err error) { mail.done(a.Now(), err) }
	return list, nil
}

// newWatcher returns the watcher that writes refused passwords to the audit log, and
// mails wrong codes, new browsers and locks to the people they concern.
func (a *App) newWatcher(letters *letter.Writer) *signin.Watcher {
	db := a.Stores.DB
	holders := told(db.Accounts().ByID, func(p account.Account) bool { return p.State != account.Closed }, letters.LoginNotice, letters.SomebodyTries)
	officials := told(db.Staff().ByID, func(m staff.Member) bool { return m.State == staff.Active }, letters.StaffLoginNotice, letters.StaffTries)
	return &signin.Watcher{
		Refusals: db.Refusals(), Notices: db.Notices(), Now: a.Now,
		People: map[realm.Realm]signin.Told{realm.Holder: holders, realm.Official: officials},
	}
}

// told returns the mails to the people of a realm who can log in.
func told[P any](byID func(context.Context, string) (P, error), can func(P) bool,
	notice func(P, signin.Notice, time.Time) mail.Message, tries func(P, time.Time) mail.Message) signin.Told {
	to := func(ctx context.Context, id string, write func(P) mail.Message) ([]mail.Message, error) {
		p, err := byID(ctx, id)
		if err != nil || !can(p) {
			return nil, err
		}
		return []mail.Message{write(p)}, nil
	}
	return signin.Told{
		Notice: func(ctx context.Context, n signin.Notice, now time.Time) ([]mail.Message, error) {
			return to(ctx, n.Who, func(p P) mail.Message { return notice(p, n, now) })
		},
		Tries: func(ctx context.Context, who string, now time.Time) ([]mail.Message, error) {
			return to(ctx, who, func(p P) mail.Message { return tries(p, now) })
		},
	}
}

// sweep removes what has expired.
func (a *App) sweep(ctx context.Context) error {
	_, err := a.Stores.DB.Applications().Expire(ctx, a.Now())
	err = errors.Join(err, a.Stores.DB.Sweep(ctx))
	bytes, counted := a.Stores.DB.Strangers(ctx)
	if counted == nil {
		a.Metrics.strangers(bytes)
	}
	return errors.Join(err, counted)
}

// signHead signs the head of the audit log, which later shows whether the log was
// rewritten.
func (a *App) signHead(ctx context.Context) error {
	signer, err := a.Stores.AuditSigner(ctx)
	if err != nil {
		return err
	}
	head, err := audit.Checkpoint(ctx, a.Stores.DB.Heads(), signer, a.Now())
	if err == nil {
		a.Log.Info("audit head", "seq", head.Seq, "hash", head.Hash, "at", head.At, "signature", head.Signature)
	}
	return err
}

// destroyDocuments destroys the documents of applications that were decided
// longer ago than review.keep_documents.
func (a *App) destroyDocuments(ctx context.Context) error {
	n, err := custody.DestroyDue(ctx, a.Stores.DB.Archive(), a.Config.Review.KeepDocuments, a.Now)
	if n > 0 {
		a.Log.Info("documents destroyed", "applications", n)
	}
	return err
}

// repeat runs the job until ctx ends. A run that has begun finishes, unless runs
// ends.
func (a *App) repeat(ctx, runs context.Context, j *Job) {
	if j.loop != nil {
		if err := j.loop(ctx); err != nil && ctx.Err() == nil {
			a.Log.Error("job stopped", "job", j.Name, "error", err.Error())
		}
		return
	}
	ticker := time.NewTicker(j.Pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.due:
			select {
			case <-ctx.Done():
				return
			case <-time.After(dueWait):
			}
		case <-ticker.C:
		}
		if ctx.Err() == nil {
			err := j.Run(sql.Patient(runs))
			if runs.Err() != nil {
				return
			}
			if err != nil {
				a.Log.Error("job failed", "job", j.Name, "error", err.Error())
			}
			j.done(a.Now(), err)
		}
	}
}

func (j *Job) done(now time.Time, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil {
		j.failed++
		j.errors++
		return
	}
	j.success, j.failed = now, 0
}

// state returns when the job last succeeded and how many runs failed in all.
func (j *Job) state() (success time.Time, failures int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.success, j.errors
}

// late reports whether a vital job has failed for too long.
func (j *Job) late(now time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.Vital && j.failed > 0 && now.Sub(j.success) > vitalPauses*j.Pause
}

// Scanner reports why a document may wait for its scan.
type Scanner struct {
	Configured bool
	Silent     atomic.Bool // the last round got no answer
}

func (s *Scanner) state() string {
	switch {
	case !s.Configured:
		return reviewroom.ScannerNone
	case s.Silent.Load():
		return reviewroom.ScannerSilent
	}
	return ""
}
