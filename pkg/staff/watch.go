package staff

import (
	"context"
	"errors"
	"slices"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

const (
	// WatchTime is the time over which files that were seen are counted.
	WatchTime = time.Hour
	// StopFactor is how many times the number that raises an alarm a member
	// may see before nothing opens any more.
	StopFactor = 3
)

// File is what is counted: an application or an account. A list counts as the
// files that it names (Watched.List).
type File struct {
	Kind audit.ObjectKind
	ID   string
}

// Views are the acts whose object counts as a file that was seen: an account,
// an application with its documents, and a search, whatever it found.
var Views = []audit.Action{audit.AccountViewed, audit.ApplicationViewed, audit.DocumentViewed, audit.DocumentDownloaded, audit.AccountSearched, audit.ApplicationSearched}

// ErrStopped says that a member opened so much that nothing opens until
// WatchTime has passed, or an administrator was asked.
var ErrStopped = errors.New("staff: too many files were opened")

// Alarm is the latest alarm about a member.
type Alarm struct {
	Member string // id
	At     time.Time
	Files  int
}

// Watched is the contract of the watch. errs.ErrUnavailable when it does not
// answer.
type Watched interface {
	// Files counts the objects about which the audit log holds an act of the
	// member, one of these, after a moment, and the files that List wrote
	// after it; an object that is both counts once.
	Files(ctx context.Context, member string, actions []audit.Action, after time.Time) (int, error)
	// List writes that a member sees files at a moment, in one transaction. It
	// writes no events.
	List(ctx context.Context, member string, files []File, at time.Time) error
	// Alarm keeps an alarm with its record; errs.ErrConflict when there was
	// one about the member at or after since. Of any number of callers one
	// succeeds.
	Alarm(ctx context.Context, a Alarm, since time.Time, rec effect.Effects) error
	// Alarms lists those at or after a moment, newest first.
	Alarms(ctx context.Context, since time.Time) ([]Alarm, error)
}

// Watch keeps an eye on members who see many files. It counts what is stored,
// after the look was written: other tabs, sessions and servers
// are counted with it, and so are requests at the same moment, of which the
// last one sees them all.
type Watch struct {
	Store   Watched
	Members Store
	Letters Letters
	PerHour int // files in WatchTime; one more raises an alarm
	Now     func() time.Time
}

// Look lets view write down that a member sees a file or a list, if the member may.
// It tells whether that raised an alarm; ErrStopped when the file stays shut.
func (w *Watch) Look(ctx context.Context, m Member, by audit.Actor, view func() error) (alarmed bool, err error) {
	now := w.Now()
	since := now.Add(-WatchTime)
	// Who was stopped does not fill the audit log with looks that were none.
	before, err := w.Store.Files(ctx, m.ID, Views, since)
	if err != nil {
		return false, err
	}
	if before > StopFactor*w.PerHour {
		return false, ErrStopped
	}
	if err := view(); err != nil {
		return false, err
	}
	files, err := w.Store.Files(ctx, m.ID, Views, since)
	if err != nil || files <= w.PerHour {
		return false, err
	}
	alarmed, err = w.alarm(ctx, Alarm{Member: m.ID, At: now, Files: files}, m, by)
	if err == nil && files > StopFactor*w.PerHour {
		err = ErrStopped
	}
	return alarmed, err
}

// alarm tells the administrators, once in WatchTime.
func (w *Watch) alarm(ctx context.Context, a Alarm, m Member, by audit.Actor) (bool, error) {
	since := a.At.Add(-WatchTime)
	lately, err := w.Store.Alarms(ctx, since)
	if err != nil || slices.ContainsFunc(lately, func(old Alarm) bool { return old.Member == a.Member }) {
		return false, err
	}
	members, err := w.Members.List(ctx)
	if err != nil {
		return false, err
	}
	rec := effect.Of(audit.System("").At(by.Origin, by.RequestID).Did(audit.StaffAlarm, m.ID, a.At).Because("many files opened"))
	for _, to := range members {
		if to.State == Active && to.Has(Administrator) {
			rec.Mails = append(rec.Mails, w.Letters.StaffAlarm(to, m, a.Files, since, a.At))
		}
	}
	err = w.Store.Alarm(ctx, a, since, rec)
	if errors.Is(err, errs.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}
