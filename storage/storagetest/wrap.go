package storagetest

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/secret"
)

// The wrappers embed nothing, so that a new method of an interface does not
// compile here until it is counted.

type accounts struct {
	f *Faults
	s account.Store
}

func (w accounts) ByID(ctx context.Context, id string) (account.Account, error) {
	return pass(w.f, "Accounts.ByID", func() (account.Account, error) { return w.s.ByID(ctx, id) })
}

func (w accounts) InSession(ctx context.Context, id, sid string) (account.Account, error) {
	return pass(w.f, "Accounts.InSession", func() (account.Account, error) { return w.s.InSession(ctx, id, sid) })
}

func (w accounts) Owner(ctx context.Context, email string, now time.Time) (account.Account, error) {
	return pass(w.f, "Accounts.Owner", func() (account.Account, error) { return w.s.Owner(ctx, email, now) })
}

func (w accounts) ByEmail(ctx context.Context, email string) (account.Account, error) {
	return pass(w.f, "Accounts.ByEmail", func() (account.Account, error) { return w.s.ByEmail(ctx, email) })
}

func (w accounts) ByBlockRef(ctx context.Context, ref string) (account.Account, error) {
	return pass(w.f, "Accounts.ByBlockRef", func() (account.Account, error) { return w.s.ByBlockRef(ctx, ref) })
}

func (w accounts) ShowQR(ctx context.Context, id string, epoch int64, sealed []byte, now time.Time, rec effect.Effects) error {
	return tell(w.f, "Accounts.ShowQR", func() error { return w.s.ShowQR(ctx, id, epoch, sealed, now, rec) })
}

func (w accounts) TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error) {
	return pass(w.f, "Accounts.TryCode", func() (account.Verdict, error) { return w.s.TryCode(ctx, id, epoch, now, judge) })
}

func (w accounts) Block(ctx context.Context, id string, epoch int64, reason account.BlockReason, ref string, now time.Time, rec effect.Effects) error {
	return tell(w.f, "Accounts.Block", func() error { return w.s.Block(ctx, id, epoch, reason, ref, now, rec) })
}

func (w accounts) Rehash(ctx context.Context, id string, old, fresh secret.Text) error {
	return tell(w.f, "Accounts.Rehash", func() error { return w.s.Rehash(ctx, id, old, fresh) })
}

func (w accounts) Change(ctx context.Context, id string, judge func(account.Account) (account.Account, effect.Effects, error)) error {
	return tell(w.f, "Accounts.Change", func() error { return w.s.Change(ctx, id, judge) })
}

type recoveries struct {
	f *Faults
	s account.Recoveries
}

func (w recoveries) Mailed(ctx context.Context, accountID string) (account.Mailed, error) {
	return pass(w.f, "Recoveries.Mailed", func() (account.Mailed, error) { return w.s.Mailed(ctx, accountID) })
}

func (w recoveries) Send(ctx context.Context, accountID string, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	return tell(w.f, "Recoveries.Send", func() error { return w.s.Send(ctx, accountID, judge) })
}

func (w recoveries) Try(ctx context.Context, accountID string, judge func(account.Account, account.Mailed) (account.Account, account.Mailed, effect.Effects, error)) error {
	return tell(w.f, "Recoveries.Try", func() error { return w.s.Try(ctx, accountID, judge) })
}

func (w recoveries) ByCancelHash(ctx context.Context, hash string) (account.Account, error) {
	return pass(w.f, "Recoveries.ByCancelHash", func() (account.Account, error) { return w.s.ByCancelHash(ctx, hash) })
}

type addresses struct {
	f *Faults
	s account.Addresses
}

func (w addresses) Asked(ctx context.Context, accountID string) (account.AddressChange, error) {
	return pass(w.f, "Addresses.Asked", func() (account.AddressChange, error) { return w.s.Asked(ctx, accountID) })
}

func (w addresses) Ask(ctx context.Context, accountID, email string, now time.Time, judge func(account.Account, account.AddressTaken) (account.AddressChange, effect.Effects, error)) error {
	return tell(w.f, "Addresses.Ask", func() error { return w.s.Ask(ctx, accountID, email, now, judge) })
}

func (w addresses) Try(ctx context.Context, accountID string, now time.Time, judge func(account.Account, account.AddressChange, account.LatestCode, []account.AddressUndo) (account.AddressTry, error)) error {
	return tell(w.f, "Addresses.Try", func() error { return w.s.Try(ctx, accountID, now, judge) })
}

func (w addresses) ByUndo(ctx context.Context, hash string) (u account.AddressUndo, a account.Account, err error) {
	err = tell(w.f, "Addresses.ByUndo", func() error { u, a, err = w.s.ByUndo(ctx, hash); return err })
	return u, a, err
}

func (w addresses) Undo(ctx context.Context, hash string, now time.Time, judge func(account.AddressUndo, account.Account) (account.Account, []string, effect.Effects, error)) error {
	return tell(w.f, "Addresses.Undo", func() error { return w.s.Undo(ctx, hash, now, judge) })
}

type applications struct {
	f *Faults
	s intake.Store
}

func (w applications) Start(ctx context.Context, a application.Application, rec effect.Effects) error {
	return tell(w.f, "Applications.Start", func() error { return w.s.Start(ctx, a, rec) })
}

func (w applications) ByHandle(ctx context.Context, handleHash string) (application.Application, error) {
	return pass(w.f, "Applications.ByHandle", func() (application.Application, error) { return w.s.ByHandle(ctx, handleHash) })
}

func (w applications) OfAccount(ctx context.Context, accountID string) ([]string, error) {
	return pass(w.f, "Applications.OfAccount", func() ([]string, error) { return w.s.OfAccount(ctx, accountID) })
}

func (w applications) ByReference(ctx context.Context, reference string) (application.Application, error) {
	return pass(w.f, "Applications.ByReference", func() (application.Application, error) { return w.s.ByReference(ctx, reference) })
}

func (w applications) Renew(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error {
	return tell(w.f, "Applications.Renew", func() error { return w.s.Renew(ctx, id, codeHash, expires, rec) })
}

func (w applications) TryCode(ctx context.Context, id, codeHash string, now time.Time) (intake.CodeVerdict, error) {
	return pass(w.f, "Applications.TryCode", func() (intake.CodeVerdict, error) { return w.s.TryCode(ctx, id, codeHash, now) })
}

func (w applications) Save(ctx context.Context, a application.Application) (application.Application, error) {
	return pass(w.f, "Applications.Save", func() (application.Application, error) { return w.s.Save(ctx, a) })
}

func (w applications) PutDocument(ctx context.Context, d application.Document) error {
	return tell(w.f, "Applications.PutDocument", func() error { return w.s.PutDocument(ctx, d) })
}

func (w applications) Documents(ctx context.Context, applicationID string) ([]application.Document, error) {
	return pass(w.f, "Applications.Documents", func() ([]application.Document, error) { return w.s.Documents(ctx, applicationID) })
}

func (w applications) DocumentContent(ctx context.Context, documentID string) (application.Document, error) {
	return pass(w.f, "Applications.DocumentContent", func() (application.Document, error) { return w.s.DocumentContent(ctx, documentID) })
}

func (w applications) StartChange(ctx context.Context, a application.Application, rec effect.Effects) error {
	return tell(w.f, "Applications.StartChange", func() error { return w.s.StartChange(ctx, a, rec) })
}

func (w applications) LastChange(ctx context.Context, accountID string) (application.Application, error) {
	return pass(w.f, "Applications.LastChange", func() (application.Application, error) { return w.s.LastChange(ctx, accountID) })
}

func (w applications) Submit(ctx context.Context, a application.Application, approve *account.Account, rec effect.Effects) error {
	return tell(w.f, "Applications.Submit", func() error { return w.s.Submit(ctx, a, approve, rec) })
}

func (w applications) Expire(ctx context.Context, now time.Time) (int, error) {
	return pass(w.f, "Applications.Expire", func() (int, error) { return w.s.Expire(ctx, now) })
}

type clients struct {
	f *Faults
	s client.Store
}

func (w clients) ByID(ctx context.Context, id string) (client.Client, error) {
	return pass(w.f, "Clients.ByID", func() (client.Client, error) { return w.s.ByID(ctx, id) })
}

func (w clients) List(ctx context.Context) ([]client.Client, error) {
	return pass(w.f, "Clients.List", func() ([]client.Client, error) { return w.s.List(ctx) })
}

func (w clients) Add(ctx context.Context, c client.Client, rec effect.Effects) error {
	return tell(w.f, "Clients.Add", func() error { return w.s.Add(ctx, c, rec) })
}

func (w clients) Change(ctx context.Context, id string, change func(client.Client) (client.Client, effect.Effects, error)) error {
	return tell(w.f, "Clients.Change", func() error { return w.s.Change(ctx, id, change) })
}

func (w clients) Remove(ctx context.Context, id string, rec effect.Effects) error {
	return tell(w.f, "Clients.Remove", func() error { return w.s.Remove(ctx, id, rec) })
}

type consents struct {
	f *Faults
	s consent.Store
}

func (w consents) Get(ctx context.Context, accountID, clientID string) (consent.Consent, error) {
	return pass(w.f, "Consents.Get", func() (consent.Consent, error) { return w.s.Get(ctx, accountID, clientID) })
}

func (w consents) Of(ctx context.Context, accountID string) ([]consent.Consent, error) {
	return pass(w.f, "Consents.Of", func() ([]consent.Consent, error) { return w.s.Of(ctx, accountID) })
}

func (w consents) Withdraw(ctx context.Context, accountID, clientID string, now time.Time, rec effect.Effects) error {
	return tell(w.f, "Consents.Withdraw", func() error { return w.s.Withdraw(ctx, accountID, clientID, now, rec) })
}

func (w consents) Give(ctx context.Context, c consent.Consent, rec effect.Effects) error {
	return tell(w.f, "Consents.Give", func() error { return w.s.Give(ctx, c, rec) })
}
