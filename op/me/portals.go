package me

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
)

// historyYears is how far back holders see what happened to their account.
const historyYears = 2

func (h *Room) since() time.Time { return h.Now().AddDate(-historyYears, 0, 0) }

// mostGrants is how many of the last logins at portals are looked at. Portals that
// were used before those are shown only if they have consent.
const mostGrants = 1000

type portalsPage struct {
	frame
	Portals []portalRow
}

type portalRow struct {
	Name     string
	Last     string   // when it last got data; "" if that is not known
	Claims   []string // in words
	Unknown  bool     // what it got was not recorded
	Consent  string   // when consent was given; "" if there is none
	Without  string   // what to know of a portal without consent; may be ""
	Withdraw web.Button
}

// given is what one client got.
type given struct {
	client   string
	last     time.Time
	recorded bool // what it got is known
	claims   []string
	consent  time.Time
}

// gave returns what clients got of an account, the last one first.
func (h *Room) gave(r *http.Request, a account.Account) ([]given, error) {
	consents, err := h.Consents.Of(r.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	grants, err := h.Audit.History(r.Context(), audit.History{
		Of: []audit.Object{{Kind: audit.ObjectAccount, ID: a.ID}}, Since: h.since(), Only: []audit.Action{audit.GrantIssued},
	}, mostGrants)
	if err != nil {
		return nil, err
	}
	var all []given
	of := func(client string) *given {
		i := slices.IndexFunc(all, func(g given) bool { return g.client == client })
		if i < 0 {
			all, i = append(all, given{client: client}), len(all)
		}
		return &all[i]
	}
	for _, e := range grants { // the newest first
		g := of(e.Details[audit.DetailClient])
		if g.last.IsZero() {
			g.last = e.At
		}
		claims, recorded := e.Details[audit.DetailClaims]
		g.recorded = g.recorded || recorded
		g.claims = append(g.claims, strings.Fields(claims)...)
	}
	for _, c := range consents {
		g := of(c.ClientID)
		g.consent, g.recorded, g.claims = c.GivenAt, true, append(g.claims, c.Claims...)
	}
	return all, nil
}

func (h *Room) portalsPage(r *http.Request, v flow.Holder) (*portalsPage, error) {
	p := &portalsPage{frame: h.frame(r, v, "me.portals.title")}
	all, err := h.gave(r, v.Account)
	if err != nil {
		return nil, err
	}
	for _, g := range all {
		row := portalRow{Unknown: !g.recorded}
		c, err := h.Clients.ByID(r.Context(), g.client)
		gone := errors.Is(err, errs.ErrNotFound)
		if err != nil && !gone {
			return nil, err
		}
		row.Name = p.portalName(c, g.client)
		if !g.last.IsZero() {
			row.Last = letter.Moment(g.last, p.Lang)
		}
		for _, name := range claim.Told(g.claims, v.Account.Kind) {
			row.Claims = append(row.Claims, p.T("web.claim."+name))
		}
		if !g.consent.IsZero() {
			row.Consent = letter.Moment(g.consent, p.Lang)
			row.Withdraw = web.Button{Name: "withdraw", Value: g.client, Label: p.T("me.portals.withdraw", "Client", row.Name), Secondary: true}
		} else if !gone {
			row.Without = p.without(c)
		}
		p.Portals = append(p.Portals, row)
	}
	return p, nil
}

// without returns what to know of a client that has no consent.
func (f frame) without(c client.Client) string {
	switch {
	case c.AsksEachTime():
		return f.T("me.portals.each_time")
	case c.ThirdParty:
		return f.T("me.portals.withdrawn")
	}
	return f.T("me.portals.no_consent")
}

// portalName returns the name of the client with this id; c is the zero value if there
// is none any more.
func (f frame) portalName(c client.Client, id string) string {
	if c.ID == "" {
		return f.T("me.portals.gone", "Client", id)
	}
	return cmp.Or(c.Name, id)
}

// portals lists the portals that got data of the holder.
func (h *Room) portals(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	p, err := h.portalsPage(r, v)
	if err != nil {
		return err
	}
	if h.Pages.Said(w, r) {
		p.Done = p.T("me.portals.done")
	}
	return h.Pages.Render(w, http.StatusOK, "me/portals", p)
}

// portalsPost withdraws the consent for a client. That another tab was quicker is no
// error.
func (h *Room) portalsPost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	id, now := r.PostForm.Get("withdraw"), h.Now()
	e := audit.Holder(v.Account.ID).At(h.Limits.Origin(r), web.RequestID(r)).Did(audit.ConsentWithdrawn, v.Account.ID, now).
		With(map[string]string{audit.DetailClient: id})
	err := h.Consents.Withdraw(r.Context(), v.Account.ID, id, now, effect.Of(e))
	if errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, "/me/portals")
	}
	if err != nil {
		return err
	}
	if err := h.Pages.Say(w, r); err != nil {
		return err
	}
	return h.Pages.SeeOther(w, "/me/portals")
}
