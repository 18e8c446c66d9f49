package signin

import (
	"context"
	"errors"
	"strconv"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/realm"
)

// Reason says why a password or a code was refused. It is the label of a metric,
// and never shown.
type Reason string

// The reasons.
const (
	UnknownAddress Reason = "unknown_address"
	WrongPassword  Reason = "wrong_password"
	LockedLane     Reason = "locked"       // whatever the password was
	NotAdmitted    Reason = "not_admitted" // the password was right
	WrongCode      Reason = "wrong_code"
	ReplayedCode   Reason = "replayed_code"
	CodeTooSoon    Reason = "code_too_soon"
	BlockedByCode  Reason = "blocked" // the code was wrong, and blocks
)

// refusedCodes are the reasons for which a code is refused.
var refusedCodes = map[account.Outcome]Reason{
	account.Wrong: WrongCode, account.Replayed: ReplayedCode, account.TooSoon: CodeTooSoon, account.BlockedNow: BlockedByCode,
}

// Watch counts what is refused, and stores it for the Watcher. Fields that are nil
// do nothing.
type Watch struct {
	Count    func(realm.Realm, Reason)
	Refusals Refusals
	Devices  Devices
}

func (w Watch) count(r realm.Realm, why Reason) {
	if w.Count != nil {
		w.Count(r, why)
	}
}

// password counts and stores a refused password. It costs the same for every
// address.
func (w Watch) password(ctx context.Context, refused Refusal, why Reason, now time.Time) error {
	w.count(refused.Realm, why)
	if w.Refusals == nil {
		return nil
	}
	return w.Refusals.Refuse(ctx, refused, now)
}

// Devices reads which browsers people logged in with.
type Devices interface {
	// Known reports whether a device is known for a key (limit.Key).
	Known(ctx context.Context, key, deviceHash string) (bool, error)
}

// Refusal is one refused password.
type Refusal struct {
	Realm  realm.Realm
	Key    string // limit.Key of the address
	Who    string // id of the person with that address; "" if there is none
	Origin string // network prefix
}

// SeriesTime is how long a series of refused passwords lasts. For one address the
// audit log gets, in this time, an event about the first one, one about each lock,
// and one with the sum.
const SeriesTime = 24 * time.Hour

// Series is the refused passwords for one address in SeriesTime.
type Series struct {
	Refusal         // Who as of the last one, Origin of the first
	Tries       int // in all
	First, Last time.Time

	Told   bool      // the event about the first one is written
	Locks  int       // events about locks that are written
	Locked time.Time // the end of the latest lock that has an event

	// NewLocks are the ends of locks that began since Locked.
	NewLocks []time.Time
}

// Over reports whether the series has ended at now.
func (s Series) Over(now time.Time) bool { return !now.Before(s.First.Add(SeriesTime)) }

// refusalActions are the actions of the events about refused passwords: the
// first one, a lock, and the sum.
var refusalActions = map[realm.Realm][3]audit.Action{
	realm.Holder:   {audit.AccountRefused, audit.AccountLocked, audit.AccountRefusals},
	realm.Official: {audit.StaffRefused, audit.StaffLocked, audit.StaffRefusals},
}

// Report returns the events that the series lacks at now, and the series with
// them; over says that it ends. A series without Who has no events.
func (s Series) Report(now time.Time) (next Series, over bool, events []audit.Event) {
	next, over = s, s.Over(now)
	if s.Who == "" {
		return next, over, nil
	}
	actions, by := refusalActions[s.Realm], audit.System("password").At(s.Origin, "")
	tries := map[string]string{"tries": strconv.Itoa(s.Tries)}
	if !s.Told {
		events = append(events, by.Did(actions[0], s.Who, s.First).Refused())
		next.Told = true
	}
	for _, until := range s.NewLocks {
		events = append(events, by.Did(actions[1], s.Who, now).Refused().With(tries).With(map[string]string{"until": until.UTC().Format(time.RFC3339)}))
		next.Locks++
		if until.After(next.Locked) {
			next.Locked = until
		}
	}
	next.NewLocks = nil
	if over && s.Tries > 1 {
		events = append(events, by.Did(actions[2], s.Who, now).Refused().With(tries).With(map[string]string{
			"locks": strconv.Itoa(next.Locks), "since": s.First.UTC().Format(time.RFC3339), "last": s.Last.UTC().Format(time.RFC3339),
		}))
	}
	return next, over, events
}

// Refusals stores refused passwords until the audit log has them. It is durable
// (SQL). All methods return errs.ErrUnavailable when the database cannot be
// reached.
type Refusals interface {
	// Refuse counts one, with the same work for every address.
	Refuse(ctx context.Context, r Refusal, now time.Time) error
	// Unreported returns at most n series of which Series.Report may return
	// events, or which are over.
	Unreported(ctx context.Context, now time.Time, n int) ([]Series, error)
	// Reported writes events with the series as next says, or removes it when
	// over; and the mails, unless mails about this key were written in TellAgain.
	// It returns errs.ErrConflict if what was reported, or the number of
	// tries of a series that is over, has changed since was was read.
	Reported(ctx context.Context, was, next Series, over bool, rec effect.Effects, now time.Time) error
}

const (
	// TellAgain is how long a person is not told again that passwords are
	// tried.
	TellAgain = 24 * time.Hour
	// GatherTime is how long notices for one person are gathered into a mail.
	GatherTime = 5 * time.Minute
	// NoticeSpacing is the shortest time between two such mails to one person.
	NoticeSpacing = time.Hour
)

// Notice is what one person has to be told, gathered since First.
type Notice struct {
	Realm       realm.Realm
	Who         string // id of the account or member
	Codes       int    // wrong codes, after a right password
	Browsers    int    // logins from browsers that were not known
	First, Last time.Time
	Mailed      time.Time // when this person got the previous mail
}

// Due reports whether the notice is to be mailed at now.
func (n Notice) Due(now time.Time) bool {
	return n.Codes+n.Browsers > 0 && !now.Before(n.First.Add(GatherTime)) && !now.Before(n.Mailed.Add(NoticeSpacing))
}

// Details of an event of a login.
const (
	detailBrowser = "browser"
	newBrowser    = "new"
)

// Noticed are the actions of which Notices.Gather reads the events.
var Noticed = []audit.Action{audit.AccountCodeWrong, audit.AccountLogin, audit.StaffCodeWrong, audit.StaffLogin, audit.StaffProven}

// NoticeOf returns what a person has to be told of an event; ok is false if that
// is nothing.
func NoticeOf(e audit.Event) (n Notice, ok bool) {
	n = Notice{Realm: realm.Holder, Who: e.ObjectID, First: e.At, Last: e.At}
	if e.ObjectKind == audit.ObjectStaff {
		n.Realm = realm.Official
	}
	switch {
	case e.Action == audit.AccountCodeWrong || e.Action == audit.StaffCodeWrong:
		n.Codes = 1
	case e.Details[detailBrowser] == newBrowser:
		n.Browsers = 1
	}
	return n, n.Codes+n.Browsers > 0
}

// Notices gathers what people have to be told. The audit log is its source, so
// that it misses nothing and no page waits for it. It is durable (SQL). All
// methods return errs.ErrUnavailable when the database cannot be reached.
type Notices interface {
	// Gather adds NoticeOf of the next events of Noticed in the audit log, at
	// most n, each once, and returns how many it read.
	Gather(ctx context.Context, n int) (int, error)
	// Gathered returns at most n notices that are Due.
	Gathered(ctx context.Context, now time.Time, n int) ([]Notice, error)
	// Mailed empties a notice and writes its mail. It returns errs.ErrConflict
	// if the notice has changed since it was read.
	Mailed(ctx context.Context, n Notice, now time.Time, rec effect.Effects) error
}

// Watcher writes what Watch stored to the audit log, and mails people about it. Any
// number of servers may run one.
type Watcher struct {
	Refusals Refusals
	Notices  Notices
	People   map[realm.Realm]Told
	Now      func() time.Time
}

// Told returns the mails to the people of a realm; none, or errs.ErrNotFound, for an
// id that no person has any more.
type Told struct {
	Notice func(ctx context.Context, n Notice, now time.Time) ([]mail.Message, error)
	Tries  func(ctx context.Context, who string, now time.Time) ([]mail.Message, error) // passwords are tried
}

// watchRound is how much a Watcher reads at once.
const watchRound = 200

// Run does what is due.
func (w *Watcher) Run(ctx context.Context) error {
	return errors.Join(w.report(ctx), w.notify(ctx))
}

func (w *Watcher) report(ctx context.Context) error {
	for {
		now := w.Now()
		all, err := w.Refusals.Unreported(ctx, now, watchRound)
		if err != nil {
			return err
		}
		done := 0
		for _, s := range all {
			next, over, events := s.Report(now)
			rec := effect.Effects{Events: events}
			if s.Who != "" && len(s.NewLocks) > 0 {
				if rec.Mails, err = w.People[s.Realm].Tries(ctx, s.Who, now); err != nil && !errors.Is(err, errs.ErrNotFound) {
					return err
				}
			}
			err := w.Refusals.Reported(ctx, s, next, over, rec, now)
			switch {
			case errors.Is(err, errs.ErrConflict): // another server, or another try; next time
			case err != nil:
				return err
			default:
				done++
			}
		}
		if len(all) < watchRound || done == 0 {
			return nil
		}
	}
}

func (w *Watcher) notify(ctx context.Context) error {
	for {
		n, err := w.Notices.Gather(ctx, watchRound)
		if err != nil && !errors.Is(err, errs.ErrConflict) {
			return err
		}
		if n < watchRound {
			break
		}
	}
	now := w.Now()
	due, err := w.Notices.Gathered(ctx, now, watchRound)
	if err != nil {
		return err
	}
	for _, n := range due {
		mails, err := w.People[n.Realm].Notice(ctx, n, now)
		if err != nil && !errors.Is(err, errs.ErrNotFound) {
			return err
		}
		if err := w.Notices.Mailed(ctx, n, now, effect.Effects{Mails: mails}); err != nil && !errors.Is(err, errs.ErrConflict) {
			return err
		}
	}
	return nil
}
