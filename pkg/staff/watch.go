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
	// StopFactor times Watch.PerHour is the most files that a member may see in
	// WatchTime; then no other file can be opened.
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

// ErrStopped is returned when a member has seen so many files that no other can be
// opened until WatchTime has passed.
var ErrStopped = errors.New("staff: too many files were opened")

// Alarm is the latest alarm about a member.
type Alarm struct {
	Member string // id
	At     time.Time
	Files  int
}

// Watched stores which files members saw, and alarms. All methods return
// errs.ErrUnavailable when the database cannot be reached.
type Watched interface {
	// Files returns the number of objects about which the audit log has one of
	// these actions by the member after a moment, together with the files that
	// List stored after it; an object that is both counts once.
	Files(ctx context.Context, member string, actions []audit.Action, after time.Time) (int, error)
	// List stores that a member sees files at a moment, in one transaction. It
	// writes no events.
	List(ctx context.Context, member string, files []File, at time.Time) error
	// Alarm stores an alarm with its effects. It returns errs.ErrConflict if there
	// is an alarm about the member at or after since. One of several concurrent
	// calls succeeds.
	Alarm(ctx context.Context, a Alarm, since time.Time, rec effect.Effects) error
	// Alarms returns the alarms at or after a moment, newest first.
	Alarms(ctx context.Context, since time.Time) ([]Alarm, error)
}

// Watch raises an alarm about members who see many files. It counts what is stored
// after the view itself was stored, so that views in other tabs, sessions and
// servers count, and so do those of concurrent requests, of which the last one
// counts all.
type Watch struct {
	Store   Watched
	Members Store
	Letters Letters
	PerHour int // files in WatchTime; one more raises an alarm
	Now     func() time.Time
}

// Look calls view, which stores that a member sees a file or a list, unless the
// member is stopped. It reports whether that raised an alarm. The error is
// ErrStopped if the file must not be shown.
func (w *Watch) Look(ctx context.Context, m Member, by audit.Actor, view func() error) (alarmed bool, err error) {
	now := w.Now()
	since := now.Add(-WatchTime)
	// A member who is stopped writes no events about files that are not shown.
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

// alarm mails the administrators, once in WatchTime, and reports whether it did.
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
