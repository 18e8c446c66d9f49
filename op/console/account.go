package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/staff"
)

// mountAccounts adds the helpdesk's pages.
func (h *Room) mountAccounts() {
	desk := []staff.Role{staff.Helpdesk}
	h.get("/console/accounts", "helpdesk.menu", desk, h.accounts)
	h.get("/console/account", "", desk, h.account)
	h.post("/console/account", desk, h.accountPost)
	h.get("/console/account/block", "", desk, h.block)
	h.post("/console/account/block", desk, h.blockPost, "reason", "ticket", "sure")
	h.get("/console/account/mail", "", desk, h.resend)
	h.post("/console/account/mail", desk, h.resendPost, "mail", "reason", "ticket")
	h.get("/console/unblock", "", desk, h.unblock)
	h.post("/console/unblock", desk, h.unblockPost, append([]string{"action", "code", "reason", "ticket"}, saidFields...)...)
}

// longestQuery bounds what is searched for.
const longestQuery = 200

type accountsPage struct {
	page
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
	Name, By, At, URL string
}

// accounts searches; what is looked for is in the address, so that the page
// can be opened again, and in no log of ours.
func (h *Room) accounts(w http.ResponseWriter, r *http.Request, v *Visit) error {
	typed := strings.TrimSpace(cut(r.URL.Query().Get("q"), longestQuery))
	p := &accountsPage{page: h.page(r, v, "helpdesk.search.title"), Asked: typed != ""}
	p.Query = web.Field{Page: p.Page, Name: "q", Type: "search", Label: p.T("helpdesk.search.label"), Hint: p.T("helpdesk.search.hint"), Value: typed, Autocomplete: "off"}
	if p.Asked {
		found, err := h.Helpdesk.Search(r.Context(), typed)
		if err != nil {
			return err
		}
		p.More = len(found) == helpdesk.Most
		for _, a := range found {
			p.Rows = append(p.Rows, accountRow{
				Name: a.Profile.FullName(), Email: a.Email, Company: company(a), State: p.T("helpdesk.state_" + string(a.State)), URL: p.Path(accountURL(a.ID)),
			})
		}
	}
	return h.waiting(w, r, p)
}

// waiting adds what waits for a colleague and shows the page.
func (h *Room) waiting(w http.ResponseWriter, r *http.Request, p *accountsPage) error {
	cases, err := h.Helpdesk.Store.Waiting(r.Context(), h.Kit.Now())
	if err != nil {
		return err
	}
	names := h.officials(r)
	for _, c := range cases {
		a, err := h.Helpdesk.Accounts.ByID(r.Context(), c.AccountID)
		if err != nil {
			return err
		}
		p.Waiting = append(p.Waiting, proposalRow{Name: a.Profile.FullName(), By: names(p.Page, c.OpenedBy), At: dutchTime(c.OpenedAt, p.Lang), URL: p.Path(unblockURL(c.ID))})
	}
	return h.Kit.Render(w, http.StatusOK, "console/accounts", p)
}

func accountURL(id string) string { return "/console/account?" + url.Values{"id": {id}}.Encode() }

func company(a account.Account) string {
	if a.Profile.Organization == nil {
		return ""
	}
	return a.Profile.Organization.Name
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// wanted is the id in the address; what cannot be one is nobody's.
func wanted(r *http.Request) (string, error) {
	if id := r.URL.Query().Get("id"); plainID.MatchString(id) {
		return id, nil
	}
	return "", errs.ErrNotFound
}

// wantedAccount gives the account in the address, without a line in the record.
func (h *Room) wantedAccount(r *http.Request) (account.Account, error) {
	id, err := wanted(r)
	if err != nil {
		return account.Account{}, err
	}
	return h.Helpdesk.Accounts.ByID(r.Context(), id)
}

type accountPage struct {
	page
	Name      string
	State     string
	Why       string // "" unless blocked
	Rows      web.Summary
	Events    []accountEvent
	Unblock   bool
	BlockLink *web.Link
	MailLink  *web.Link
	Back      web.Link
}

type accountEvent struct{ At, What, Who, Why string }

// accountEvents is how far back the page goes.
const accountEvents = 50

// account shows what the helpdesk may know: no secret, no document, no code,
// and none of the answers a caller is asked for. The look is on the record.
func (h *Room) account(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p, err := h.accountPage(r, v)
	if err != nil {
		return err
	}
	return h.Kit.Render(w, http.StatusOK, "console/account", p)
}

func (h *Room) accountPage(r *http.Request, v *Visit) (*accountPage, error) {
	id, err := wanted(r)
	if err != nil {
		return nil, err
	}
	a, err := h.Helpdesk.View(r.Context(), id, h.event(r, v, "", "", ""))
	if err != nil {
		return nil, err
	}
	p := &accountPage{page: h.page(r, v, "helpdesk.account.title"), Name: a.Profile.FullName(), Unblock: a.State == account.Blocked}
	p.State = p.T("helpdesk.account.state_" + string(a.State))
	if p.Unblock {
		p.Why = p.T("helpdesk.why." + string(a.BlockReason))
	} else if a.State != account.Closed {
		p.BlockLink = &web.Link{URL: p.Path("/console/account/block?" + url.Values{"id": {a.ID}}.Encode()), Label: p.T("helpdesk.block.title")}
	}
	mails, err := h.Helpdesk.Mails(r.Context(), a)
	if err != nil {
		return nil, err
	}
	if len(mails) > 0 {
		p.MailLink = &web.Link{URL: p.Path("/console/account/mail?" + url.Values{"id": {a.ID}}.Encode()), Label: p.T("helpdesk.mail.title")}
	}
	p.Back = web.Link{URL: p.Path("/console/accounts"), Label: p.T("helpdesk.account.back")}
	p.Rows = accountRows(p.Page, a)
	events, err := h.Audit.EventsAbout(r.Context(), "account", a.ID, accountEvents)
	if err != nil {
		return nil, err
	}
	names := h.officials(r)
	for _, e := range events {
		p.Events = append(p.Events, eventLine(p.Page, e, names))
	}
	return p, nil
}

func accountRows(p *web.Page, a account.Account) web.Summary {
	s := web.Summary{Page: p}
	for _, row := range []web.Row{
		{Label: p.T("helpdesk.account.email"), Value: a.Email},
		{Label: p.T("helpdesk.account.kind"), Value: p.T("helpdesk.kind_" + string(a.Kind))},
		{Label: p.T("helpdesk.account.company"), Value: company(a)},
		{Label: p.T("helpdesk.account.lang"), Value: p.T("helpdesk.lang_" + a.Lang)},
		{Label: p.T("helpdesk.account.reference"), Value: a.BlockRef},
		{Label: p.T("helpdesk.account.created"), Value: dutchTime(a.CreatedAt, p.Lang)},
		{Label: p.T("helpdesk.account.login"), Value: dutchTime(a.LastLoginAt, p.Lang)},
		{Label: p.T("helpdesk.account.unblocked"), Value: dutchTime(a.UnblockedAt, p.Lang)},
	} {
		if row.Value != "" {
			s.Rows = append(s.Rows, row)
		}
	}
	return s
}

// eventTexts are the actions that have a sentence of their own.
var eventTexts = map[string]bool{
	"account.qr_shown": true, "account.factor_linked": true, "account.login": true, "account.code_wrong": true, "account.blocked": true,
	"account.unblocked": true, "account.viewed": true, "account.mail_resent": true, "unblock.begun": true, "unblock.answers": true,
	"unblock.identified": true, "unblock.reason": true, "unblock.proposed": true, "unblock.refused": true, "unblock.cancelled": true,
}

// eventLine says an event in plain words. What has none is named as the
// record names it, so that nothing is left out.
func eventLine(p *web.Page, e audit.Event, names func(*web.Page, string) string) accountEvent {
	row := accountEvent{At: dutchTime(e.At, p.Lang), What: e.Action, Why: reasonText(p, e)}
	if eventTexts[e.Action] {
		row.What = p.T("helpdesk.event." + strings.ReplaceAll(e.Action, ".", "_"))
	}
	switch e.ActorKind {
	case audit.ActorStaff:
		row.Who = names(p, e.ActorID)
	case audit.ActorHolder, audit.ActorApplicant:
		row.Who = p.T("helpdesk.who.holder")
	case audit.ActorOperator:
		row.Who = p.T("helpdesk.who.operator")
	default:
		row.Who = p.T("helpdesk.who.system")
	}
	return row
}

// reasonText names a reason in words, with the ticket.
func reasonText(p *web.Page, e audit.Event) string {
	why := ""
	switch {
	case e.Reason == "":
	case knownReason(e.Reason):
		why = p.T("helpdesk.reason." + e.Reason)
	case e.Action == "account.blocked":
		why = p.T("helpdesk.why." + e.Reason)
	default:
		why = e.Reason
	}
	if ticket := e.Details["ticket"]; ticket != "" {
		why += " (" + ticket + ")"
	}
	return why
}

func knownReason(code string) bool {
	for _, list := range [][]helpdesk.Reason{helpdesk.UnblockReasons, helpdesk.BlockReasons, helpdesk.MailReasons} {
		for _, reason := range list {
			if string(reason) == code {
				return true
			}
		}
	}
	return false
}

// officials gives how officials are called on one page.
func (h *Room) officials(r *http.Request) func(*web.Page, string) string {
	known := map[string]string{}
	return func(p *web.Page, id string) string {
		if _, ok := known[id]; !ok {
			known[id] = p.T("helpdesk.who.colleague")
			if m, err := h.Rules.Store.ByID(r.Context(), id); err == nil {
				known[id] = m.Name
			}
		}
		return known[id]
	}
}

var dutch = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic("console: " + err.Error()) // package letter brings the zones along
	}
	return zone
}()

// dutchTime is a date and a time of day in the Netherlands; "" for never.
func dutchTime(t time.Time, lang string) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(dutch)
	return letter.Date(t.Format(time.DateOnly), lang) + ", " + t.Format("15:04")
}
