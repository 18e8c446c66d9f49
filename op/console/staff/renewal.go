package staff

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/staff"
)

// renewalPart is the part of a member's page about a new invitation: a form to
// propose one, or the proposal that waits.
type renewalPart struct {
	Text    string       // what a new invitation does, or what is decided
	Facts   *web.Summary // of the proposal that waits; nil for none
	ID      string       // of that proposal
	Reason  *web.Field   // of the form to propose
	Spoken  *web.Field   // of the form to confirm
	Buttons []web.Button
}

// memberURL returns the address of a member's page.
func memberURL(id string) string {
	return "/console/staff/member?" + url.Values{"id": {id}}.Encode()
}

// renewalPart returns what v may do about a new invitation for m, or nil.
func (h *Room) renewalPart(r *http.Request, v *console.Visit, p *web.Page, m staff.Member) (*renewalPart, error) {
	self := m.ID == v.Member.ID
	if renewal, live := m.Proposed(h.Now()); live {
		return h.waitingPart(r, v, p, m, renewal), nil
	}
	if self || m.State == staff.Removed {
		return nil, nil
	}
	if !m.Joined() {
		return &renewalPart{Text: p.T("console-staff.renewal.unused"), Buttons: []web.Button{
			{Name: "action", Value: "invite", Label: p.T("console-staff.renewal.invite"), Secondary: true},
		}}, nil
	}
	alone, err := h.alone(r, v, m)
	if err != nil {
		return nil, err
	}
	if alone {
		return &renewalPart{Text: p.T("console-staff.renewal.alone")}, nil
	}
	reason := web.Field{Page: p, Name: "reason", Label: p.T("console-staff.renewal.reason"), Value: r.PostForm.Get("reason")}
	for _, code := range staff.RenewalReasons {
		reason.Options = append(reason.Options, web.Option{Value: string(code), Label: p.T("console-staff.renewal_reason." + string(code))})
	}
	return &renewalPart{Text: p.T("console-staff.renewal.text"), Reason: &reason, Buttons: []web.Button{
		{Name: "action", Value: "propose", Label: p.T("console-staff.renewal.propose"), Secondary: true},
	}}, nil
}

// waitingPart returns the part about a proposal that waits.
func (h *Room) waitingPart(r *http.Request, v *console.Visit, p *web.Page, m staff.Member, renewal staff.Renewal) *renewalPart {
	part := &renewalPart{ID: renewal.ID, Facts: &web.Summary{Page: p, Rows: []web.Row{
		{Label: p.T("console-staff.renewal.by"), Value: h.Officials(r)(p, renewal.By)},
		{Label: p.T("console-staff.renewal.at"), Value: console.Moment(renewal.At, p.Lang)},
		{Label: p.T("console-staff.renewal.why"), Value: p.T("console-staff.renewal_reason." + string(renewal.Reason))},
		{Label: p.T("console-staff.name"), Value: renewal.Name},
		{Label: p.T("console-staff.roles"), Value: roleNames(p, renewal.Roles)},
		{Label: p.T("console-staff.renewal.until"), Value: console.Moment(renewal.At.Add(staff.RenewalLifetime), p.Lang)},
	}}}
	button := func(act string, secondary bool) {
		part.Buttons = append(part.Buttons, web.Button{Name: "action", Value: act, Label: p.T("console-staff.renewal." + act), Secondary: secondary})
	}
	switch v.Member.ID {
	case renewal.By:
		part.Text = p.T("console-staff.renewal.own")
		button("cancel", true)
	case m.ID:
		part.Text = p.T("console-staff.renewal.self")
		button("refuse", true)
	default:
		part.Text = p.T("console-staff.renewal.decide")
		part.Spoken = &web.Field{Page: p, Name: "spoken", Label: p.T("console-staff.renewal.spoken"), Checked: r.PostForm.Get("spoken") != ""}
		button("confirm", false)
		button("refuse", true)
	}
	return part
}

// alone reports whether no other administrator than v could confirm a new
// invitation for m.
func (h *Room) alone(r *http.Request, v *console.Visit, m staff.Member) (bool, error) {
	all, err := h.Staff.Store.List(r.Context())
	return !slices.ContainsFunc(all, func(o staff.Member) bool { return o.Manages() && o.ID != v.Member.ID && o.ID != m.ID }), err
}

// renewalPost does one of the acts about a new invitation. It reports false if
// action is none of them; what was wrong is on p.
func (h *Room) renewalPost(r *http.Request, v *console.Visit, p *memberPage, m staff.Member) (bool, error) {
	by, id := h.By(r, v), r.PostForm.Get("renewal")
	var err error
	switch r.PostForm.Get("action") {
	case "invite":
		if m.Joined() {
			return true, errs.ErrConflict
		}
		_, _, err = h.Staff.Invite(r.Context(), m.Name, m.Email, m.Lang, m.Roles, by)
	case "propose":
		reason := staff.Reason(r.PostForm.Get("reason"))
		if !slices.Contains(staff.RenewalReasons, reason) {
			p.Wrong("reason", "console-staff.renewal.reason_missing")
			return true, nil
		}
		err = h.Staff.Propose(r.Context(), m, staff.Renewal{Reason: reason, Name: m.Name, Lang: m.Lang, Roles: m.Roles}, by)
	case "confirm":
		if r.PostForm.Get("spoken") == "" {
			p.Wrong("spoken", "console-staff.renewal.spoken_missing")
			return true, nil
		}
		err = h.Staff.Confirm(r.Context(), m, id, by)
	case "refuse":
		err = h.Staff.Refuse(r.Context(), m, id, by)
	case "cancel":
		err = h.Staff.Cancel(r.Context(), m, id, by)
	default:
		return false, nil
	}
	if errors.Is(err, staff.ErrDomain) {
		p.Wrong("", "console-staff.email_domain", "Domains", strings.Join(h.Staff.Domains, ", "))
		err = nil
	}
	return true, err
}

// proposeReturn proposes to invite again a colleague who was removed. If that colleague
// was not removed, or no other administrator can confirm, it adds a problem to p that
// says what to do, and reports false.
func (h *Room) proposeReturn(r *http.Request, v *console.Visit, p *staffPage, fresh staff.Renewal, address string) (member string, done bool, err error) {
	m, err := h.Staff.Store.ByEmail(r.Context(), address)
	if err != nil {
		return "", false, err
	}
	if m.State != staff.Removed {
		p.Wrong("email", "console-staff.renewal.joined", "Name", m.Name)
		return "", false, nil
	}
	alone, err := h.alone(r, v, m)
	if err != nil {
		return "", false, err
	}
	if alone {
		p.Wrong("email", "console-staff.renewal.alone")
		return "", false, nil
	}
	fresh.Reason = staff.Returns
	return m.ID, true, h.Staff.Propose(r.Context(), m, fresh, h.By(r, v))
}
