package helpdesk

import (
	"strconv"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/typed"
)

// guide holds the texts and steps of one kind of helpdesk request. All texts are keys.
type guide struct {
	title   string
	notice  string // says that a colleague is needed, if the steps do not
	outcome string // how it ended; the state is added to the key
	facts   []fact
	steps   map[helpdesk.Step]step
}

// step is what the page shows at a step, and what can be done there.
type step struct {
	heading string
	lead    string
	fields  func(*requestPage, call)
	take    act // handles the fields, whichever button was pressed
	facts   bool
	buttons []button
}

// button is a button of a step. Without an act of its own it sends the fields.
type button struct {
	value, label string
	secondary    bool
	act          act
}

// act does what an official asks for at a step.
type act func(*Room, call) (helpdesk.Request, error)

// act returns the act of a button, or nil if the step does not have the button.
func (s step) act(value string) act {
	for _, b := range s.buttons {
		if b.value == value && b.act != nil {
			return b.act
		}
	}
	return s.take
}

// fact is a row about what is confirmed.
type fact struct {
	label    string
	value    func(*web.Page, call) string // "" means no row
	official bool                         // the value is a staff id
}

var (
	judge   = button{value: "judge", label: "console-helpdesk.unblock.judge"}
	onward  = button{value: "next", label: "console-helpdesk.unblock.next"}
	propose = button{value: "propose", label: "console-helpdesk.address.propose", act: (*Room).propose}
	again   = button{value: "again", label: "console-helpdesk.address.again", secondary: true, act: (*Room).forgetAddress}
	stop    = ending("console-helpdesk.unblock.stop")
	refuse  = ending("console-helpdesk.unblock.refuse")
)

func ending(label string) button {
	return button{value: "stop", label: label, secondary: true, act: (*Room).end}
}

func confirming(label string) button {
	return button{value: "confirm", label: label, act: (*Room).confirm}
}

var guides = map[helpdesk.Kind]guide{
	helpdesk.Unblock: {
		title: "console-helpdesk.unblock.title", notice: "console-helpdesk.unblock.second", outcome: "console-helpdesk.outcome_",
		facts: []fact{{label: "console-helpdesk.account.email", value: emailNow}, whyBlocked, identified, reason, ticket, newQR, by},
		steps: map[helpdesk.Step]step{
			helpdesk.StepIdentify: {heading: "console-helpdesk.unblock.identify", lead: "console-helpdesk.unblock.identify_text",
				fields: (*requestPage).askCaller, take: (*Room).identify, buttons: []button{judge, stop}},
			helpdesk.StepReason:  {heading: "console-helpdesk.unblock.why", fields: (*requestPage).askReason, take: (*Room).justify, buttons: []button{onward, stop}},
			helpdesk.StepConfirm: {lead: "console-helpdesk.unblock.effect", facts: true, buttons: []button{confirming("console-helpdesk.unblock.confirm"), stop}},
			helpdesk.StepWait:    {lead: "console-helpdesk.unblock.wait", facts: true, buttons: []button{stop}},
			helpdesk.StepSecond:  {lead: "console-helpdesk.unblock.check", facts: true, buttons: []button{confirming("console-helpdesk.unblock.confirm"), refuse}},
			helpdesk.StepBusy:    {lead: "console-helpdesk.unblock.busy"},
		},
	},
	helpdesk.Address: {
		title: "console-helpdesk.change.address", outcome: "console-helpdesk.address.outcome_",
		facts: []fact{{label: "console-helpdesk.facts.email_now", value: emailNow}, emailNew, identified, reason, ticket, reference, by, from, until},
		steps: map[helpdesk.Step]step{
			helpdesk.StepIdentify: {lead: "console-helpdesk.address.identify", fields: (*requestPage).askCaller, take: (*Room).identify, buttons: []button{judge, stop}},
			helpdesk.StepDetails:  {lead: "console-helpdesk.address.details", fields: (*requestPage).askAddress, take: (*Room).newAddress, buttons: []button{onward, stop}},
			helpdesk.StepCheck:    {lead: "console-helpdesk.address.check", facts: true, buttons: []button{propose, again, stop}},
			helpdesk.StepWait:     {lead: "console-helpdesk.address.wait", facts: true, buttons: []button{stop}},
			helpdesk.StepSecond:   {lead: "console-helpdesk.address.second", facts: true, buttons: []button{confirming("console-helpdesk.address.confirm"), refuse}},
			helpdesk.StepHolder:   {lead: "console-helpdesk.address.holder", facts: true, buttons: []button{ending("console-helpdesk.address.object")}},
			helpdesk.StepBusy:     {lead: "console-helpdesk.address.busy"},
		},
	},
	helpdesk.Closing: {
		title: "console-helpdesk.change.closing", outcome: "console-helpdesk.closing.outcome_",
		facts: []fact{{label: "console-helpdesk.facts.email_now", value: emailNow}, reason, ticket, reference, by},
		steps: map[helpdesk.Step]step{
			helpdesk.StepWait:   {lead: "console-helpdesk.closing.wait", facts: true, buttons: []button{stop}},
			helpdesk.StepSecond: {lead: "console-helpdesk.closing.second", facts: true, buttons: []button{confirming("console-helpdesk.closing.confirm"), refuse}},
		},
	},
}

// The rows about what is confirmed.
var (
	emailNow   = func(_ *web.Page, c call) string { return c.account.Email }
	emailNew   = fact{label: "console-helpdesk.facts.email_new", value: func(_ *web.Page, c call) string { return c.Email }}
	whyBlocked = fact{label: "console-helpdesk.facts.why_blocked", value: func(p *web.Page, c call) string { return p.T("console-helpdesk.why." + string(c.account.BlockReason)) }}
	identified = fact{label: "console-helpdesk.facts.identified", value: func(p *web.Page, c call) string {
		key := "console-helpdesk.facts.identified_answers"
		if c.CodeAsked {
			key = "console-helpdesk.facts.identified_value"
		}
		return p.T(key, "Right", strconv.Itoa(c.Right), "Wrong", strconv.Itoa(c.Wrong))
	}}
	newQR = fact{label: "console-helpdesk.facts.new_qr", value: func(p *web.Page, c call) string {
		if c.delay > 0 {
			return p.T("console-helpdesk.facts.new_qr_later", "Delay", letter.Span(c.delay, p.Lang))
		}
		return p.T("console-helpdesk.facts.new_qr_at_once")
	}}
	reason    = fact{label: "console-helpdesk.reason_label", value: func(p *web.Page, c call) string { return p.T("console.helpdesk_reason." + string(c.Reason)) }}
	ticket    = fact{label: "console-helpdesk.ticket_label", value: func(_ *web.Page, c call) string { return c.Ticket }}
	reference = fact{label: "console-helpdesk.facts.reference", value: func(_ *web.Page, c call) string { return c.Reference }}
	by        = fact{label: "console-helpdesk.facts.by", value: func(_ *web.Page, c call) string { return c.OpenedBy }, official: true}
	from      = fact{label: "console-helpdesk.facts.from", value: func(p *web.Page, c call) string { return console.Moment(c.From, p.Lang) }}
	until     = fact{label: "console-helpdesk.facts.until", value: func(p *web.Page, c call) string { return console.Moment(c.Until, p.Lang) }}
)

// said returns the name of the field for an answer.
func said(q helpdesk.Question) string { return "said_" + string(q) }

var requestFields = []string{
	"action", "code", "reason", "ticket", "email",
	said(helpdesk.Birthdate), said(helpdesk.Street), said(helpdesk.Place), said(helpdesk.Phone), said(helpdesk.Registration), said(helpdesk.Country),
}

// askCaller adds fields for the questions that were not answered right yet. Only the
// holder of a blocked account can have a code; other callers are asked what the
// account holds, which is why those requests always take a second official.
func (p *requestPage) askCaller(c call) {
	p.Score = p.T("console-helpdesk.unblock.score", "Right", strconv.Itoa(c.Right), "Left", strconv.Itoa(helpdesk.WrongAnswers-c.Wrong))
	if c.CodeAsked {
		p.Lead = p.T("console-helpdesk.unblock.identify_text")
		if !c.CodeRight {
			p.Code = web.Field{Page: p.Page, Name: "code", Label: p.T("console-helpdesk.unblock.code"), Hint: p.T("console-helpdesk.unblock.code_hint"), InputMode: "numeric", Autocomplete: "off", Width: "10"}
		}
	}
	for _, q := range helpdesk.Questions(c.account) {
		if c.Answers[q] {
			continue
		}
		f := web.Field{Page: p.Page, Name: said(q), Label: p.T("console-helpdesk.question." + string(q)), Value: c.http.PostForm.Get(said(q)), Autocomplete: "off", Optional: true}
		if q == helpdesk.Country {
			for _, c := range application.Countries(p.Lang) {
				f.Options = append(f.Options, web.Option{Value: c.Code, Label: c.Name})
			}
		}
		p.Ask = append(p.Ask, f)
	}
}

// identify judges the caller's answers. It does nothing when there are none.
func (h *Room) identify(c call) (helpdesk.Request, error) {
	code, answers := typed.Code(c.http.PostForm.Get("code"), signin.CallbackDigits), map[helpdesk.Question]string{}
	given := code != ""
	for _, q := range helpdesk.Questions(c.account) {
		answers[q] = console.Cut(c.http.PostForm.Get(said(q)), 200)
		given = given || answers[q] != ""
	}
	if !given {
		return c.Request, nil
	}
	return h.Helpdesk.Identify(c.http.Context(), c.ID, code, answers, c.by)
}

func (p *requestPage) askReason(c call) {
	p.Reason, p.Ticket = reasonField(p.Page, c.http, helpdesk.UnblockReasons), ticketField(p.Page, c.http)
}

func (h *Room) justify(c call) (helpdesk.Request, error) {
	form := c.http.PostForm
	return h.Helpdesk.Justify(c.http.Context(), c.ID, helpdesk.Reason(form.Get("reason")), form.Get("ticket"), c.by)
}

func (p *requestPage) askAddress(c call) {
	p.Email = web.Field{Page: p.Page, Name: "email", Type: "email", Label: p.T("console-helpdesk.address.email"), Hint: p.T("console-helpdesk.address.email_hint"), Value: c.http.PostForm.Get("email"), Autocomplete: "off"}
	p.Reason, p.Ticket = reasonField(p.Page, c.http, helpdesk.AddressReasons), ticketField(p.Page, c.http)
}

func (h *Room) newAddress(c call) (helpdesk.Request, error) {
	form := c.http.PostForm
	if address, bad := mail.CanonicalAddress(form.Get("email")); bad == nil {
		if err := notOwn(c.visit, address); err != nil {
			return c.Request, err
		}
	}
	return h.Helpdesk.NewAddress(c.http.Context(), c.ID, helpdesk.Reason(form.Get("reason")), form.Get("ticket"), form.Get("email"), c.by)
}

func (h *Room) propose(c call) (helpdesk.Request, error) {
	return h.Helpdesk.Propose(c.http.Context(), c.ID, c.by)
}

func (h *Room) forgetAddress(c call) (helpdesk.Request, error) {
	return h.Helpdesk.ForgetAddress(c.http.Context(), c.ID, c.by)
}

func (h *Room) confirm(c call) (helpdesk.Request, error) {
	return h.Helpdesk.Confirm(c.http.Context(), c.ID, c.by)
}

func (h *Room) end(c call) (helpdesk.Request, error) {
	return h.Helpdesk.End(c.http.Context(), c.Request, c.by)
}
