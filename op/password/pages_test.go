package password

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "password", map[string]any{
		"password/forgotten": &forgottenPage{}, "password/sent": &sentPage{}, "password/new": &linkPage{}, "password/code": &codePage{}, "password/choose": &choosePage{},
		"password/done": &donePage{}, "password/change": &choosing{}, "password/changed": &changedPage{}, "password/renew": &choosing{},
	})
}
