package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/sheet"
	"omgevingsloket-id/pkg/staff"
)

// Day returns the day in the Netherlands (YYYY-MM-DD).
func Day(t time.Time) string { return t.In(letter.Dutch).Format(time.DateOnly) }

// SeparatorField returns a field for the separator, by default the one that
// spreadsheets in the language of the page use.
func SeparatorField(p *web.Page) web.Field {
	f := web.Field{Page: p, Name: "separator", Label: p.T("console.export.separator"), Hint: p.T("console.export.separator_hint"), Value: "semicolon"}
	if p.Lang != "nl" {
		f.Value = "comma"
	}
	for _, s := range []string{"semicolon", "comma"} {
		f.Options = append(f.Options, web.Option{Value: s, Label: p.T("console.export." + s)})
	}
	return f
}

// NewSheet returns a sheet with these columns, by text key, and the separator that
// the form asks for.
func NewSheet(p *web.Page, r *http.Request, columns ...string) *sheet.Sheet {
	separator := sheet.Semicolon
	if r.PostForm.Get("separator") == "comma" {
		separator = sheet.Comma
	}
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = p.T("console.export.column_" + c)
	}
	return sheet.New(separator, titles...)
}

// Export names the file of an export and describes its event.
type Export struct {
	Name    string
	Action  audit.Action
	Details map[string]string
	Files   []staff.File // whose names it holds
}

// MayExport counts an export, before anything is read for it.
func (h *Kit) MayExport(r *http.Request, v *Visit) error {
	return h.Limits.SpendFor(r, v.Member.ID, 1, limit.Exports)
}

// Download sends the complete file, after adding the export to the audit log.
func (h *Kit) Download(w http.ResponseWriter, r *http.Request, v *Visit, s *sheet.Sheet, x Export) error {
	file := s.Close()
	details := map[string]string{"rows": strconv.Itoa(s.Rows())}
	for name, value := range x.Details {
		if value != "" {
			details[name] = value
		}
	}
	e := h.By(r, v).Did(x.Action, "", h.Now()).With(details)
	note := func() error { return h.Audit.Note(r.Context(), e) }
	if len(x.Files) > 0 {
		note = func() error { return h.exported(r, v, e, x.Files) }
	}
	if err := note(); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	header.Set("Content-Disposition", `attachment; filename="`+strings.Join([]string{x.Name, Day(h.Now())}, "-")+`.csv"`)
	header.Set("Content-Length", strconv.Itoa(len(file)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(file) // a truncated file lacks its last line
	return nil
}
