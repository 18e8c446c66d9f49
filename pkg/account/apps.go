package account

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/typed"
)

// MostApps is how many authenticator apps an account can have.
const MostApps = 2

// ErrLastApp is returned when the only app of an account is to be removed.
var ErrLastApp = errors.New("account: the last factor cannot be removed")

// Apps holds what Account.Factor does not hold of an account's authenticator apps. The
// zero value is that of an account with one app that was never named or replaced.
type Apps struct {
	Enrolment int       `json:"enrolment,omitzero"` // Account.Unblocks
	Given     int       `json:"given,omitzero"`     // the highest number that was given to an app; 0: nothing is stored
	First     App       `json:"first,omitzero"`     // its Sealed and LastStep are those of Account.Factor
	Second    App       `json:"second,omitzero"`    // zero: there is none
	New       NewApp    `json:"new,omitzero"`       // zero: there is none
	ChangedAt time.Time `json:"changed,omitzero"`   // when an app was last linked or removed
}

// App is an authenticator app.
type App struct {
	Number   int       `json:"number,omitzero"` // in its enrolment; no other app gets it
	Name     string    `json:"name,omitzero"`   // as its holder calls it; "" for an app that was never named
	Sealed   []byte    `json:"sealed,omitzero"` // TOTP secret, sealed with AppAAD
	LastStep int64     `json:"step,omitzero"`   // last accepted time step
	Since    time.Time `json:"since,omitzero"`  // when it was linked
}

// NewApp is an app whose QR was shown and whose first right code was not given yet. Its
// codes confirm the app; they are not accepted for anything else.
type NewApp struct {
	Number   int       `json:"number,omitzero"`
	Replaces int       `json:"replaces,omitzero"` // number of the app whose place it takes; 0: it becomes the second one
	Name     string    `json:"name,omitzero"`     // of a second app
	Sealed   []byte    `json:"sealed,omitzero"`   // TOTP secret, sealed with NewAppAAD
	SID      string    `json:"sid,omitzero"`      // the session that was shown the QR
	Epoch    int64     `json:"epoch,omitzero"`    // of the account; another one ends it
	ShownAt  time.Time `json:"shown,omitzero"`
	Failures int       `json:"failures,omitzero"` // wrong codes
}

// AppChange is what changed about the apps of an account, and the reason in its event.
type AppChange string

// The changes.
const (
	AppReplaced AppChange = "replaced"
	AppAdded    AppChange = "added"
	AppRemoved  AppChange = "removed"
)

// AppAAD is FactorAAD for the second app.
func AppAAD(accountID string, enrolment, app int) string {
	return appAAD("app", accountID, enrolment, app)
}

// NewAppAAD is FactorAAD for a new app. What was sealed with it does not open as the
// secret of an app that logs in.
func NewAppAAD(accountID string, enrolment, app int) string {
	return appAAD("new app", accountID, enrolment, app)
}

func appAAD(what, accountID string, enrolment, app int) string {
	return strings.Join([]string{"accounts", what, accountID, strconv.Itoa(enrolment), strconv.Itoa(app)}, "|")
}

// Of returns the apps that belong to a: none of an earlier enrolment,
// which a server of an earlier version leaves behind when it unblocks, and no new app
// of another epoch or state.
func (s Apps) Of(a Account) Apps {
	if s.Enrolment != a.Unblocks {
		return Apps{}
	}
	if a.State != Active || s.New.Epoch != a.Epoch {
		s.New = NewApp{}
	}
	return s
}

// numbered returns the apps of a with the fields set that only an account whose apps
// changed has: Enrolment, Given and the number of the first app.
func (a Account) numbered() Apps {
	s := a.Apps
	s.Enrolment, s.Given = a.Unblocks, max(s.Given, 1)
	s.First = a.firstApp()
	return s
}

func (a Account) firstApp() App {
	first := a.Apps.First
	first.Number = max(first.Number, 1)
	if first.Since.IsZero() {
		first.Since = a.Factor.ShownAt
	}
	return first
}

// AppList returns the apps of an active account, without their secrets. The first one
// logs in with Factor.
func (a Account) AppList() []App {
	if a.State != Active {
		return nil
	}
	apps := []App{a.firstApp()}
	if second := a.Apps.Second; second.Number != 0 {
		second.Sealed, second.LastStep = nil, 0
		apps = append(apps, second)
	}
	return apps
}

// AppNumbered returns the app of AppList with this number.
func (a Account) AppNumbered(number int) (App, bool) {
	for _, app := range a.AppList() {
		if app.Number == number {
			return app, true
		}
	}
	return App{}, false
}

// AppName returns a typed name of an app, folded. ok is false unless it has 1 to 40
// characters, all of them readable.
func AppName(text string) (name string, ok bool) {
	const longest = 40
	name = typed.Line(text)
	n := utf8.RuneCountInString(name)
	return name, n > 0 && n <= longest && !strings.ContainsFunc(name, typed.Unreadable)
}

// NextApp returns the number of the next app.
func (a Account) NextApp() int { return max(a.Apps.Given, 1) + 1 }

// NewApp returns the new app that can be confirmed at now.
func (l Limits) NewApp(a Account, now time.Time) (NewApp, bool) {
	n := a.Apps.Of(a).New
	return n, n.Number != 0 && now.Before(n.ShownAt.Add(l.NewAppTime))
}

// ShowApp stores a new app whose QR is shown at now: its Number is NextApp, and
// Epoch, ShownAt and Failures are set. The error is errs.ErrConflict if the account is
// not active and of this epoch, if there is a new app that can be confirmed, or if
// there is no place for another one.
func (l Limits) ShowApp(a Account, epoch int64, n NewApp, now time.Time) (Account, error) {
	_, replaces := a.AppNumbered(n.Replaces)
	_, waits := l.NewApp(a, now)
	switch {
	case a.State != Active || a.Epoch != epoch || n.Number != a.NextApp() || waits:
		return Account{}, errs.ErrConflict
	case n.Replaces != 0 && !replaces, n.Replaces == 0 && len(a.AppList()) >= MostApps:
		return Account{}, errs.ErrConflict
	}
	n.Epoch, n.ShownAt, n.Failures = a.Epoch, now, 0
	a.Apps = a.numbered()
	a.Apps.Given, a.Apps.New = n.Number, n
	return a, nil
}

// confirms reports whether the new app can be confirmed at now in the session with this
// sid, by the holder of an account of this epoch.
func (l Limits) confirms(a Account, epoch int64, sid string, now time.Time) bool {
	n, waits := l.NewApp(a, now)
	return waits && a.Epoch == epoch && n.SID == sid && sid != ""
}

// LinkApp makes the new app one of the account's apps, after a right code of it for this
// time step. sealed is its secret, sealed with FactorAAD if it becomes the first app and
// with AppAAD if it becomes the second. Sessions and grants end. The error is
// errs.ErrConflict if the new app cannot be confirmed in this session.
func (l Limits) LinkApp(a Account, epoch int64, sid string, step int64, sealed []byte, now time.Time) (Account, error) {
	if !l.confirms(a, epoch, sid, now) {
		return Account{}, errs.ErrConflict
	}
	n := a.Apps.New
	a.Apps = a.numbered()
	a.Apps.ChangedAt = now
	app := App{Number: n.Number, Name: n.Name, Since: now}
	if was, replaces := a.AppNumbered(n.Replaces); replaces {
		app.Name = was.Name
	}
	if n.Replaces == a.Apps.First.Number {
		a.Apps.First, a.Factor.Sealed, a.Factor.LastStep = app, sealed, step
	} else {
		app.Sealed, app.LastStep = sealed, step
		a.Apps.Second = app
	}
	a.raise()
	return a, nil
}

// RefuseApp counts a wrong code of the new app, which is removed after
// Limits.EnrolmentCodes of them; left is how many more it may get. The error is
// errs.ErrConflict if it cannot be confirmed in this session.
func (l Limits) RefuseApp(a Account, epoch int64, sid string, now time.Time) (next Account, left int, err error) {
	if !l.confirms(a, epoch, sid, now) {
		return Account{}, 0, errs.ErrConflict
	}
	a.Apps.New.Failures++
	left = l.EnrolmentCodes - a.Apps.New.Failures
	if left <= 0 {
		left, a.Apps.New = 0, NewApp{}
	}
	return a, left, nil
}

// DropApp removes the new app. The error is errs.ErrConflict if there is none, or the
// account is of another epoch.
func (a Account) DropApp(epoch int64) (Account, error) {
	if a.Apps.Of(a).New.Number == 0 || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.Apps.New = NewApp{}
	return a, nil
}

// RenameApp sets the name of an app, which AppName has checked. The error is
// errs.ErrConflict if there is no such app, or the account is of another epoch.
func (a Account) RenameApp(epoch int64, number int, name string) (Account, error) {
	if _, found := a.AppNumbered(number); !found || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.Apps = a.numbered()
	if a.Apps.First.Number == number {
		a.Apps.First.Name = name
	} else {
		a.Apps.Second.Name = name
	}
	return a, nil
}

// RemoveApp removes one of two apps. If that is the first one, the other takes its
// place, with its secret in sealed. Sessions and grants end. The error is ErrLastApp
// if there is no other, and errs.ErrConflict if there is no such app, or the account is
// of another epoch.
func (a Account) RemoveApp(epoch int64, number int, sealed []byte, now time.Time) (Account, error) {
	if _, found := a.AppNumbered(number); !found || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	if len(a.AppList()) < 2 {
		return Account{}, ErrLastApp
	}
	a.Apps = a.numbered()
	a.Apps.ChangedAt = now
	if a.Apps.First.Number == number {
		second := a.Apps.Second
		a.Factor.Sealed, a.Factor.LastStep = sealed, second.LastStep
		a.Apps.First = App{Number: second.Number, Name: second.Name, Since: second.Since}
	}
	a.Apps.Second = App{}
	a.raise()
	return a, nil
}

// raise ends all sessions and grants of the account, and a new app.
func (a *Account) raise() {
	a.Epoch++
	a.Apps.New = NewApp{}
}

// Key is the secret of one app, for judging a code.
type Key struct {
	App      int // number of the second app; 0 is the first one
	Sealed   []byte
	LastStep int64
}

// Keys returns the secrets of the apps that a code may have come from.
func (t CodeTry) Keys() []Key {
	keys := []Key{{Sealed: t.Factor.Sealed, LastStep: t.Factor.LastStep}}
	if t.Second.Number != 0 {
		keys = append(keys, Key{t.Second.Number, t.Second.Sealed, t.Second.LastStep})
	}
	return keys
}

// judged returns the account with the verdict applied to its factor or, for an accepted
// code of the second app, with the time step used up for that app.
func (a Account) judged(v Verdict) (Account, error) {
	if v.Outcome != Accepted || v.App == 0 {
		var err error
		a.Factor, err = a.Factor.Judged(v)
		return a, err
	}
	if a.Apps.Second.Number != v.App || v.Step <= a.Apps.Second.LastStep {
		return Account{}, errs.ErrConflict
	}
	a.Apps.Second.LastStep = v.Step
	a.Factor.Failures, a.Factor.NextTryAt = 0, time.Time{}
	return a, nil
}
