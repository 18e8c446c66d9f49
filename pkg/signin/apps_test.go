package signin_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/totp"
)

// TP-01, TP-05: a code of either app is right, each step once per app, and the wrong ones
// of both are counted together.
func TestTP01_TP05_CodeOfEitherApp(t *testing.T) {
	t.Parallel()
	const first, second = firstKey, secondKey
	step := totp.Step(noon)
	code := func(key secret.Text, step int64) string { return codeOf(t, key, step) }
	for name, c := range map[string]struct {
		failures    int // before this try
		last, other int64
		aad         string // of the second app
		typed       string
		want        account.Outcome
		app         int
		left        int
	}{
		"of the first":                     {0, step - 1, step - 1, account.AppAAD("a", 2, 3), code(first, step), account.Accepted, 0, 0},
		"of the second":                    {7, step, step - 1, account.AppAAD("a", 2, 3), code(second, step), account.Accepted, 3, 0},
		"of the second, spent":             {7, step - 1, step, account.AppAAD("a", 2, 3), code(second, step), account.Replayed, 0, 0},
		"of the first, spent":              {7, step, step - 1, account.AppAAD("a", 2, 3), code(first, step), account.Replayed, 0, 0},
		"wrong":                            {0, 0, 0, account.AppAAD("a", 2, 3), code(first, step+1000), account.Wrong, 0, 7},
		"wrong, the last":                  {7, 0, 0, account.AppAAD("a", 2, 3), code(first, step+1000), account.BlockedNow, 0, 0},
		"sealed as the new app that it is": {0, 0, 0, account.NewAppAAD("a", 2, 3), code(second, step), "", 0, 0},
		"sealed as the first app":          {0, 0, 0, account.FactorAAD("a", 2), code(second, step), "", 0, 0},
		"of an earlier enrolment":          {0, 0, 0, account.AppAAD("a", 1, 3), code(second, step), "", 0, 0},
		"of another account":               {0, 0, 0, account.AppAAD("b", 2, 3), code(second, step), "", 0, 0},
		"of another app":                   {0, 0, 0, account.AppAAD("a", 2, 2), code(second, step), "", 0, 0},
	} {
		h := &codeHouse{}
		s := codeService(t, h)
		seal := func(key secret.Text, aad string) []byte { return seal(t, s.Ring, key, aad) }
		h.try = account.CodeTry{
			State: account.Active, Enrolment: 2, Factor: account.Factor{Sealed: seal(first, account.FactorAAD("a", 2)), Failures: c.failures, LastStep: c.last},
			Second: account.App{Number: 3, Sealed: seal(second, c.aad), LastStep: c.other},
		}
		got, err := s.Code(t.Context(), account.Account{ID: "a", Epoch: 1}, c.typed, signin.From{})
		if c.want == "" {
			if !errors.Is(err, errs.ErrUnavailable) || h.verdict.Outcome != account.TooSoon {
				t.Errorf("%s: %+v, %v, %+v, want a fault that counts nothing", name, got, err, h.verdict)
			}
			continue
		}
		if err != nil || got.Outcome != c.want || got.Left != c.left || h.verdict.App != c.app {
			t.Errorf("%s: %+v, %v, of app %d, want %s of app %d", name, got, err, h.verdict.App, c.want, c.app)
		}
	}
}

const appSID = "sid of anna"

// shown returns a home whose account was shown the QR of a new app, the account as it is
// then, and a function that returns the app's code at a step.
func shown(t *testing.T, replaces int) (o *home, a account.Account, code func(step int64) string) {
	t.Helper()
	o = newHome(t, account.Active)
	key, err := o.ShowApp(t.Context(), o.house.account, account.NewApp{Replaces: replaces, Name: "tablet", SID: appSID}, signin.From{})
	if err != nil {
		t.Fatal(err)
	}
	o.wrote()
	return o, o.house.account, func(step int64) string { return codeOf(t, key, step) }
}

// EN-04: of many calls at once one is shown the QR of a new app, with the secret that is
// stored. EN-19: the sealed secret does not open as that of an app that logs in.
func TestEN04_EN19_ShowApp(t *testing.T) {
	t.Parallel()
	o := newHome(t, account.Active)
	read := o.house.account
	var keys [16]secret.Text
	n := atOnce(t, errs.ErrConflict, func(i int) (err error) {
		keys[i], err = o.ShowApp(t.Context(), read, account.NewApp{Name: "tablet", SID: appSID}, signin.From{})
		return err
	})
	got := o.house.account.Apps.New
	if wrote := o.wrote(); n != 1 || wrote != "account.app_shown" || got.Number != 2 || got.SID != appSID || !got.ShownAt.Equal(noon) {
		t.Fatalf("ShowApp() succeeds %d times of 16, writes %q and %+v, want once, one event and app 2 of this session", n, wrote, got)
	}
	plain, err := o.Ring.Open(got.Sealed, account.NewAppAAD(read.ID, 0, 2))
	if err != nil {
		t.Fatalf("Open(the new app) = %v, want nil", err)
	}
	returned := 0
	for _, key := range keys {
		if key != "" {
			if returned++; !key.Equal(string(plain)) {
				t.Error("ShowApp() returns another secret than it stores")
			}
		}
	}
	if returned != 1 {
		t.Errorf("ShowApp() returns %d secrets, want 1", returned)
	}
	if _, err := o.Ring.Open(got.Sealed, account.AppAAD(read.ID, 0, 2)); err == nil {
		t.Error("the secret of a new app opens as that of an app that logs in")
	}
}

// EN-08: a secret that is not stored is not returned.
func TestEN08_ShowAppFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*home)
		want   error
	}{
		"another epoch":     {nextEpoch, errs.ErrConflict},
		"not active":        {in(account.Blocked), errs.ErrConflict},
		"the store is away": {away("change"), errs.ErrUnavailable},
		"no randomness":     {func(o *home) { o.Rand = strings.NewReader("short") }, io.ErrUnexpectedEOF},
	} {
		o := newHome(t, account.Active)
		read := o.house.account
		c.change(o)
		key, err := o.ShowApp(t.Context(), read, account.NewApp{SID: appSID}, signin.From{})
		if key != "" || !errors.Is(err, c.want) || o.house.account.Apps.New.Number != 0 || o.wrote() != "" {
			t.Errorf("%s: ShowApp() = a secret: %t, %v, want none, %v and nothing stored", name, key != "", err, c.want)
		}
	}
}

// EN-11: the right code links the app in the session that was shown its QR. The step of
// the code is spent, and the secret is sealed for the place of the app.
func TestEN11_LinkApp(t *testing.T) {
	t.Parallel()
	step := totp.Step(noon)
	for name, c := range map[string]struct {
		replaces int
		change   account.AppChange
		aad      func(id string) string
		sealed   func(account.Account) []byte
		old      account.Outcome // of a code of the first app afterwards
	}{
		"a second app": {
			0, account.AppAdded, func(id string) string { return account.AppAAD(id, 0, 2) },
			func(a account.Account) []byte { return a.Apps.Second.Sealed }, account.Accepted,
		},
		"a new phone": {
			1, account.AppReplaced, func(id string) string { return account.FactorAAD(id, 0) },
			func(a account.Account) []byte { return a.Factor.Sealed }, account.Wrong,
		},
	} {
		o, read, code := shown(t, c.replaces)
		got, err := o.LinkApp(t.Context(), read, appSID, code(step), signin.From{RequestID: "r1"})
		if err != nil || !got.Right || got.Change != c.change || got.Account.Epoch != read.Epoch+1 {
			t.Fatalf("%s: LinkApp() = %+v, %v, want it right, %s, in the next epoch", name, got, err, c.change)
		}
		a := o.house.account
		if e := o.house.rec.Events[0]; e.Reason != string(c.change) || e.RequestID != "r1" || e.ObjectID != a.ID {
			t.Errorf("%s: LinkApp() logs %+v, want %s", name, e, c.change)
		}
		if wrote := o.wrote(); wrote != "account.factor_changed, changed "+string(c.change) || a.Apps.New.Number != 0 {
			t.Errorf("%s: LinkApp() writes %q and leaves %+v, want an event, a mail and no new app", name, wrote, a.Apps.New)
		}
		if plain, err := o.Ring.Open(c.sealed(a), c.aad(a.ID)); err != nil || codeOf(t, secret.Text(plain), step) != code(step) {
			t.Errorf("%s: the secret in its place opens with %v, want that of the new app", name, err)
		}
		for typed, want := range map[string]account.Outcome{code(step): account.Replayed, codeOf(t, firstKey, step): c.old} {
			if got, err := o.Code(t.Context(), a, typed, signin.From{}); err != nil || got.Outcome != want {
				t.Errorf("%s: Code() afterwards = %+v, %v, want %s", name, got, err, want)
			}
		}
		if _, err := o.LinkApp(t.Context(), a, appSID, code(step), signin.From{}); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: LinkApp() again = %v, want errs.ErrConflict", name, err)
		}
	}
}

// TP-02: one right code that is given many times at once links the app once.
func TestTP02_LinkAppAtOnce(t *testing.T) {
	t.Parallel()
	o, read, code := shown(t, 0)
	typed := code(totp.Step(noon))
	if n := atOnce(t, errs.ErrConflict, func(int) error {
		_, err := o.LinkApp(t.Context(), read, appSID, typed, signin.From{})
		return err
	}); n != 1 || len(o.house.rec.Events) != 1 || len(o.house.rec.Mails) != 1 || o.house.account.Epoch != read.Epoch+1 {
		t.Errorf("LinkApp() succeeds %d times of 16 and writes %q in epoch %d, want once", n, o.wrote(), o.house.account.Epoch)
	}
}

// EN-11, EN-14: nothing is counted or changed by a text that is no code, in another
// session, after the time of the app, or if the secret does not open.
func TestEN11_EN14_LinkAppRefused(t *testing.T) {
	t.Parallel()
	wrong := codeOf(t, firstKey, totp.Step(noon)+1000)
	damage := func(o *home) { o.house.account.Apps.New.Sealed[9]++ }
	for name, c := range map[string]struct {
		change func(*home)
		sid    string
		typed  string // "" is the right code
		want   error
	}{
		"no code":             {asIs, appSID, "12345", signin.ErrNoCode},
		"letters":             {asIs, appSID, "12345a", signin.ErrNoCode},
		"another session":     {asIs, "sid of a thief", "", errs.ErrConflict},
		"another, wrong":      {asIs, "sid of a thief", wrong, errs.ErrConflict},
		"no session":          {asIs, "", "", errs.ErrConflict},
		"too late":            {after(account.DefaultLimits.NewAppTime), appSID, "", errs.ErrConflict},
		"another epoch":       {nextEpoch, appSID, "", errs.ErrConflict},
		"of another app":      {func(o *home) { o.house.account.Apps.New.Number++ }, appSID, "", errs.ErrUnavailable},
		"damaged":             {damage, appSID, "", errs.ErrUnavailable},
		"damaged, wrong code": {damage, appSID, wrong, errs.ErrUnavailable},
		"the store is away":   {away("change"), appSID, "", errs.ErrUnavailable},
	} {
		o, read, code := shown(t, 0)
		c.change(o)
		was := o.house.account
		typed := c.typed
		if typed == "" {
			typed = code(totp.Step(o.house.now))
		}
		got, err := o.LinkApp(t.Context(), read, c.sid, typed, signin.From{})
		if !errors.Is(err, c.want) || got.Right || got.Account.ID != "" {
			t.Errorf("%s: LinkApp() = %+v, %v, want none, %v", name, got, err, c.want)
		}
		if wrote := o.wrote(); wrote != "" || !reflect.DeepEqual(o.house.account, was) {
			t.Errorf("%s: a refused LinkApp() writes %q and %+v, want nothing", name, wrote, o.house.account)
		}
	}
}

// EN-14: the code of a new app is right until the end of its time.
func TestEN14_LinkAppJustInTime(t *testing.T) {
	t.Parallel()
	o, read, code := shown(t, 0)
	o.house.now = noon.Add(o.Limits.NewAppTime - 1)
	if got, err := o.LinkApp(t.Context(), read, appSID, code(totp.Step(o.house.now)), signin.From{}); err != nil || !got.Right {
		t.Errorf("LinkApp() just in time = %+v, %v, want it right", got, err)
	}
}

// EN-13: wrong codes of a new app are counted apart from those of a login. The last one
// removes the app, with an event that says why.
func TestEN13_WrongCodesOfANewApp(t *testing.T) {
	t.Parallel()
	o, read, code := shown(t, 0)
	step := totp.Step(noon)
	for left := o.Limits.EnrolmentCodes - 1; left >= 0; left-- {
		got, err := o.LinkApp(t.Context(), read, appSID, code(step-2), signin.From{})
		if err != nil || got.Right || got.Left != left {
			t.Fatalf("LinkApp(wrong code) = %+v, %v, want %d left", got, err, left)
		}
		if left > 0 && len(o.house.rec.Events) > 0 {
			t.Errorf("LinkApp(wrong code) with %d left writes %q, want nothing", left, o.wrote())
		}
	}
	if e := o.house.rec.Events; len(e) != 1 || e[0].Reason != "wrong codes" || o.wrote() != "account.app_dropped" {
		t.Errorf("the last wrong code writes %+v, want account.app_dropped because of wrong codes", e)
	}
	if _, err := o.LinkApp(t.Context(), read, appSID, code(step), signin.From{}); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("LinkApp(right code) of an app that was removed = %v, want errs.ErrConflict", err)
	}
	if f := o.house.account.Factor; f.Failures != 0 || o.house.account.Epoch != read.Epoch {
		t.Errorf("wrong codes of a new app count %d of a login, in epoch %d, want 0 in %d", f.Failures, o.house.account.Epoch, read.Epoch)
	}
}

// A new app that its holder no longer wants is dropped once.
func TestDropApp(t *testing.T) {
	t.Parallel()
	o, read, code := shown(t, 0)
	stale := read
	stale.Epoch--
	if err := o.DropApp(t.Context(), stale, signin.From{}); !errors.Is(err, errs.ErrConflict) || o.wrote() != "" {
		t.Errorf("DropApp() of another epoch = %v, want errs.ErrConflict", err)
	}
	err := o.DropApp(t.Context(), read, signin.From{})
	if err != nil || o.house.rec.Events[0].Reason != "cancelled" || o.wrote() != "account.app_dropped" {
		t.Errorf("DropApp() = %v, want account.app_dropped because it was cancelled", err)
	}
	if _, err := o.LinkApp(t.Context(), read, appSID, code(totp.Step(noon)), signin.From{}); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("LinkApp() of a dropped app = %v, want errs.ErrConflict", err)
	}
	if err := o.DropApp(t.Context(), read, signin.From{}); !errors.Is(err, errs.ErrConflict) || o.wrote() != "" {
		t.Errorf("DropApp() again = %v, want errs.ErrConflict", err)
	}
}

// paired returns a home whose account has two apps, of the numbers 1 and 2.
func paired(t *testing.T) *home {
	o := newHome(t, account.Active)
	a := &o.house.account
	a.Apps = account.Apps{Given: 2, First: account.App{Number: 1, Name: "phone"}, Second: account.App{
		Number: 2, Name: "tablet", Sealed: seal(t, o.Ring, secondKey, account.AppAAD(a.ID, 0, 2)), LastStep: 7,
	}}
	return o
}

func TestRenameApp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number        int
		epoch         int64
		first, second string
		want          error
	}{
		"the first":     {1, 1, "new", "tablet", nil},
		"the second":    {2, 1, "phone", "new", nil},
		"no app":        {3, 1, "phone", "tablet", errs.ErrConflict},
		"another epoch": {1, 2, "phone", "tablet", errs.ErrConflict},
	} {
		o := paired(t)
		read := o.house.account
		read.Epoch = c.epoch
		err := o.RenameApp(t.Context(), read, c.number, "new", signin.From{})
		apps := o.house.account.AppList()
		if !errors.Is(err, c.want) || apps[0].Name != c.first || apps[1].Name != c.second || o.house.account.Epoch != 1 {
			t.Errorf("%s: RenameApp() = %v with the apps %+v, want %v, %q and %q", name, err, apps, c.want, c.first, c.second)
		}
		if wrote := o.wrote(); (wrote == "account.app_renamed") != (c.want == nil) {
			t.Errorf("%s: RenameApp() writes %q", name, wrote)
		}
	}
}

// The codes of a removed app are wrong, and those of the other one stay right. The last
// app cannot be removed, and neither can one if the secret of the other does not open.
func TestRemoveApp(t *testing.T) {
	t.Parallel()
	step := totp.Step(noon)
	for name, c := range map[string]struct {
		number        int
		change        func(*home)
		first, second account.Outcome // of codes afterwards
		want          error
	}{
		"the second":    {2, asIs, account.Accepted, account.Wrong, nil},
		"the first":     {1, asIs, account.Wrong, account.Accepted, nil},
		"no app":        {3, asIs, account.Accepted, account.Accepted, errs.ErrConflict},
		"another epoch": {1, nextEpoch, account.Accepted, account.Accepted, errs.ErrConflict},
		"the last": {1, func(o *home) {
			o.house.account.Apps.Second = account.App{}
		}, account.Accepted, account.Wrong, account.ErrLastApp},
		"damaged":           {1, func(o *home) { o.house.account.Apps.Second.Sealed[9]++ }, "", "", errs.ErrUnavailable},
		"of another number": {1, func(o *home) { o.house.account.Apps.Second.Number++ }, "", "", errs.ErrUnavailable},
		"the store is away": {1, away("change"), account.Accepted, account.Accepted, errs.ErrUnavailable},
	} {
		o := paired(t)
		read := o.house.account
		c.change(o)
		was := o.house.account
		got, err := o.RemoveApp(t.Context(), read, c.number, signin.From{})
		if !errors.Is(err, c.want) || (err == nil) != (got.ID != "") {
			t.Errorf("%s: RemoveApp() = %+v, %v, want %v", name, got, err, c.want)
		}
		wrote, removed := o.wrote(), c.want == nil
		switch {
		case !removed && (wrote != "" || !reflect.DeepEqual(o.house.account, was)):
			t.Errorf("%s: a refused RemoveApp() writes %q and %+v, want nothing", name, wrote, o.house.account)
		case removed && (wrote != "account.factor_changed, changed removed" || got.Epoch != 2 || len(got.AppList()) != 1):
			t.Errorf("%s: RemoveApp() writes %q and %+v, want an event, a mail and one app in the next epoch", name, wrote, got)
		}
		away("")(o)
		for key, want := range map[secret.Text]account.Outcome{firstKey: c.first, secondKey: c.second} {
			if want == "" {
				continue
			}
			if got, err := o.Code(t.Context(), o.house.account, codeOf(t, key, step), signin.From{}); err != nil || got.Outcome != want {
				t.Errorf("%s: Code() afterwards = %+v, %v, want %s", name, got, err, want)
			}
		}
	}
}
