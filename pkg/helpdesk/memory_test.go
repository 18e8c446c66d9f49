package helpdesk_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// office is a helpdesk with stores in memory. A test may change each field.
type office struct {
	*helpdesk.Service
	t        *testing.T
	now      time.Time
	accounts map[string]account.Account
	requests []helpdesk.Request
	app      *application.Application
	resent   int
	events   []audit.Event
	mails    []mail.Message
}

func newOffice(t *testing.T, accounts ...account.Account) *office {
	o := &office{t: t, now: noon, accounts: map[string]account.Account{}}
	for _, a := range accounts {
		o.accounts[a.ID] = a
	}
	o.Service = &helpdesk.Service{
		Store: o, Accounts: accountsOf{o: o}, Callback: signin.Callback("key"), AddressKey: []byte("key"), AddressDelay: delay, Letters: letters{},
		Rand: rand.NewChaCha8([32]byte{}), Now: func() time.Time { return o.now },
	}
	return o
}

// wrote returns the actions and the kinds of mails since the last call.
func (o *office) wrote() (said []string) {
	for _, e := range o.events {
		said = append(said, string(e.Action))
	}
	for _, m := range o.mails {
		said = append(said, "mail "+m.Kind)
	}
	o.events, o.mails = nil, nil
	return said
}

func (o *office) write(rec effect.Effects) {
	o.events, o.mails = append(o.events, rec.Events...), append(o.mails, rec.Mails...)
}

func (o *office) find(id string) *helpdesk.Request {
	for i := range o.requests {
		if o.requests[i].ID == id {
			return &o.requests[i]
		}
	}
	return nil
}

func (o *office) act(r helpdesk.Request) {
	o.t.Helper()
	a, err := r.Act(o.accounts[r.AccountID])
	if err != nil {
		o.t.Errorf("Act() = %v, want success", err)
	}
	o.accounts[a.ID] = a
}

func (o *office) Begin(_ context.Context, accountID string, _ time.Time, judge func(account.Account, []helpdesk.Request) (helpdesk.Request, []helpdesk.Request, effect.Effects, error)) error {
	var found []helpdesk.Request
	for _, r := range o.requests {
		if r.AccountID == accountID {
			found = append(found, r)
		}
	}
	begun, ended, rec, err := judge(o.accounts[accountID], found)
	if err != nil {
		return err
	}
	for _, r := range ended {
		*o.find(r.ID) = r
	}
	o.requests = append(o.requests, begun)
	o.act(begun)
	o.write(rec)
	return nil
}

func (o *office) Request(_ context.Context, id string) (helpdesk.Request, error) {
	if r := o.find(id); r != nil {
		return *r, nil
	}
	return helpdesk.Request{}, errs.ErrNotFound
}

func (o *office) ByReference(_ context.Context, reference string) (helpdesk.Request, error) {
	for _, r := range o.requests {
		if reference != "" && r.Reference == reference {
			return r, nil
		}
	}
	return helpdesk.Request{}, errs.ErrNotFound
}

func (o *office) Move(_ context.Context, id string, judge func(helpdesk.Request, account.Account) (helpdesk.Request, effect.Effects, error)) (helpdesk.Request, error) {
	r := o.find(id)
	next, rec, err := judge(*r, o.accounts[r.AccountID])
	if err != nil {
		return *r, err
	}
	next.Version++
	*r = next
	o.act(next)
	o.write(rec)
	return next, nil
}

func (o *office) Try(ctx context.Context, id string, judge func(helpdesk.Request, account.Account) (helpdesk.Request, effect.Effects, error)) (helpdesk.Request, error) {
	return o.Move(ctx, id, func(r helpdesk.Request, a account.Account) (helpdesk.Request, effect.Effects, error) {
		r.Tries++
		return judge(r, a)
	})
}

func (o *office) LiveChange(context.Context, string, time.Time) (helpdesk.Request, error) {
	panic("not asked by the service")
}

func (o *office) OpenedBy(context.Context, string, time.Time) ([]helpdesk.Request, error) {
	panic("not asked by the service")
}

func (o *office) Waiting(context.Context, time.Time) ([]helpdesk.Request, error) {
	panic("not asked by the service")
}

func (o *office) Search(_ context.Context, words []string, most int) (out []account.Account, err error) {
	for _, a := range o.accounts {
		if terms := helpdesk.Terms(a); slices.Contains(terms, words[0]) && len(out) < most {
			out = append(out, a)
		}
	}
	return out, nil
}

func (o *office) Application(context.Context, string) (application.Application, []application.Document, error) {
	if o.app == nil {
		return application.Application{}, nil, errs.ErrNotFound
	}
	return *o.app, nil, nil
}

func (o *office) AccountOf(ctx context.Context, reference string) (account.Account, error) {
	if o.app == nil || o.app.Reference != reference {
		return account.Account{}, errs.ErrNotFound
	}
	return o.accounts[o.app.AccountID], nil
}

func (o *office) Note(_ context.Context, rec effect.Effects) error {
	o.write(rec)
	return nil
}

func (o *office) Resend(_ context.Context, _ account.Account, _ time.Time, rec effect.Effects) error {
	if o.resent++; o.resent > helpdesk.MailsAgain {
		return helpdesk.ErrMails
	}
	o.write(rec)
	return nil
}

func (o *office) Reopen(_ context.Context, accountID string, _ int64, reason account.BlockReason, ref string, _ time.Time, rec effect.Effects) error {
	a := o.accounts[accountID]
	a.State, a.BlockReason, a.BlockRef, a.Epoch = account.Blocked, reason, ref, a.Epoch+1
	o.accounts[accountID] = a
	o.write(rec)
	return nil
}

func (o *office) Moved(_ context.Context, accountID string, now time.Time) (bool, error) {
	return helpdesk.Moved(slices.DeleteFunc(slices.Clone(o.requests), func(r helpdesk.Request) bool { return r.AccountID != accountID }), now), nil
}

// accountsOf implements the methods of account.Store that Service calls.
type accountsOf struct {
	account.Store
	o *office
}

func (s accountsOf) by(is func(account.Account) bool) (account.Account, error) {
	for _, a := range s.o.accounts {
		if is(a) {
			return a, nil
		}
	}
	return account.Account{}, errs.ErrNotFound
}

func (s accountsOf) ByID(_ context.Context, id string) (account.Account, error) {
	return s.by(func(a account.Account) bool { return a.ID == id })
}

func (s accountsOf) Owner(_ context.Context, email string, _ time.Time) (account.Account, error) {
	return s.by(func(a account.Account) bool { return a.Email == email })
}

func (s accountsOf) ByBlockRef(_ context.Context, ref string) (account.Account, error) {
	return s.by(func(a account.Account) bool { return ref != "" && a.BlockRef == ref })
}

func (s accountsOf) Change(_ context.Context, id string, judge func(account.Account) (account.Account, effect.Effects, error)) error {
	next, rec, err := judge(s.o.accounts[id])
	if err != nil {
		return err
	}
	s.o.accounts[id] = next
	s.o.write(rec)
	return nil
}

// letters composes mails that hold their kind, an address and a code.
type letters struct{}

func letter(kind, to string) mail.Message { return mail.Message{Kind: kind, To: to} }

func (letters) AccountBlocked(a account.Account, _ account.BlockReason, _ string, _ time.Time) mail.Message {
	return letter("blocked", a.Email)
}

func (letters) AccountUnblocked(a account.Account, _ secret.Text, _, _ time.Time) mail.Message {
	return letter("unblocked", a.Email)
}

func (letters) LangChanged(a account.Account, _ time.Time) mail.Message {
	return letter("lang "+a.Lang, a.Email)
}

func (letters) AccountClosed(a account.Account, _ string, _, _ time.Time) mail.Message {
	return letter("closed", a.Email)
}

func (letters) AddressAnnounced(a account.Account, _ helpdesk.Request, _ time.Time) mail.Message {
	return letter("announced", a.Email)
}

func (letters) AddressConfirm(_ account.Account, r helpdesk.Request, code secret.Text, _ time.Time) mail.Message {
	m := letter("confirm", r.Email)
	m.Text = code
	return m
}

func (letters) AddressChanged(a account.Account, _ helpdesk.Request, _ time.Time) mail.Message {
	return letter("changed", a.Email)
}

func (letters) AddressNew(_ account.Account, r helpdesk.Request, _ time.Time) mail.Message {
	return letter("new", r.Email)
}

func (letters) Receipt(app application.Application, _ *account.Account, _ []application.Document, _ time.Time) mail.Message {
	return letter("receipt", app.Email)
}
