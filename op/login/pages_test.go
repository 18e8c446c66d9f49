package login

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "login", map[string]any{
		"login/login": &loginPage{}, "login/code": &codePage{}, "login/lost": &lostPage{}, "login/blocked": &blockedPage{}, "login/portals": &portalsPage{}, "login/mail": &mailPage{},
		"login/disavow": &disavowPage{}, "login/disavowed": &disavowedPage{},
	})
}
