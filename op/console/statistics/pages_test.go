package statistics

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/console"
)

var drawn = map[string]any{
	"console/statistics/statistics": &statisticsPage{},
}

func TestPagesFitTheirStructs(t *testing.T) { pages.Check(t, "console/statistics", drawn) }

func TestPagesHideNothing(t *testing.T) { pages.HideNothing(t, console.Frame{}, drawn) }
