package helpdesk

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/console"
)

var drawn = map[string]any{
	"console/helpdesk/helpdesk": &accountsPage{},
	"console/helpdesk/account":  &accountPage{},
	"console/helpdesk/act":      &actPage{},
	"console/helpdesk/address":  &addressPage{},
	"console/helpdesk/lang":     &actPage{},
	"console/helpdesk/mail":     &actPage{},
	"console/helpdesk/request":  &requestPage{},
}

func TestPagesFitTheirStructs(t *testing.T) { pages.Check(t, "console/helpdesk", drawn) }

func TestPagesHideNothing(t *testing.T) { pages.HideNothing(t, console.Frame{}, drawn) }
