package console

import (
	"net/http/httptest"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/pkg/review"
)

// The text about what was done comes from the catalogue, never from the address,
// and each act of an official on an application has one.
func TestDone(t *testing.T) {
	t.Parallel()
	k := pages.New(t)
	tell := func(method, act string) string {
		r := httptest.NewRequest(method, DoneURL("/console/helpdesk/account?id=a1", act), nil)
		return doneText(r, k.Page(r, "console.home.title"))
	}
	acts := append([]string{}, doneActs...)
	for _, a := range []review.ActKind{review.ActTake, review.ActRelease, review.ActNote, review.ActPropose, review.ActApprove, review.ActReject, review.ActMore} {
		acts = append(acts, string(a))
	}
	for _, act := range acts {
		if text := tell("GET", act); text == "" || strings.HasPrefix(text, "console.") {
			t.Errorf("%s: %q", act, text)
		}
	}
	if text := tell("GET", "You won"); text != "" {
		t.Errorf("an address put words on a page: %q", text)
	}
	if text := tell("POST", "note"); text != "" {
		t.Errorf("an answer to a form repeats what was done before: %q", text)
	}
	if got := DoneURL("/console/helpdesk/account?id=a1", "mail"); got != "/console/helpdesk/account?done=mail&id=a1" {
		t.Error(got)
	}
}
