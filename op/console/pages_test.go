package console

import (
	"net/http/httptest"
	"testing"
	"time"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/staff"
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

// Every page with the menu links the console's style sheet.
func TestPageHasTheConsolesStyleSheet(t *testing.T) {
	t.Parallel()
	h := &Kit{Pages: pages.New(t), Sessions: &session.Service[staff.Member]{Limits: Limits}, Now: time.Now}
	p := h.Page(httptest.NewRequest("GET", "http://localhost/console", nil), &Visit{}, "console.home.title")
	if p.StyleSheet != "console.css" || p.StaticURL(p.StyleSheet) == "" {
		t.Errorf("Page().StyleSheet = %q at %q, want console.css at an address", p.StyleSheet, p.StaticURL(p.StyleSheet))
	}
}
