package console

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

var drawn = map[string]any{
	"console/home":   &homePage{},
	"console/invite": &invitePage{},
	"console/qr":     &qrPage{},
	"console/login":  &loginPage{},
	"console/code":   &codePage{},
	"console/again":  &againPage{},
}

func TestPagesFitTheirStructs(t *testing.T) { pages.Check(t, "console", drawn) }

func TestPagesHideNothing(t *testing.T) { pages.HideNothing(t, Frame{}, drawn) }
