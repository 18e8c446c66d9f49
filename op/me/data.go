package me

import (
	"errors"
	"net/http"
	"strings"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
)

type dataPage struct {
	frame
	Seen                         string // account.Data.Print of what the page was made from
	Company                      bool   // has no address of its own
	Change                       web.Link
	Phone                        web.Field
	Line1, Line2, Line3, Country web.Field
	Language                     web.Field
}

func (h *Room) dataPage(r *http.Request, v flow.Holder, form intake.DataForm) *dataPage {
	p := &dataPage{frame: h.frame(r, v, "me.data.title"), Seen: v.Account.Data().Print(), Company: v.Account.Kind != account.NaturalPerson}
	p.Change = web.Link{URL: p.Path(path("change")), Label: p.T("me.task.change")}
	p.Phone = p.field("phone", form.Phone)
	p.Phone.Hint, p.Phone.Type, p.Phone.Autocomplete, p.Phone.Width, p.Phone.Optional = p.T("me.field.phone.hint"), "tel", "tel", "20", true
	a := form.Address
	p.Line1, p.Line2, p.Line3, p.Country = p.field("line1", a.Line1), p.field("line2", a.Line2), p.field("line3", a.Line3), p.field("country", a.Country)
	p.Line1.Hint, p.Line2.Hint = p.T("me.field.line1.hint"), p.T("me.field.line2.hint")
	p.Line1.Autocomplete, p.Line2.Autocomplete, p.Line3.Autocomplete, p.Country.Autocomplete = "address-line1", "address-line2", "address-line3", "country"
	p.Line2.Optional, p.Line3.Optional = true, true
	for _, c := range application.Countries(p.Lang) {
		p.Country.Options = append(p.Country.Options, web.Option{Value: c.Code, Label: c.Name})
	}
	p.Language = p.field("language", form.Lang)
	p.Language.Hint = p.T("me.field.language.hint")
	for _, l := range web.Langs {
		p.Language.Options = append(p.Language.Options, web.Option{Value: l.Code, Label: p.T("me.field.language." + l.Code)})
	}
	return p
}

func (f frame) field(name, value string) web.Field {
	return web.Field{Page: f.Page, Name: name, Label: f.T("me.field." + name + ".label"), Value: value}
}

// data shows the data that the holder may change.
func (h *Room) data(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	p := h.dataPage(r, v, intake.DataOf(v.Account.Data()))
	if h.Pages.Said(w, r) {
		p.Done = p.T("me.data.done")
	}
	return h.Pages.Render(w, http.StatusOK, "me/data", p)
}

// dataPost changes the data. If another tab has changed them since the page was made,
// it says so and shows what was typed; sending that again overrules the other tab.
func (h *Room) dataPost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	form := intake.DataForm{Phone: r.PostForm.Get("phone"), Lang: r.PostForm.Get("language"), Address: intake.AddressForm{
		Line1: r.PostForm.Get("line1"), Line2: r.PostForm.Get("line2"), Line3: r.PostForm.Get("line3"), Country: r.PostForm.Get("country"),
	}}
	p := h.dataPage(r, v, form)
	d, faults := form.Data(v.Account.Kind)
	for _, f := range faults {
		p.Wrong(f.Field, "me.field."+f.Field+"."+f.Why)
	}
	if len(faults) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "me/data", p)
	}
	if len(v.Account.Data().Changed(d)) > 0 {
		if err := h.Limits.SpendFor(r, v.Account.ID, 1, limit.DataChanges); err != nil {
			return err
		}
	}
	now := h.Now()
	err := h.Accounts.Change(r.Context(), v.Account.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		next, fields, err := a.Correct(v.Account.Epoch, r.PostForm.Get("seen"), d, now)
		if err != nil || len(fields) == 0 {
			return next, effect.Effects{}, err
		}
		e := audit.Holder(a.ID).At(h.Limits.Origin(r), web.RequestID(r)).Did(audit.AccountDataChanged, a.ID, now).
			With(map[string]string{audit.DetailFields: names(fields)})
		return next, effect.Of(e, h.Letters.DataChanged(next, fields, now)), nil
	})
	if errors.Is(err, account.ErrOvertaken) {
		return h.dataOvertaken(w, r, v, form)
	}
	if err != nil {
		return err
	}
	if err := h.Pages.Say(w, r); err != nil {
		return err
	}
	return h.Pages.SeeOther(w, "/me/data")
}

// dataOvertaken shows what was typed, with the print of what is stored now.
func (h *Room) dataOvertaken(w http.ResponseWriter, r *http.Request, v flow.Holder, form intake.DataForm) error {
	latest, err := h.Accounts.ByID(r.Context(), v.Account.ID)
	if err != nil {
		return err
	}
	v.Account = latest
	p := h.dataPage(r, v, form)
	p.Wrong("", "me.data.overtaken")
	return h.Pages.Render(w, http.StatusConflict, "me/data", p)
}

// names returns the names of fields as a detail of an event.
func names(fields []account.Field) string {
	var all []string
	for _, f := range fields {
		all = append(all, string(f))
	}
	return strings.Join(all, " ")
}
