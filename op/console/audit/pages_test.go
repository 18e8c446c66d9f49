package audit

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/console"
)

var drawn = map[string]any{
	"console/audit/audit": &recordPage{},
}

func TestPagesFitTheirStructs(t *testing.T) { pages.Check(t, "console/audit", drawn) }

func TestPagesHideNothing(t *testing.T) { pages.HideNothing(t, console.Frame{}, drawn) }
