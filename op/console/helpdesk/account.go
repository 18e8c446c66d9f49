// Package helpdesk serves the pages on which the helpdesk works with accounts:
// /console/helpdesk.
//
//	search ─► account ─► unblock | address | close: questions to the caller ─► reason ─► (second official) ─► done
//	             └─────► block, send a mail again, its language, clear a lock, reopen
package helpdesk

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/typed"
)

// Room serves the pages. Set its fields before Mount.
type Room struct {
	*console.Kit
	Helpdesk *helpdesk.Service
}

// Mount adds the pages to h.Kit.
func (h *Room) Mount() {
	desk := []staff.Role{staff.Helpdesk}
	h.Get("/console/helpdesk", "console-helpdesk.menu", desk, h.accounts)
	h.Get("/console/helpdesk/account", "", desk, h.account)
	h.Post("/console/helpdesk/account", desk, h.accountPost)
	h.Get("/console/helpdesk/block", "", desk, h.block)
	h.Post("/console/helpdesk/block", desk, h.blockPost, "reason", "ticket", "sure")
	h.Get("/console/helpdesk/lane", "", desk, h.lane)
	h.Post("/console/helpdesk/lane", desk, h.lanePost, "reason", "ticket", "sure")
	h.Get("/console/helpdesk/mail", "", desk, h.resend)
	h.Post("/console/helpdesk/mail", desk, h.resendPost, "mail", "reason", "ticket")
	h.Get("/console/helpdesk/lang", "", desk, h.lang)
	h.Post("/console/helpdesk/lang", desk, h.langPost, "mails", "reason", "ticket")
	h.Get("/console/helpdesk/close", "", desk, h.closing)
	h.Post("/console/helpdesk/close", desk, h.closingPost, "reason", "ticket", "sure")
	h.Get("/console/helpdesk/reopen", "", desk, h.reopen)
	h.Post("/console/helpdesk/reopen", desk, h.reopenPost, "reason", "ticket", "sure")
	h.Get("/console/helpdesk/address", "", desk, h.address)
	h.Post("/console/helpdesk/address", desk, h.addressPost)
	h.Get("/console/helpdesk/request", "", desk, h.request)
	h.Post("/console/helpdesk/request", desk, h.requestPost, requestFields...)
	h.Wait(30, h.waitCalls, staff.Helpdesk)
	h.Wait(40, h.waitProposals, staff.Helpdesk)
	h.Search(20, staff.Helpdesk, func(p *web.Page) console.SearchBox {
		return console.SearchBox{ID: "find-account", URL: p.Path("/console/helpdesk"), Label: p.T("console-helpdesk.search.label"), Hint: p.T("console-helpdesk.search.hint")}
	})
}

// longestQuery is the longest search text that is used.
const longestQuery = 200

type accountsPage struct {
	console.Frame
	Query   web.Field
	Asked   bool
	More    bool
	Rows    []accountRow
	Waiting []proposalRow
}

type accountRow struct {
	Name, Email, Company, State, URL string
}

type proposalRow struct {
	Name, What, By, At, URL string
}

// accounts searches. The search text is in the address, so that the page can be
// opened again, and in no log.
func (h *Room) accounts(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	asked := strings.ToValidUTF8(console.Cut(typed.Line(r.URL.Query().Get("q")), longestQuery), "")
	p := &accountsPage{Frame: h.Page(r, v, "console-helpdesk.search.title"), Asked: asked != ""}
	p.Query = web.Field{Page: p.Page, Name: "q", Type: "search", Label: p.T("console-helpdesk.search.label"), Hint: p.T("console-helpdesk.search.hint"), Value: asked, Autocomplete: "off"}
	var files []staff.File
	if p.Asked {
		found, err := h.Helpdesk.Search(r.Context(), asked)
		if err != nil {
			return err
		}
		p.More = len(found) == helpdesk.Most
		for _, a := range found {
			files = append(files, accountFile(a))
			p.Rows = append(p.Rows, accountRow{
				Name: a.Profile.FullName(), Email: a.Email, Company: company(a), State: p.T("console-helpdesk.state_" + string(a.State)), URL: p.Path(accountURL(a.ID)),
			})
		}
	}
	waiting, err := h.waiting(r, p)
	if err != nil {
		return err
	}
	if files = append(files, waiting...); p.Asked {
		err = h.Searched(r, v, audit.AccountSearched, asked, files)
	} else {
		err = h.Listed(r, v, files)
	}
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/helpdesk/helpdesk", p)
}

// accountFile returns what the watch over officials counts when the name of an
// account's holder is shown.
func accountFile(a account.Account) staff.File {
	return staff.File{Kind: audit.ObjectAccount, ID: a.ID}
}

// viewed returns a function that adds the event about a look at an account.
func (h *Room) viewed(r *http.Request, v *console.Visit, a account.Account) func() error {
	return func() error {
		_, err := h.Helpdesk.View(r.Context(), a.ID, h.By(r, v))
		return err
	}
}

// waiting adds the proposals that wait for a colleague, and returns the files that they
// name.
func (h *Room) waiting(r *http.Request, p *accountsPage) (files []staff.File, err error) {
	requests, err := h.Helpdesk.Store.Waiting(r.Context(), h.Now())
	if err != nil {
		return nil, err
	}
	names := h.Officials(r)
	for _, q := range requests {
		a, err := h.Helpdesk.Accounts.ByID(r.Context(), q.AccountID)
		if err != nil {
			return nil, err
		}
		files = append(files, accountFile(a))
		p.Waiting = append(p.Waiting, proposalRow{
			Name: a.Profile.FullName(), What: p.T(guides[q.Kind].title), By: names(p.Page, q.OpenedBy), At: console.Moment(q.OpenedAt, p.Lang), URL: p.Path(requestURL(q.ID)),
		})
	}
	return files, nil
}

func accountURL(id string) string {
	return "/console/helpdesk/account?" + url.Values{"id": {id}}.Encode()
}

func company(a account.Account) string {
	if a.Profile.Organization == nil {
		return ""
	}
	return a.Profile.Organization.Name
}

// wantedAccount returns the account in the address, for an act. Pages that name its
// holder are rendered with Show, which adds an event.
func (h *Room) wantedAccount(r *http.Request, v *console.Visit) (account.Account, error) {
	id, err := console.Wanted(r)
	if err != nil {
		return account.Account{}, err
	}
	a, err := h.Helpdesk.Accounts.ByID(r.Context(), id)
	if err == nil {
		err = notOwn(v, a.Email)
	}
	return a, err
}

// notOwn returns an error for an act by an official on their own account, or with
// their own address.
func notOwn(v *console.Visit, emails ...string) error {
	if slices.Contains(emails, v.Member.Email) {
		return console.DeadEnd(http.StatusForbidden, "console-helpdesk.error.own_account")
	}
	return nil
}

type accountPage struct {
	console.Frame
	Name    string
	State   string
	Why     string // "" unless blocked
	Rows    web.Summary
	Refused []string // each kind of mail that was refused
	Events  []accountEvent
	Unblock bool
	Change  *web.Link  // a change that a colleague or the holder has to confirm
	Acts    []web.Link // what can be done with the account
	Back    web.Link
}

// account shows an account without secrets, documents, codes or the answers that a
// caller is asked for. The look is added to the audit log.
func (h *Room) account(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, err := h.accountPage(r, v)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/helpdesk/account", p)
}

func (h *Room) accountPage(r *http.Request, v *console.Visit) (*accountPage, error) {
	id, err := console.Wanted(r)
	if err != nil {
		return nil, err
	}
	var a account.Account
	if err := h.Look(r, v, func() (err error) {
		a, err = h.Helpdesk.View(r.Context(), id, h.By(r, v))
		return err
	}); err != nil {
		return nil, err
	}
	p := &accountPage{Frame: h.Page(r, v, "console-helpdesk.account.title"), Name: a.Profile.FullName(), Unblock: a.State == account.Blocked}
	p.State = p.T("console-helpdesk.account.state_" + string(a.State))
	if p.Done != "" {
		p.Done = strings.TrimSpace(p.Done + " " + h.said(r, p.Page, a))
	}
	if p.Unblock {
		p.Why = p.T("console-helpdesk.why." + string(a.BlockReason))
	}
	if err := h.accountActs(r, p, a); err != nil {
		return nil, err
	}
	p.Back = web.Link{URL: p.Path("/console/helpdesk"), Label: p.T("console-helpdesk.account.back")}
	p.Rows = accountRows(p.Page, a, h.waitsUntil(a), h.Now())
	refused, err := h.Helpdesk.Bounces.ByAddress(r.Context(), a.Email)
	if err != nil {
		return nil, err
	}
	for _, b := range refused {
		p.Refused = append(p.Refused, p.T("console-helpdesk.bounce."+string(b.Source), "Moment", console.Moment(b.At, p.Lang), "Mail", mailName(p.Page, b.Kind), "Code", b.Codes()))
	}
	events, err := h.Audit.EventsAbout(r.Context(), audit.ObjectAccount, a.ID, accountEvents)
	if err != nil {
		return nil, err
	}
	names := h.Officials(r)
	for _, e := range events {
		p.Events = append(p.Events, eventLine(p.Page, e, names))
	}
	return p, nil
}

// namedMails are the kinds of mails to applicants and holders that have a name here.
var namedMails = []string{
	letter.KindConfirmEmail, letter.KindAddressTaken, letter.KindReceipt, letter.KindStatusCode, letter.KindApproved, letter.KindRejected, letter.KindMoreAsked,
	letter.KindAnswerReminder, letter.KindUnanswered, letter.KindWithdrawn, letter.KindFactorLinked, letter.KindAccountBlocked, letter.KindAccountUnblocked,
	letter.KindAccountClosed, letter.KindRecoveryCode, letter.KindAddressAnnounced, letter.KindAddressConfirm, letter.KindAddressChanged, letter.KindAddressNew,
	letter.KindSomebodyTries, letter.KindLoginNotice, letter.KindPasswordLink, letter.KindPasswordChanged, letter.KindFactorChanged, letter.KindDataChanged, letter.KindLangChanged,
	letter.KindOwnAddressCode, letter.KindOwnAddressTaken, letter.KindOwnAddressNew, letter.KindOwnAddressChanged, letter.KindOwnAddressUndone,
	letter.KindChangeReceipt, letter.KindChangeApproved, letter.KindChangeRejected, letter.KindChangeMoreAsked, letter.KindChangeReminder, letter.KindChangeUnanswered, letter.KindChangeWithdrawn,
}

// mailName returns the name of a kind of mail, or the kind itself if it has none.
func mailName(p *web.Page, kind string) string {
	if !slices.Contains(namedMails, kind) {
		return kind
	}
	return p.T("console-helpdesk.bounce.kind_" + strings.ReplaceAll(kind, "-", "_"))
}

// accountActs adds what can be done with an account in its present state.
func (h *Room) accountActs(r *http.Request, p *accountPage, a account.Account) error {
	link := func(path, key string) {
		p.Acts = append(p.Acts, web.Link{URL: p.Path(path + "?" + url.Values{"id": {a.ID}}.Encode()), Label: p.T(key)})
	}
	if a.State != account.Closed && a.State != account.Blocked {
		link("/console/helpdesk/block", "console-helpdesk.block.title")
		link("/console/helpdesk/lane", "console-helpdesk.lane.title")
	}
	mails, held, err := h.Helpdesk.Mails(r.Context(), a)
	if err != nil {
		return err
	}
	if len(mails) > 0 || held { // if all are held, that page says why
		link("/console/helpdesk/mail", "console-helpdesk.mail.title")
	}
	if h.Helpdesk.MayReopen(a) {
		link("/console/helpdesk/reopen", "console-helpdesk.reopen.title")
	}
	if a.State == account.Closed {
		return nil
	}
	link("/console/helpdesk/lang", "console-helpdesk.lang.title")
	link("/console/helpdesk/address", "console-helpdesk.address.title")
	link("/console/helpdesk/close", "console-helpdesk.closing.title")
	c, err := h.Helpdesk.Store.LiveChange(r.Context(), a.ID, h.Now())
	if errors.Is(err, errs.ErrNotFound) {
		return nil
	}
	p.Change = &web.Link{URL: p.Path(requestURL(c.ID)), Label: p.T(guides[c.Kind].title)}
	return err
}

func accountRows(p *web.Page, a account.Account, waits, now time.Time) web.Summary {
	s := web.Summary{Page: p}
	both := ""
	if previous := a.Forget(now).Previous; len(previous) > 0 {
		both = p.T("console-helpdesk.account.both_until", "Until", console.Moment(previous[len(previous)-1].Until, p.Lang))
	}
	for _, row := range []web.Row{
		{Label: p.T("console-helpdesk.account.email"), Value: a.Email},
		{Label: p.T("console-helpdesk.account.both"), Value: both},
		{Label: p.T("console-helpdesk.account.kind"), Value: p.T("console-helpdesk.kind_" + string(a.Kind))},
		{Label: p.T("console-helpdesk.account.company"), Value: company(a)},
		{Label: p.T("console-helpdesk.account.lang"), Value: p.T("console.lang_" + a.Lang)},
		{Label: p.T("console-helpdesk.account.reference"), Value: a.BlockRef},
		{Label: p.T("console-helpdesk.account.created"), Value: console.Moment(a.CreatedAt, p.Lang)},
		{Label: p.T("console-helpdesk.account.login"), Value: console.Moment(a.LastLoginAt, p.Lang)},
		{Label: p.T("console-helpdesk.account.unblocked"), Value: console.Moment(a.UnblockedAt, p.Lang)},
		{Label: p.T("console-helpdesk.account.new_qr"), Value: console.Moment(waits, p.Lang)},
		{Label: p.T("console-helpdesk.account.closed"), Value: console.Moment(a.ClosedAt, p.Lang)},
	} {
		if row.Value != "" {
			s.Rows = append(s.Rows, row)
		}
	}
	return s
}
