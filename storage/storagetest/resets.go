package storagetest

import (
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

// limitsOfResets are those of the rules that the suite judges by.
var limitsOfResets = account.DefaultLimits

// Resets tests an account.Resets with the rules of package account.
func Resets(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("PW-02: a link is used once", func(t *testing.T) { resetOpenOnce(t, w.in(t)) })
	t.Run("PW-04: the next link ends the last", func(t *testing.T) { resetNextLink(t, w.in(t)) })
	t.Run("links at once are spaced", func(t *testing.T) { resetSpaced(t, w.in(t)) })
	t.Run("an address without an account", func(t *testing.T) { resetUnknown(t, w.in(t)) })
	t.Run("PW-13: a reset is used once, with the password", func(t *testing.T) { resetUse(t, w.in(t)) })
	t.Run("a change of the password", func(t *testing.T) { resetRenew(t, w.in(t)) })
	w.unbroken()
}

// linked stores a link of an account and returns its hash and the key of its address.
func (w world) linked(a account.Account, now time.Time) (key, hash string) {
	w.t.Helper()
	key, hash = fresh("key"), fresh("link")
	must(w.t, w.sendLink(key, account.PasswordLink{AccountID: a.ID, Epoch: a.Epoch, Hash: hash}, now, note("link", a.ID)))
	return key, hash
}

func (w world) sendLink(key string, next account.PasswordLink, now time.Time, rec effect.Effects) error {
	return w.Resets.Send(ctx(w.t), key, func(was account.PasswordLink) (account.PasswordLink, effect.Effects, error) {
		next, err := limitsOfResets.SendLink(was, next, now)
		return next, rec, err
	})
}

func (w world) openLink(hash, browser string, now time.Time, rec effect.Effects) error {
	return w.Resets.Open(ctx(w.t), hash, func(l account.PasswordLink, a account.Account) (account.PasswordLink, account.Reset, effect.Effects, error) {
		next, r, err := limitsOfResets.OpenLink(l, a, browser, now)
		return next, r, rec, err
	})
}

func resetOpenOnce(t *testing.T, w world) {
	a := w.active()
	_, hash := w.linked(a, noon)
	link, of, err := w.Resets.ByLink(ctx(t), hash)
	must(t, err)
	same(t, of, a)
	if link.AccountID != a.ID || link.Epoch != a.Epoch || !link.SentAt.Equal(noon) || link.Sent != 1 || !link.OpenedAt.IsZero() {
		t.Errorf("the link: %+v", link)
	}
	rec := note("opened", a.ID)
	w.refused(w.openLink(hash, fresh("browser"), noon.Add(limitsOfResets.ResetTime), rec), errs.ErrConflict, rec)
	is(t, w.openLink(fresh("other"), fresh("browser"), noon, rec), errs.ErrNotFound)
	browsers := [crowd]string{}
	for i := range browsers {
		browsers[i] = fresh("browser")
	}
	exactlyOne(t, atOnce(func(i int) error { return w.openLink(hash, browsers[i], noon, rec) }), errs.ErrConflict)
	w.written(rec)
	found := 0
	for _, b := range browsers {
		r, of, err := w.Resets.ByBrowser(ctx(t), b)
		if errors.Is(err, errs.ErrNotFound) {
			continue
		}
		must(t, err)
		found++
		same(t, of, a)
		if r.Browser != b || r.AccountID != a.ID || r.Epoch != a.Epoch || !r.OpenedAt.Equal(noon) || !r.CodeAt.IsZero() || !r.UsedAt.IsZero() {
			t.Errorf("the reset: %+v", r)
		}
	}
	if found != 1 {
		t.Errorf("%d resets began, want 1", found)
	}
	for _, unknown := range []string{"", "%", hash + " "} {
		_, _, err := w.Resets.ByLink(ctx(t), unknown)
		is(t, err, errs.ErrNotFound)
		_, _, err = w.Resets.ByBrowser(ctx(t), unknown)
		is(t, err, errs.ErrNotFound)
	}
}

func resetNextLink(t *testing.T, w world) {
	a := w.active()
	key, first := w.linked(a, noon)
	second, now := fresh("link"), noon.Add(limitsOfResets.ResetTime)
	must(t, w.sendLink(key, account.PasswordLink{AccountID: a.ID, Epoch: a.Epoch, Hash: second, ClientID: "web"}, now, note("link", a.ID)))
	_, _, err := w.Resets.ByLink(ctx(t), first)
	is(t, err, errs.ErrNotFound)
	is(t, w.openLink(first, fresh("browser"), now, effect.Effects{}), errs.ErrNotFound)
	link, _, err := w.Resets.ByLink(ctx(t), second)
	must(t, err)
	if link.Sent != 2 || link.ClientID != "web" {
		t.Errorf("the second link: %+v", link)
	}
}

func resetSpaced(t *testing.T, w world) {
	a := w.active()
	key, rec := fresh("key"), note("link", a.ID)
	exactlyOne(t, atOnce(func(int) error {
		return w.sendLink(key, account.PasswordLink{AccountID: a.ID, Epoch: a.Epoch, Hash: fresh("link")}, noon, rec)
	}), account.ErrSpaced)
	w.written(rec)
}

func resetUnknown(t *testing.T, w world) {
	hash := fresh("link")
	must(t, w.sendLink(fresh("key"), account.PasswordLink{Hash: hash}, noon, effect.Effects{}))
	_, _, err := w.Resets.ByLink(ctx(t), hash)
	is(t, err, errs.ErrNotFound)
	is(t, w.openLink(hash, fresh("browser"), noon, effect.Effects{}), errs.ErrNotFound)
}

// choose uses a reset with a new password.
func (w world) choose(browser, hash string, now time.Time, rec effect.Effects) error {
	return w.Resets.Use(ctx(w.t), browser, now, func(r account.Reset, a account.Account) (account.Account, effect.Effects, error) {
		if limitsOfResets.Step(r, a, now) != account.ResetPassword {
			return a, rec, errs.ErrConflict
		}
		next, err := a.SetPassword(r.Epoch, secret.Text(hash), now)
		return next, rec, err
	})
}

func resetUse(t *testing.T, w world) {
	a := w.active()
	key, hash := w.linked(a, noon)
	browser, rec := fresh("browser"), note("chosen", a.ID)
	must(t, w.openLink(hash, browser, noon, effect.Effects{}))
	w.refused(w.choose(browser, "hash", noon, rec), errs.ErrConflict, rec) // without a code
	is(t, w.choose(fresh("browser"), "hash", noon, rec), errs.ErrConflict)
	same(t, w.account(a.ID), a)
	is(t, w.Resets.Prove(ctx(t), fresh("browser"), noon), errs.ErrConflict)
	must(t, w.Resets.Prove(ctx(t), browser, noon))
	must(t, w.Lanes.Remember(ctx(t), key, "device", noon))
	w.lock(key, "device", noon)
	w.lock(key, "", noon)
	exactlyOne(t, atOnce(func(int) error { return w.choose(browser, "hash", noon, rec) }), errs.ErrConflict)
	w.written(rec)
	a.PasswordHash, a.PasswordAt = "hash", noon
	a.Epoch++
	same(t, w.account(a.ID), a)
	if known := ok[bool](t)(w.Devices.Known(ctx(t), key, "device")); known {
		t.Error("a browser is known from before the reset")
	}
	if !w.try(key, "", noon) {
		t.Error("the lane of strangers is locked after the reset")
	}
	is(t, w.Resets.Prove(ctx(t), browser, noon), errs.ErrConflict)
}

func resetRenew(t *testing.T, w world) {
	a := w.active()
	rec := note("changed", a.ID)
	change := func(id string) error {
		return w.Resets.Renew(ctx(t), id, fresh("key"), func(locked account.Account) (account.Account, effect.Effects, error) {
			next, err := locked.SetPassword(a.Epoch, "hash", noon)
			return next, rec, err
		})
	}
	is(t, change(fresh("nobody")), errs.ErrConflict)
	exactlyOne(t, atOnce(func(int) error { return change(a.ID) }), errs.ErrConflict)
	w.written(rec)
	a.PasswordHash, a.PasswordAt = "hash", noon
	a.Epoch++
	same(t, w.account(a.ID), a)
}

// Logins tests a session.List.
func Logins(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	a, other := w.active(), w.active()
	entry := func(account string, epoch int64, started time.Time) session.Entry {
		return session.Entry{SID: fresh("sid"), AccountID: account, Epoch: epoch, Key: fresh("key"), Agent: "firefox/linux", StartedAt: started, Expires: started.Add(12 * time.Hour)}
	}
	first, second, ended := entry(a.ID, a.Epoch, noon), entry(a.ID, a.Epoch, noon.Add(time.Hour)), entry(a.ID, a.Epoch, noon.Add(2*time.Hour))
	for _, e := range []session.Entry{first, second, ended, entry(a.ID, a.Epoch-1, noon), entry(other.ID, other.Epoch, noon), entry(a.ID, a.Epoch, noon.Add(-12*time.Hour))} {
		must(t, w.Logins.Add(ctx(t), e))
	}
	_, err := w.Grants.EndSession(ctx(t), ended.SID, noon, noon.Add(48*time.Hour), effect.Effects{})
	must(t, err)
	list := func(most int) []session.Entry {
		return ok[[]session.Entry](t)(w.Logins.Of(ctx(t), a.ID, a.Epoch, noon, most))
	}
	same(t, list(10), []session.Entry{second, first})
	same(t, list(1), []session.Entry{second})
	again := first // a later login in the same session
	again.Key, again.Agent, again.StartedAt = fresh("key"), "safari/iphone", noon.Add(3*time.Hour)
	must(t, w.Logins.Add(ctx(t), again))
	again.StartedAt = first.StartedAt
	same(t, list(10), []session.Entry{second, again})
	w.unbroken()
}

// laneLent requires that a browser that was lent a lane has one until the given moment.
func laneLent(t *testing.T, w world) {
	key, until := fresh("key"), noon.Add(30*time.Minute)
	w.lock(key, "", noon)
	must(t, w.Lanes.Lend(ctx(t), key, "device", noon, until))
	if !w.try(key, "device", noon) || w.try(key, "other", noon) {
		t.Error("the browser that was lent a lane does not have it, or another one has it")
	}
	if known := ok[bool](t)(w.Devices.Known(ctx(t), key, "device")); known {
		t.Error("a browser that was lent a lane is known")
	}
	for w.try(key, "", until) {
	}
	if w.try(key, "device", until) {
		t.Error("the browser has a lane after its time")
	}
	must(t, w.Lanes.Remember(ctx(t), key, "device", until))
	must(t, w.Lanes.Lend(ctx(t), key, "device", until, until.Add(time.Minute))) // does not shorten the lane of a known browser
	if !w.try(key, "device", until.Add(time.Hour)) {
		t.Error("a browser that logged in has no lane")
	}
}
