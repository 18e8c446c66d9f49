package audit

import (
	"net/http"
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
)

// headTime is how old the last signed head may be while there are events after
// it.
const headTime = time.Hour

// waitHead shows auditors up to where the audit log is signed.
func (h *Room) waitHead(r *http.Request, _ *console.Visit, p *web.Page) (console.WaitList, error) {
	end, err := h.Heads.Head(r.Context())
	if err != nil {
		return console.WaitList{}, err
	}
	last, err := h.Heads.Newest(r.Context())
	if err != nil {
		return console.WaitList{}, err
	}
	row := console.WaitRow{Link: web.Link{URL: p.Path("/console/audit"), Label: p.T("console-audit.waits.record")}}
	row.Term, row.Note, row.Late = headText(p, end, last, h.Now())
	return console.WaitList{ID: "head", Title: p.T("console-audit.waits.head"), Rows: []console.WaitRow{row}}, nil
}

// headText says whether the audit log is signed, up to where and since when. An old
// signature is not late while no events follow it.
func headText(p *web.Page, end audit.Head, last audit.SignedHead, now time.Time) (term, note string, late bool) {
	if last.Seq == 0 {
		return p.T("console-audit.waits.head_none"), "", end.Seq > 0
	}
	note = p.T("console-audit.waits.head_note", "Last", last.Seq, "End", end.Seq)
	if end.Seq > last.Seq && now.Sub(last.At) > headTime {
		return p.T("console-audit.waits.head_old", "Moment", console.Moment(last.At, p.Lang)), note, true
	}
	return p.T("console-audit.waits.head_at", "Moment", console.Moment(last.At, p.Lang)), note, false
}
