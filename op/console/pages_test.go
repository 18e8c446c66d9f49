package console

import (
	"net/http/httptest"
	"reflect"
	"testing"

	"omgevingsloket-id/e2e/pages"
)

var drawn = map[string]any{
	"console/home": &homePage{}, "console/invite": &invitePage{}, "console/qr": &qrPage{}, "console/login": &loginPage{}, "console/code": &codePage{},
	"console/record": &recordPage{}, "console/staff": &staffPage{}, "console/member": &memberPage{},
	"console/applications": &queuePage{}, "console/application_case": &casePage{}, "console/application_decide": &decidePage{},
	"console/accounts": &accountsPage{}, "console/account": &accountPage{}, "console/account-act": &actPage{}, "console/account-address": &addressPage{}, "console/change": &changePage{}, "console/account-mail": &actPage{},
	"console/unblock": &unblockPage{}, "console/document": &documentPage{}, "console/statistics": &statisticsPage{}, "console/again": &againPage{},
}

func TestPagesFitTheirStructs(t *testing.T) { pages.Check(t, "console", drawn) }

// A page's own field never hides one that every page has: the bar at the top
// would show it in the name's place.
func TestPagesHideNothing(t *testing.T) {
	shared := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[page]()) {
		shared[f.Name] = true
	}
	if !shared["Who"] || !shared["Menu"] || !shared["Title"] {
		t.Fatal(shared)
	}
	for name, p := range drawn {
		if embedded, ok := reflect.TypeOf(p).Elem().FieldByName("page"); !ok || !embedded.Anonymous {
			continue
		}
		for f := range reflect.TypeOf(p).Elem().Fields() {
			if !f.Anonymous && shared[f.Name] {
				t.Errorf("%s: field %s hides that of every page", name, f.Name)
			}
		}
	}
}

// Every page with the menu links the sheet with the rules of the console.
func TestPageHasTheConsolesStyleSheet(t *testing.T) {
	t.Parallel()
	p := (&Room{Pages: pages.New(t)}).page(httptest.NewRequest("GET", "http://localhost/console", nil), &Visit{}, "console.home.title")
	if p.StyleSheet != "console.css" || p.StaticURL(p.StyleSheet) == "" {
		t.Errorf("page().StyleSheet = %q at %q, want console.css at an address", p.StyleSheet, p.StaticURL(p.StyleSheet))
	}
}
