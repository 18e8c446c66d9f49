package me

import (
	"slices"
	"testing"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
)

// Every action about an account has a text on one of the two pages.
func TestEveryActionHasAText(t *testing.T) {
	t.Parallel()
	catalog, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range web.Langs {
		var prefix string
		catalog.Missing = func(_, key string) { t.Errorf("%s: no text %s", l.Code, key) }
		for _, g := range audit.Groups {
			for _, a := range g.Actions() {
				switch {
				case slices.Contains(looks, a):
					prefix = "me.look."
					catalog.Text(l.Code, "me.look_why."+textOf(a))
				case a.Object() == audit.ObjectAccount:
					prefix = "me.action."
				default:
					continue
				}
				catalog.Text(l.Code, prefix+textOf(a))
			}
		}
		for _, r := range []account.BlockReason{account.NotScanned, account.EnrolmentCodes, account.EnrolmentLate, account.TooManyCodes, account.Reported, account.Reopened, account.RecoveryCodes, account.Cancelled} {
			if !slices.Contains(reasons, string(r)) {
				t.Errorf("the reason %s of a block has no text", r)
			}
			catalog.Text(l.Code, "me.blocked."+string(r))
		}
	}
	for _, a := range looks {
		if a.Object() == audit.ObjectAccount && !slices.Contains(elsewhere, a) {
			t.Errorf("%s is on both pages", a)
		}
	}
}
