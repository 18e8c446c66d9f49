package console

import (
	"net/http/httptest"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
)

// Whatever the record can name has words in both languages.
func TestRecordHasWords(t *testing.T) {
	catalog, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, g := range audit.Groups {
		keys = append(keys, "record.group."+string(g))
		for _, a := range g.Actions() {
			keys = append(keys, "record.action."+strings.ReplaceAll(string(a), ".", "_"))
		}
	}
	for _, k := range audit.ActorKinds {
		keys = append(keys, "record.actor."+string(k))
	}
	for _, k := range audit.ObjectKinds {
		keys = append(keys, "record.object."+string(k))
	}
	for _, lang := range []string{"nl", "en"} {
		for _, key := range keys {
			if text := catalog.Text(lang, key); text == "" || strings.Contains(text, key) {
				t.Errorf("%s: %s has no words", lang, key)
			}
		}
	}
}

// The helpdesk reads what happened to an account in the same words; what has
// none is named by its code.
func TestAccountEventsHaveWords(t *testing.T) {
	kit := pages.New(t)
	nobody := func(*web.Page, string) string { return "" }
	for _, lang := range []string{"nl", "en"} {
		r := httptest.NewRequest("GET", "/?lang="+lang, nil)
		p := kit.Page(r, "helpdesk.account.title")
		for _, g := range audit.Groups {
			for _, a := range g.Actions() {
				if what := eventLine(p, audit.Event{Action: a}, nobody).What; what == "" || what == string(a) || strings.Contains(what, "record.action") {
					t.Errorf("%s: %s is %q", lang, a, what)
				}
			}
		}
		if what := eventLine(p, audit.Event{Action: "account.of_tomorrow"}, nobody).What; what != "account.of_tomorrow" {
			t.Errorf("%s: an unknown action is %q", lang, what)
		}
	}
}
