package staff

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/console"
)

var drawn = map[string]any{
	"console/staff/staff":  &staffPage{},
	"console/staff/member": &memberPage{},
}

func TestPagesFitTheirStructs(t *testing.T) { pages.Check(t, "console/staff", drawn) }

func TestPagesHideNothing(t *testing.T) { pages.HideNothing(t, console.Frame{}, drawn) }
