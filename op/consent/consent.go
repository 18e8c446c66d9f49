// Package consent owns /consent, which asks whether a third-party client may
// receive a person's data. A yes is stored for the claims that the page named.
//
//	third-party client, claims not allowed before ─► /consent ─┬─ yes ─► back to the client with a code
//	                                                           └─ no ──► back with access_denied
package consent

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

// Room serves the page. Its fields are set before Mount.
type Room struct {
	Pages  *web.Renderer
	Limits *web.Limits
	Now    func() time.Time
	Flow   *flow.Dispatcher
}

// Mount adds the page to t.
func (h *Room) Mount(t *web.Router) {
	t.Get("/consent", h.Flow.At(authreq.StepConsent, h.consent))
	t.Post("/consent", h.Flow.At(authreq.StepConsent, h.consentPost), "decision")
}

type consentPage struct {
	*web.Page
	Domain  string   // the host of the client's redirect URI
	Person  string   // who is logged in
	Claims  []string // in words
	Public  bool     // the client cannot keep a secret
	Always  bool     // people are asked at each login
	Yes, No web.Button
}

func (h *Room) consent(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	return h.Pages.Render(w, http.StatusOK, "consent/consent", h.page(r, v))
}

func (h *Room) page(r *http.Request, v *flow.Login) *consentPage {
	p := h.Flow.Page(r, v, "consent.title")
	page := &consentPage{
		Page: p, Person: v.Account.Email, Public: v.Client.Public(), Always: v.Client.AsksEachTime(),
		Yes: web.Button{Name: "decision", Value: "yes", Label: p.T("consent.yes")},
		No:  web.Button{Name: "decision", Value: "no", Label: p.T("consent.no"), Secondary: true},
	}
	if u, err := url.Parse(v.Request.RedirectURI); err == nil {
		page.Domain = u.Hostname()
	}
	for _, name := range claim.Told(v.Asked(), v.Account.Kind) {
		page.Claims = append(page.Claims, p.T("web.claim."+name))
	}
	return page
}

func (h *Room) consentPost(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	switch r.PostForm.Get("decision") {
	case "yes":
		if err := h.give(r, v); err != nil {
			return err
		}
		v.Request.Consented = true
	case "no":
		v.Request.Refusal = "access_denied"
	default:
		page := h.page(r, v)
		page.Wrong("", "consent.choose")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "consent/consent", page)
	}
	v, err := h.Flow.Save(r.Context(), v)
	if err != nil {
		return err
	}
	return h.Flow.Onward(w, r, v)
}

// give stores the yes, added to what was allowed before.
func (h *Room) give(r *http.Request, v *flow.Login) error {
	earlier, err := h.Flow.Consents.Get(r.Context(), v.Account.ID, v.Client.ID)
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	now := h.Now()
	rec := effect.Of(audit.Holder(v.Account.ID).At(h.Limits.Origin(r), web.RequestID(r)).Did(audit.ConsentGiven, v.Account.ID, now).
		With(map[string]string{"client": v.Client.ID}))
	return h.Flow.Consents.Give(r.Context(), consent.Consent{AccountID: v.Account.ID, ClientID: v.Client.ID, Claims: earlier.With(v.Asked()), GivenAt: now}, rec)
}
