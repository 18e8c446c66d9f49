package helpdesk

import (
	"net/http"
	"strconv"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/helpdesk"
)

// said is the field of an answer.
func said(q helpdesk.Question) string { return "said_" + string(q) }

var saidFields = []string{
	said(helpdesk.Birthdate), said(helpdesk.Street), said(helpdesk.Place), said(helpdesk.Phone), said(helpdesk.Registration), said(helpdesk.Country),
}

func score(p *web.Page, c helpdesk.Caller) string {
	return p.T("helpdesk.unblock.score", "Right", strconv.Itoa(c.Right), "Left", strconv.Itoa(helpdesk.WrongAnswers-c.Wrong))
}

// callbackField is for the code on the caller's own page.
func callbackField(p *web.Page) web.Field {
	return web.Field{Page: p, Name: "code", Label: p.T("helpdesk.unblock.code"), Hint: p.T("helpdesk.unblock.code_hint"), InputMode: "numeric", Autocomplete: "off", Width: "10"}
}

// questions are those that were not answered right so far.
func questions(p *web.Page, r *http.Request, a account.Account, c helpdesk.Caller) []web.Field {
	var ask []web.Field
	for _, q := range helpdesk.Questions(a) {
		if c.Answers[q] {
			continue
		}
		f := web.Field{Page: p, Name: said(q), Label: p.T("helpdesk.question." + string(q)), Value: r.PostForm.Get(said(q)), Autocomplete: "off", Optional: true}
		if q == helpdesk.Country {
			for _, c := range application.Countries(p.Lang) {
				f.Options = append(f.Options, web.Option{Value: c.Code, Label: c.Name})
			}
		}
		ask = append(ask, f)
	}
	return ask
}

// heard is what a caller said, as it was typed; false when that is nothing.
func heard(r *http.Request, a account.Account) (code string, answers map[helpdesk.Question]string, typed bool) {
	code, answers = console.Cut(r.PostForm.Get("code"), 32), map[helpdesk.Question]string{}
	typed = code != ""
	for _, q := range helpdesk.Questions(a) {
		answers[q] = console.Cut(r.PostForm.Get(said(q)), 200)
		typed = typed || answers[q] != ""
	}
	return code, answers, typed
}

// notYet says what was wrong, or that it was not enough. A code that is not
// asked for has no name.
func notYet(p *web.Page, code web.Field, ask []web.Field) {
	if code.Name != "" {
		p.Wrong(code.Name, "helpdesk.unblock.code_wrong")
	}
	for _, f := range ask {
		if f.Value != "" {
			p.Wrong(f.Name, "helpdesk.unblock.answer_wrong")
		}
	}
	if len(p.Problems) == 0 {
		p.Wrong("", "helpdesk.unblock.more")
	}
}
