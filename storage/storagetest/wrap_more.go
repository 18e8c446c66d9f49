package storagetest

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/signkey"
)

type grants struct {
	f *Faults
	s grant.Store
}

func (w grants) Issue(ctx context.Context, g grant.Grant, rec effect.Effects) error {
	return tell(w.f, "Grants.Issue", func() error { return w.s.Issue(ctx, g, rec) })
}

func (w grants) Redeem(ctx context.Context, r grant.Redemption, replay effect.Effects) (g grant.Grant, a account.Account, refused grant.Refusal, err error) {
	err = tell(w.f, "Grants.Redeem", func() (err error) { g, a, refused, err = w.s.Redeem(ctx, r, replay); return err })
	if err != nil {
		return grant.Grant{}, account.Account{}, "", err
	}
	return g, a, refused, nil
}

func (w grants) Live(ctx context.Context, id string, now time.Time) (g grant.Grant, a account.Account, err error) {
	err = tell(w.f, "Grants.Live", func() (err error) { g, a, err = w.s.Live(ctx, id, now); return err })
	if err != nil {
		return grant.Grant{}, account.Account{}, err
	}
	return g, a, nil
}

func (w grants) Revoke(ctx context.Context, id, clientID string, now time.Time, rec effect.Effects) error {
	return tell(w.f, "Grants.Revoke", func() error { return w.s.Revoke(ctx, id, clientID, now, rec) })
}

func (w grants) Issued(ctx context.Context, codeHash string) (grant.Grant, error) {
	return pass(w.f, "Grants.Issued", func() (grant.Grant, error) { return w.s.Issued(ctx, codeHash) })
}

func (w grants) ByID(ctx context.Context, id string) (grant.Grant, error) {
	return pass(w.f, "Grants.ByID", func() (grant.Grant, error) { return w.s.ByID(ctx, id) })
}

func (w grants) Ended(ctx context.Context, sid string) (bool, error) {
	return pass(w.f, "Grants.Ended", func() (bool, error) { return w.s.Ended(ctx, sid) })
}

func (w grants) EndSession(ctx context.Context, sid string, now, until time.Time, rec effect.Effects) ([]string, error) {
	return pass(w.f, "Grants.EndSession", func() ([]string, error) { return w.s.EndSession(ctx, sid, now, until, rec) })
}

func (w grants) UseOnce(ctx context.Context, clientID, jti string, expires time.Time) error {
	return tell(w.f, "Grants.UseOnce", func() error { return w.s.UseOnce(ctx, clientID, jti, expires) })
}

type keys struct {
	f *Faults
	s signkey.Store
}

func (w keys) Keys(ctx context.Context) ([]signkey.Key, error) {
	return pass(w.f, "Keys.Keys", func() ([]signkey.Key, error) { return w.s.Keys(ctx) })
}

func (w keys) Apply(ctx context.Context, changes []signkey.Change, now time.Time, rec effect.Effects) error {
	return tell(w.f, "Keys.Apply", func() error { return w.s.Apply(ctx, changes, now, rec) })
}

type lanes struct {
	f *Faults
	s limit.Lanes
}

func (w lanes) Try(ctx context.Context, key, deviceHash string, now time.Time) (bool, error) {
	return pass(w.f, "Lanes.Try", func() (bool, error) { return w.s.Try(ctx, key, deviceHash, now) })
}

func (w lanes) Clear(ctx context.Context, key, deviceHash string) error {
	return tell(w.f, "Lanes.Clear", func() error { return w.s.Clear(ctx, key, deviceHash) })
}

func (w lanes) Lend(ctx context.Context, key, deviceHash string, now, until time.Time) error {
	return tell(w.f, "Lanes.Lend", func() error { return w.s.Lend(ctx, key, deviceHash, now, until) })
}

func (w lanes) Remember(ctx context.Context, key, deviceHash string, now time.Time) error {
	return tell(w.f, "Lanes.Remember", func() error { return w.s.Remember(ctx, key, deviceHash, now) })
}

type locks struct {
	f *Faults
	s limit.Locks
}

func (w locks) Open(ctx context.Context, key string, rec effect.Effects) error {
	return tell(w.f, "Locks.Open", func() error { return w.s.Open(ctx, key, rec) })
}

type refusals struct {
	f *Faults
	s signin.Refusals
}

func (w refusals) Refuse(ctx context.Context, r signin.Refusal, now time.Time) error {
	return tell(w.f, "Refusals.Refuse", func() error { return w.s.Refuse(ctx, r, now) })
}

func (w refusals) Unreported(ctx context.Context, now time.Time, n int) ([]signin.Series, error) {
	return pass(w.f, "Refusals.Unreported", func() ([]signin.Series, error) { return w.s.Unreported(ctx, now, n) })
}

func (w refusals) Reported(ctx context.Context, was, next signin.Series, over bool, rec effect.Effects, now time.Time) error {
	return tell(w.f, "Refusals.Reported", func() error { return w.s.Reported(ctx, was, next, over, rec, now) })
}

type devices struct {
	f *Faults
	s signin.Devices
}

func (w devices) Known(ctx context.Context, key, deviceHash string) (bool, error) {
	return pass(w.f, "Devices.Known", func() (bool, error) { return w.s.Known(ctx, key, deviceHash) })
}

type outbox struct {
	f *Faults
	s mail.Outbox
}

func (w outbox) TakeExpiring(ctx context.Context, now time.Time, lease time.Duration, n int) ([]mail.Item, error) {
	return pass(w.f, "Outbox.TakeExpiring", func() ([]mail.Item, error) { return w.s.TakeExpiring(ctx, now, lease, n) })
}

func (w outbox) Take(ctx context.Context, now time.Time, lease time.Duration, n int) ([]mail.Item, error) {
	return pass(w.f, "Outbox.Take", func() ([]mail.Item, error) { return w.s.Take(ctx, now, lease, n) })
}

func (w outbox) Sent(ctx context.Context, m mail.Message, now time.Time) error {
	return tell(w.f, "Outbox.Sent", func() error { return w.s.Sent(ctx, m, now) })
}

func (w outbox) Refused(ctx context.Context, m mail.Message, now time.Time, r mail.Refusal) error {
	return tell(w.f, "Outbox.Refused", func() error { return w.s.Refused(ctx, m, now, r) })
}

func (w outbox) Later(ctx context.Context, id string, until time.Time, reason string) error {
	return tell(w.f, "Outbox.Later", func() error { return w.s.Later(ctx, id, until, reason) })
}

func (w outbox) Drop(ctx context.Context, id string, now time.Time, reason string) error {
	return tell(w.f, "Outbox.Drop", func() error { return w.s.Drop(ctx, id, now, reason) })
}

func (w outbox) Waiting(ctx context.Context) (int, error) {
	return pass(w.f, "Outbox.Waiting", func() (int, error) { return w.s.Waiting(ctx) })
}

type bouncesStore struct {
	f *Faults
	s mail.Bounces
}

func (w bouncesStore) ByAddress(ctx context.Context, address string) ([]mail.Bounce, error) {
	return pass(w.f, "Bounces.ByAddress", func() ([]mail.Bounce, error) { return w.s.ByAddress(ctx, address) })
}

func (w bouncesStore) Mark(ctx context.Context, id, address string, r mail.Refusal, now time.Time) (string, error) {
	return pass(w.f, "Bounces.Mark", func() (string, error) { return w.s.Mark(ctx, id, address, r, now) })
}

type auditLog struct {
	f *Faults
	s audit.Store
}

func (w auditLog) Events(ctx context.Context, after int64, limit int) ([]audit.Event, error) {
	return pass(w.f, "Audit.Events", func() ([]audit.Event, error) { return w.s.Events(ctx, after, limit) })
}

func (w auditLog) Find(ctx context.Context, f audit.Filter, limit int) ([]audit.Event, error) {
	return pass(w.f, "Audit.Find", func() ([]audit.Event, error) { return w.s.Find(ctx, f, limit) })
}

func (w auditLog) EventsAbout(ctx context.Context, objectKind audit.ObjectKind, objectID string, limit int) ([]audit.Event, error) {
	return pass(w.f, "Audit.EventsAbout", func() ([]audit.Event, error) { return w.s.EventsAbout(ctx, objectKind, objectID, limit) })
}

func (w auditLog) History(ctx context.Context, h audit.History, limit int) ([]audit.Event, error) {
	return pass(w.f, "Audit.History", func() ([]audit.Event, error) { return w.s.History(ctx, h, limit) })
}

func (w auditLog) Note(ctx context.Context, e audit.Event) error {
	return tell(w.f, "Audit.Note", func() error { return w.s.Note(ctx, e) })
}

type requests struct {
	f *Faults
	s authreq.Store
}

func (w requests) Create(ctx context.Context, r authreq.Request, ttl time.Duration) error {
	return tell(w.f, "Requests.Create", func() error { return w.s.Create(ctx, r, ttl) })
}

func (w requests) Get(ctx context.Context, key string) (authreq.Request, error) {
	return pass(w.f, "Requests.Get", func() (authreq.Request, error) { return w.s.Get(ctx, key) })
}

func (w requests) Save(ctx context.Context, r authreq.Request, ttl time.Duration) (authreq.Request, error) {
	return pass(w.f, "Requests.Save", func() (authreq.Request, error) { return w.s.Save(ctx, r, ttl) })
}

type sessions struct {
	f *Faults
	s session.Store
}

func (w sessions) Create(ctx context.Context, v session.Session, ttl time.Duration) error {
	return tell(w.f, "Sessions.Create", func() error { return w.s.Create(ctx, v, ttl) })
}

func (w sessions) Get(ctx context.Context, key string) (session.Session, error) {
	return pass(w.f, "Sessions.Get", func() (session.Session, error) { return w.s.Get(ctx, key) })
}

func (w sessions) Save(ctx context.Context, v session.Session, ttl time.Duration) (session.Session, error) {
	return pass(w.f, "Sessions.Save", func() (session.Session, error) { return w.s.Save(ctx, v, ttl) })
}

func (w sessions) Delete(ctx context.Context, key string) error {
	return tell(w.f, "Sessions.Delete", func() error { return w.s.Delete(ctx, key) })
}

type windows struct {
	f *Faults
	s limit.Windows
}

func (w windows) Spend(ctx context.Context, charges ...limit.Charge) (over int, wait time.Duration, err error) {
	err = tell(w.f, "Windows.Spend", func() (err error) { over, wait, err = w.s.Spend(ctx, charges...); return err })
	if err != nil {
		return 0, 0, err
	}
	return over, wait, nil
}

type resets struct {
	f *Faults
	s account.Resets
}

func (w resets) Send(ctx context.Context, key string, judge func(account.PasswordLink) (account.PasswordLink, effect.Effects, error)) error {
	return tell(w.f, "Resets.Send", func() error { return w.s.Send(ctx, key, judge) })
}

func (w resets) ByLink(ctx context.Context, hash string) (l account.PasswordLink, a account.Account, err error) {
	err = tell(w.f, "Resets.ByLink", func() (err error) {
		l, a, err = w.s.ByLink(ctx, hash)
		return err
	})
	return l, a, err
}

func (w resets) Open(ctx context.Context, hash string, judge func(account.PasswordLink, account.Account) (account.PasswordLink, account.Reset, effect.Effects, error)) error {
	return tell(w.f, "Resets.Open", func() error { return w.s.Open(ctx, hash, judge) })
}

func (w resets) ByBrowser(ctx context.Context, browser string) (r account.Reset, a account.Account, err error) {
	err = tell(w.f, "Resets.ByBrowser", func() (err error) {
		r, a, err = w.s.ByBrowser(ctx, browser)
		return err
	})
	return r, a, err
}

func (w resets) Prove(ctx context.Context, browser string, now time.Time) error {
	return tell(w.f, "Resets.Prove", func() error { return w.s.Prove(ctx, browser, now) })
}

func (w resets) Renew(ctx context.Context, id, key string, judge func(account.Account) (account.Account, effect.Effects, error)) error {
	return tell(w.f, "Resets.Renew", func() error { return w.s.Renew(ctx, id, key, judge) })
}

func (w resets) Use(ctx context.Context, browser string, now time.Time, judge func(account.Reset, account.Account) (account.Account, effect.Effects, error)) error {
	return tell(w.f, "Resets.Use", func() error { return w.s.Use(ctx, browser, now, judge) })
}

type logins struct {
	f *Faults
	s session.List
}

func (w logins) Add(ctx context.Context, e session.Entry) error {
	return tell(w.f, "Logins.Add", func() error { return w.s.Add(ctx, e) })
}

func (w logins) Of(ctx context.Context, accountID string, epoch int64, now time.Time, most int) ([]session.Entry, error) {
	return pass(w.f, "Logins.Of", func() ([]session.Entry, error) { return w.s.Of(ctx, accountID, epoch, now, most) })
}
