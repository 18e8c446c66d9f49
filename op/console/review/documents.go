package review

import (
	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/scan"
)

// What can be wrong with the scanner.
const (
	ScannerNone   = "none"   // no scanner is configured
	ScannerSilent = "silent" // the scanner does not answer
)

// documentRow is a document without its content.
type documentRow struct {
	*web.Page
	Name, Type, Size, SHA256, At string
	State                        string
	Alert                        bool
	URL                          string // page that shows it; "" means none
}

// documentTypes are the last part of the text keys of types.
var documentTypes = map[string]string{document.TypePDF: "pdf", document.TypeJPEG: "jpeg", document.TypePNG: "png"}

func (h *Room) documentRow(p *web.Page, d custody.Filed) documentRow {
	kind := documentTypes[d.Type]
	if kind == "" {
		kind = "other"
	}
	row := documentRow{
		Page: p, Name: d.Name, Type: p.T("console-review.document.type_" + kind), Size: letter.Size(d.Size, p.Lang), SHA256: d.SHA256, At: console.Moment(d.CreatedAt, p.Lang),
		Alert: true,
	}
	switch {
	case !d.DestroyedAt.IsZero():
		row.State, row.Alert = p.T("console-review.document.state_destroyed", "At", console.Moment(d.DestroyedAt, p.Lang)), false
	case d.Verdict == scan.Infected:
		row.State = p.T("console-review.document.state_infected", "Signature", d.Signature)
	case d.Verdict == scan.Clean:
		row.State, row.Alert = p.T("console-review.document.state_clean", "At", console.Moment(d.ScannedAt, p.Lang)), false
	default:
		row.State = p.T("console-review.document.state_pending")
		if why := h.Scanner(); why != "" {
			row.State = p.T("console-review.document.state_pending_" + why)
		}
	}
	return row
}
