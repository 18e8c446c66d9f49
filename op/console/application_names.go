package console

import (
	"context"
	"errors"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/staff"
)

// memberNames looks up who is who, each once a page; also those removed.
type memberNames struct {
	store staff.Store
	known map[string]string
}

func (h *Room) names() *memberNames { return &memberNames{h.Staff.Store, map[string]string{"": ""}} }

// of gives a member's name; "" for nobody, the id for one who is not known.
func (n *memberNames) of(ctx context.Context, id string) (string, error) {
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
