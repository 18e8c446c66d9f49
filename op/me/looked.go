package me

import (
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
)

// looks are the actions by which officials see data of one person, about the account
// and about the applications that it was made of.
var looks = []audit.Action{audit.AccountViewed, audit.ApplicationViewed, audit.DocumentViewed, audit.DocumentDownloaded}

// mostLooks is how many are shown.
const mostLooks = 200

type lookedPage struct {
	frame
	Looks []lookRow
	Most  int // shown, if there are more; else 0
}

type lookRow struct{ What, When, Why string }

// looked shows which officials looked at the data of the holder, when, and why.
func (h *Room) looked(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	p := &lookedPage{frame: h.frame(r, v, "me.looked.title")}
	of := []audit.Object{{Kind: audit.ObjectAccount, ID: v.Account.ID}}
	ids, err := h.Applications.OfAccount(r.Context(), v.Account.ID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		of = append(of, audit.Object{Kind: audit.ObjectApplication, ID: id})
	}
	found, err := h.Audit.History(r.Context(), audit.History{Of: of, Since: h.since(), Only: looks}, mostLooks+1)
	if err != nil {
		return err
	}
	if len(found) > mostLooks {
		found, p.Most = found[:mostLooks], mostLooks
	}
	for _, e := range found {
		name := textOf(e.Action)
		p.Looks = append(p.Looks, lookRow{What: p.T("me.look." + name), When: letter.Moment(e.At, p.Lang), Why: p.T("me.look_why." + name)})
	}
	return h.Pages.Render(w, http.StatusOK, "me/looked", p)
}
