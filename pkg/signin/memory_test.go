package signin_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/totp"
)

// firstKey and secondKey are the TOTP secrets of two apps.
const (
	firstKey  = secret.Text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	secondKey = secret.Text("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
)

// codeOf returns the code of a step.
func codeOf(t *testing.T, key secret.Text, step int64) string {
	t.Helper()
	code, err := totp.Code(key, step)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// seal returns a secret as it is stored.
func seal(t *testing.T, ring *secret.KeyRing, key secret.Text, aad string) []byte {
	t.Helper()
	sealed, err := ring.Seal([]byte(key.Reveal()), aad)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// dice is a source of the same bytes in every test, which calls at once can share.
type dice struct {
	mu sync.Mutex
	of *rand.ChaCha8
}

func newDice() *dice { return &dice{of: rand.NewChaCha8([32]byte{})} }

func (d *dice) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.of.Read(p)
}

// atOnce makes 16 calls at once and returns the number of those without an error. The
// error of each other call has to be want.
func atOnce(t *testing.T, want error, call func(i int) error) (succeeded int) {
	t.Helper()
	var all [16]error
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() { all[i] = call(i) })
	}
	wait.Wait()
	for i, err := range all {
		switch {
		case err == nil:
			succeeded++
		case !errors.Is(err, want):
			t.Errorf("call %d of a crowd = %v, want nil or %v", i, err, want)
		}
	}
	return succeeded
}

// home is a service with stores in memory, for the account of a house.
type home struct {
	*signin.Service
	house *house
	lanes *lanes
	post  *postbox
}

// anna returns an account with one app.
func anna(t *testing.T, ring *secret.KeyRing, state account.State) account.Account {
	a := newHouse().account
	a.ID, a.State, a.Lang = "0123456789abcdef0123456789abcdef", state, "nl"
	if state == account.Active || state == account.QRShown {
		a.Factor = account.Factor{Sealed: seal(t, ring, firstKey, account.FactorAAD(a.ID, 0)), ShownAt: noon.Add(-time.Hour)}
	}
	if state == account.Active {
		a.LastLoginAt = noon.Add(-time.Hour)
	}
	return a
}

func newHome(t *testing.T, state account.State) *home {
	t.Helper()
	h := newHouse()
	o := &home{Service: h.rules(), house: h}
	o.lanes = &lanes{house: h, tallies: map[string]limit.Tally{}, known: map[string]time.Time{}}
	o.post = &postbox{home: o, links: map[string]account.PasswordLink{}, resets: map[string]account.Reset{}}
	o.Ring, o.Letters, o.Rand = newRing(t), letters{}, newDice()
	o.Lanes, o.Resets, o.Locks, o.Callback = o.lanes, o.post, locks{o}, signin.Callback("callback")
	h.account = anna(t, o.Ring, state)
	return o
}

// key is the key of the lanes, devices and links of the account's address.
func (o *home) key() string { return limit.Key(o.LaneKey, "holder", o.house.account.Email) }

// wrote returns the actions and the subjects of mails since the last call.
func (o *home) wrote() string {
	out := said(o.house.rec, o.house.account.BlockRef)
	o.house.rec = effect.Effects{}
	return out
}

// What can happen to a home between two calls.

func asIs(*home) {}

func nextEpoch(o *home) { o.house.account.Epoch++ }

func in(state account.State) func(*home) {
	return func(o *home) { o.house.account.State = state }
}

func after(d time.Duration) func(*home) {
	return func(o *home) { o.house.now = noon.Add(d) }
}

// away makes a call of a store unavailable; "" makes all of them answer.
func away(call string) func(*home) {
	return func(o *home) { o.house.fail = call }
}

// judge judges the account as it is stored.
type judge = func(account.Account) (account.Account, effect.Effects, error)

// write holds the row of the account, as a transaction does. Nothing is stored if judge
// returns an error.
func (h *house) write(id string, judge judge) error {
	h.row.Lock()
	defer h.row.Unlock()
	return h.writeLocked(id, judge)
}

func (h *house) writeLocked(id string, judge judge) error {
	if id != h.account.ID {
		return errs.ErrConflict
	}
	next, rec, err := judge(h.account)
	if err != nil {
		return err
	}
	h.account = next
	h.record(rec)
	return nil
}

func (h *house) record(rec effect.Effects) {
	h.rec.Events, h.rec.Mails = append(h.rec.Events, rec.Events...), append(h.rec.Mails, rec.Mails...)
}

func (h *house) ByID(_ context.Context, id string) (account.Account, error) {
	if err := h.ask("account by id"); err != nil {
		return account.Account{}, err
	}
	h.row.Lock()
	defer h.row.Unlock()
	if id != h.account.ID {
		return account.Account{}, errs.ErrNotFound
	}
	return h.account, nil
}

func (h *house) Change(_ context.Context, id string, judge judge) error {
	if err := h.ask("change"); err != nil {
		return err
	}
	return h.write(id, func(a account.Account) (account.Account, effect.Effects, error) {
		next, rec, err := judge(a)
		if err == nil {
			err = h.reference(next)
		}
		return next, rec, err
	})
}

// reference returns errs.ErrConflict if another account has the reference of a block.
func (h *house) reference(a account.Account) error {
	if a.BlockRef != "" && h.taken > 0 {
		h.taken--
		return errs.ErrConflict
	}
	return nil
}

func (h *house) Block(
	ctx context.Context, id string, epoch int64, reason account.BlockReason, ref string, _ time.Time, rec effect.Effects,
) error {
	return h.Change(ctx, id, func(a account.Account) (account.Account, effect.Effects, error) {
		next, err := a.Block(epoch, reason, ref)
		return next, rec, err
	})
}

func (h *house) TryCode(
	_ context.Context, id string, epoch int64, now time.Time, judge func(account.CodeTry) account.Verdict,
) (account.Verdict, error) {
	if err := h.ask("code"); err != nil {
		return account.Verdict{}, err
	}
	var verdict account.Verdict
	err := h.write(id, func(a account.Account) (account.Account, effect.Effects, error) {
		if a.Epoch != epoch {
			return a, effect.Effects{}, errs.ErrConflict
		}
		a.Factor.Failures++
		try, err := a.Try()
		if err != nil {
			return a, effect.Effects{}, err
		}
		verdict = judge(try)
		next, err := a.Judged(verdict, now)
		return next, verdict.Effects, err
	})
	if err != nil {
		return account.Verdict{}, err
	}
	return verdict, nil
}

// lanes keeps tallies, and the browsers that are known for a key with the end of that;
// the zero time means that there is none.
type lanes struct {
	house   *house
	mu      sync.Mutex
	tallies map[string]limit.Tally
	known   map[string]time.Time
}

// lane returns the key of a tally: that of the browser if it is known.
func (l *lanes) lane(key, device string, now time.Time) string {
	if until, ok := l.known[key+" "+device]; ok && (until.IsZero() || now.Before(until)) {
		return key + " " + device
	}
	return key + " " + limit.Strangers
}

func (l *lanes) Try(_ context.Context, key, device string, now time.Time) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.lane(key, device, now)
	open, next := limit.Count(l.tallies[lane], now)
	l.tallies[lane] = next
	return open, l.house.ask("try")
}

func (l *lanes) Clear(_ context.Context, key, device string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tallies, l.lane(key, device, l.house.now))
	return l.house.ask("clear")
}

func (l *lanes) Remember(_ context.Context, key, device string, _ time.Time) error {
	return l.know(key, device, time.Time{}, "remember")
}

func (l *lanes) Lend(_ context.Context, key, device string, _, until time.Time) error {
	return l.know(key, device, until, "lend")
}

func (l *lanes) know(key, device string, until time.Time, call string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.house.ask(call)
	if err == nil {
		l.known[key+" "+device] = until
	}
	return err
}

// forget removes the tallies and the browsers of a key.
func (l *lanes) forget(key string) {
	for lane := range l.tallies {
		if strings.HasPrefix(lane, key+" ") {
			delete(l.tallies, lane)
		}
	}
	for device := range l.known {
		if strings.HasPrefix(device, key+" ") {
			delete(l.known, device)
		}
	}
}

// locks implements limit.Locks, whose method has the name of one of account.Resets.
type locks struct{ home *home }

func (l locks) Open(_ context.Context, key string, rec effect.Effects) error {
	if err := l.home.house.ask("open lanes"); err != nil {
		return err
	}
	for lane := range l.home.lanes.tallies {
		if strings.HasPrefix(lane, key+" ") {
			delete(l.home.lanes.tallies, lane)
		}
	}
	l.home.house.record(rec)
	return nil
}

// postbox stores the last link of each address, and the reset of each browser.
type postbox struct {
	home   *home
	links  map[string]account.PasswordLink
	resets map[string]account.Reset
}

func (p *postbox) Send(
	_ context.Context, key string, judge func(account.PasswordLink) (account.PasswordLink, effect.Effects, error),
) error {
	h := p.home.house
	if err := h.ask("send"); err != nil {
		return err
	}
	h.row.Lock()
	defer h.row.Unlock()
	was := p.links[key]
	was.Key = key
	next, rec, err := judge(was)
	if err == nil {
		p.links[key] = next
		h.record(rec)
	}
	return err
}

// link returns the link with a hash; one without an account is none.
func (p *postbox) link(hash string) (account.PasswordLink, error) {
	for _, l := range p.links {
		if l.Hash == hash && l.AccountID == p.home.house.account.ID {
			return l, nil
		}
	}
	return account.PasswordLink{}, errs.ErrNotFound
}

func (p *postbox) ByLink(_ context.Context, hash string) (account.PasswordLink, account.Account, error) {
	if err := p.home.house.ask("link"); err != nil {
		return account.PasswordLink{}, account.Account{}, err
	}
	l, err := p.link(hash)
	return l, p.home.house.account, err
}

func (p *postbox) Open(
	_ context.Context, hash string,
	judge func(account.PasswordLink, account.Account) (account.PasswordLink, account.Reset, effect.Effects, error),
) error {
	h := p.home.house
	if err := h.ask("open"); err != nil {
		return err
	}
	h.row.Lock()
	defer h.row.Unlock()
	l, err := p.link(hash)
	if err != nil {
		return err
	}
	next, reset, rec, err := judge(l, h.account)
	if err == nil {
		p.links[l.Key], p.resets[reset.Browser] = next, reset
		h.record(rec)
	}
	return err
}

func (p *postbox) ByBrowser(_ context.Context, browser string) (account.Reset, account.Account, error) {
	if err := p.home.house.ask("reset"); err != nil {
		return account.Reset{}, account.Account{}, err
	}
	reset, ok := p.resets[browser]
	if !ok {
		return account.Reset{}, account.Account{}, errs.ErrNotFound
	}
	return reset, p.home.house.account, nil
}

func (p *postbox) Prove(_ context.Context, browser string, now time.Time) error {
	if err := p.home.house.ask("prove"); err != nil {
		return err
	}
	reset, ok := p.resets[browser]
	if !ok || !reset.UsedAt.IsZero() {
		return errs.ErrConflict
	}
	reset.CodeAt = now
	p.resets[browser] = reset
	return nil
}

func (p *postbox) Renew(_ context.Context, id, key string, judge judge) error {
	h := p.home.house
	if err := h.ask("renew"); err != nil {
		return err
	}
	err := h.write(id, judge)
	if err == nil {
		p.home.lanes.forget(key)
	}
	return err
}

func (p *postbox) Use(
	_ context.Context, browser string, now time.Time, judge func(account.Reset, account.Account) (account.Account, effect.Effects, error),
) error {
	h := p.home.house
	if err := h.ask("use"); err != nil {
		return err
	}
	h.row.Lock()
	defer h.row.Unlock()
	reset, ok := p.resets[browser]
	if !ok || !reset.UsedAt.IsZero() {
		return errs.ErrConflict
	}
	err := h.writeLocked(reset.AccountID, func(a account.Account) (account.Account, effect.Effects, error) {
		return judge(reset, a)
	})
	if err == nil {
		reset.UsedAt = now
		p.resets[browser] = reset
		p.home.lanes.forget(reset.Key)
	}
	return err
}
