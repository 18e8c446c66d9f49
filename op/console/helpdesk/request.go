package helpdesk

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/typed"
)

func requestURL(id string) string {
	return "/console/helpdesk/request?" + url.Values{"id": {id}}.Encode()
}

// call is one HTTP request about a helpdesk request.
type call struct {
	helpdesk.Request
	account account.Account
	at      helpdesk.Step // for the official of the HTTP request
	delay   time.Duration // from an unblock to the new QR code
	from    time.Time     // from when it can be shown, if that is later than now
	visit   *console.Visit
	http    *http.Request
	by      audit.Actor
}

func (c call) step() step { return guides[c.Kind].steps[c.at] }

func (h *Room) call(r *http.Request, v *console.Visit) (call, error) {
	id, err := console.Wanted(r)
	if err != nil {
		return call{}, err
	}
	q, a, err := h.Helpdesk.Load(r.Context(), id)
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return call{}, err
	}
	c := call{
		Request: q, account: a, at: helpdesk.Next(q, err == nil, v.Member.ID), delay: h.Helpdesk.Limits.Delay(a), from: h.waitsUntil(a),
		visit: v, http: r, by: h.By(r, v),
	}
	return c, notOwn(v, a.Email, q.Email)
}

// waitsUntil returns from when the new QR code of an account can be shown, if it
// was unblocked and that is later than now.
func (h *Room) waitsUntil(a account.Account) time.Time {
	if from := h.Helpdesk.Limits.QRFrom(a); a.State == account.AwaitingEnrolment && from.After(h.Now()) {
		return letter.Whole(from)
	}
	return time.Time{}
}

type requestPage struct {
	console.Frame
	Name        string
	Notice      string
	Heading     string
	Lead        string
	Succeeded   bool // Lead reports success
	Score       string
	Code        web.Field
	Ask         []web.Field
	Email       web.Field
	Reason      web.Field
	Ticket      web.Field
	Facts       web.Summary
	Buttons     []web.Button
	AccountLink web.Link
}

// request shows the present step of a helpdesk request.
func (h *Room) request(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	c, err := h.call(r, v)
	if err != nil {
		return err
	}
	return h.render(w, http.StatusOK, c, h.requestPage(c))
}

func (h *Room) render(w http.ResponseWriter, status int, c call, p *requestPage) error {
	return h.Show(w, c.http, c.visit, status, "console/helpdesk/request", p, h.viewed(c.http, c.visit, c.account))
}

func (h *Room) requestPage(c call) *requestPage {
	guide, step := guides[c.Kind], c.step()
	p := &requestPage{Frame: h.Page(c.http, c.visit, guide.title), Name: c.account.Profile.FullName()}
	p.AccountLink = web.Link{URL: p.Path(accountURL(c.account.ID)), Label: p.T("console-helpdesk.back_account")}
	if c.at == helpdesk.StepOver {
		p.Lead, p.Succeeded = p.T(guide.outcome+string(c.State)), c.State == helpdesk.Done
		if c.Kind == helpdesk.Unblock && c.State == helpdesk.Done && !c.from.IsZero() {
			p.Lead = p.T("console-helpdesk.outcome_done_later", "From", console.Moment(c.from, p.Lang))
		}
		return p
	}
	if c.Second && guide.notice != "" && helpdesk.MayEnd(c.at) {
		p.Notice = p.T(guide.notice)
	}
	if step.heading != "" {
		p.Heading = p.T(step.heading)
	}
	if step.lead != "" {
		p.Lead = p.T(step.lead)
	}
	if step.fields != nil {
		step.fields(p, c)
	}
	if step.facts {
		p.facts(c, guide.facts, h.Officials(c.http))
	}
	for _, b := range step.buttons {
		p.Buttons = append(p.Buttons, web.Button{Name: "action", Value: b.value, Label: p.T(b.label), Secondary: b.secondary})
	}
	return p
}

// facts adds rows for what is confirmed.
func (p *requestPage) facts(c call, facts []fact, officials func(*web.Page, string) string) {
	p.Facts.Page = p.Page
	for _, f := range facts {
		value := f.value(p.Page, c)
		if f.official && value != "" {
			value = officials(p.Page, value)
		}
		if value != "" {
			p.Facts.Rows = append(p.Facts.Rows, web.Row{Label: p.T(f.label), Value: value})
		}
	}
}

// requestPost continues from the present step of the helpdesk request, whatever the
// form says, and then redirects to its page. After a conflict a colleague was
// quicker or the request has ended, as that page shows.
func (h *Room) requestPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	c, err := h.call(r, v)
	if err != nil {
		return err
	}
	if !helpdesk.MayEnd(c.at) {
		return h.render(w, http.StatusConflict, c, h.requestPage(c))
	}
	step, next := c.step(), c.Request
	if act := step.act(r.PostForm.Get("action")); act != nil {
		next, err = act(h, c)
	}
	if step.take != nil {
		if err == nil {
			c.Request = next
		}
		p := h.requestPage(c)
		if err == nil && c.at == helpdesk.StepIdentify && helpdesk.Next(next, !next.Over(h.Now()), v.Member.ID) == c.at {
			p.notYet(r.PostForm.Get("code"))
		}
		if unjustified(p.Page, err) {
			return h.render(w, http.StatusUnprocessableEntity, c, p)
		}
	}
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	}
	return h.Pages.SeeOther(w, requestURL(c.ID))
}

// notYet adds what was wrong with the typed code and the answers, or that they were
// too few. A code that was not asked for is not mentioned.
func (p *requestPage) notYet(code string) {
	switch {
	case p.Code.Name == "":
	case typed.Code(code, signin.CallbackDigits) == "":
		p.Wrong(p.Code.Name, "console-helpdesk.unblock.code_form")
	default:
		p.Wrong(p.Code.Name, "console-helpdesk.unblock.code_wrong")
	}
	for _, f := range p.Ask {
		if f.Value != "" {
			p.Wrong(f.Name, "console-helpdesk.unblock.answer_wrong")
		}
	}
	if len(p.Problems) == 0 {
		p.Wrong("", "console-helpdesk.unblock.more")
	}
}
