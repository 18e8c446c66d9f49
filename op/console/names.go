package console

import (
	"context"
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/staff"
)

// Names looks up the names of officials, also of removed ones, once for each page.
type Names struct {
	store staff.Store
	known map[string]string
}

// Names returns a Names for one page.
func (h *Kit) Names() *Names { return &Names{h.Staff.Store, map[string]string{"": ""}} }

// Of returns the name of an official, "" for "", and the id of an unknown one.
func (n *Names) Of(ctx context.Context, id string) (string, error) {
	if name, ok := n.known[id]; ok {
		return name, nil
	}
	m, err := n.store.ByID(ctx, id)
	switch {
	case errors.Is(err, errs.ErrNotFound):
		m.Name = id
	case err != nil:
		return "", err
	}
	n.known[id] = m.Name
	return m.Name, nil
}

// Officials returns a function that returns the names of officials on one page; an
// unknown one is called a colleague.
func (h *Kit) Officials(r *http.Request) func(*web.Page, string) string {
	known := map[string]string{}
	return func(p *web.Page, id string) string {
		if _, ok := known[id]; !ok {
			known[id] = p.T("console.colleague")
			if m, err := h.Staff.Store.ByID(r.Context(), id); err == nil {
				known[id] = m.Name
			}
		}
		return known[id]
	}
}
