package helpdesk

import (
	"net/http/httptest"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
)

// The events of an account have texts; an unknown one is shown as its code.
func TestAccountEventsHaveWords(t *testing.T) {
	t.Parallel()
	kit := pages.New(t)
	nobody := func(*web.Page, string) string { return "" }
	for _, lang := range []string{"nl", "en"} {
		r := httptest.NewRequest("GET", "/?lang="+lang, nil)
		p := kit.Page(r, "console-helpdesk.account.title")
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
