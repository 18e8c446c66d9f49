package address

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "address", map[string]any{"address/address": &addressPage{}, "address/done": &donePage{}, "address/change": &changePage{}, "address/code": &codePage{}, "address/changed": &donePage{}, "address/undo": &undoPage{}, "address/undone": &donePage{}})
}
