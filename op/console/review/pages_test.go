package review

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/console"
)

var drawn = map[string]any{
	"console/review/review":   &queuePage{},
	"console/review/case":     &casePage{},
	"console/review/decide":   &decidePage{},
	"console/review/document": &documentPage{},
}

func TestPagesFitTheirStructs(t *testing.T) { pages.Check(t, "console/review", drawn) }

func TestPagesHideNothing(t *testing.T) { pages.HideNothing(t, console.Frame{}, drawn) }
