package console_test

import (
	"crypto/sha1"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

// an official cannot choose a leaked password. A reload takes over a new list, or
// none; if the new one is invalid, the present one stays in use.
func TestR317_InviteLeaked(t *testing.T) {
	t.Parallel()
	const leaked = "een vergeten paraplu in de trein"
	list := filepath.Join(t.TempDir(), "leaked.txt")
	write := func(text string) {
		t.Helper()
		site.Must(t, os.WriteFile(list+".new", []byte(text), 0o600))
		site.Must(t, os.Rename(list+".new", list))
	}
	line := func(word string) string { return fmt.Sprintf("%X:3\n", sha1.Sum([]byte(word))) }
	write(line(leaked))
	s := site.New(t, func(c *config.Config) { c.Password.LeakedFile = list })
	b := s.Browser().Get(s.Invite("nora@gov.example", staff.Reviewer)).At("/console/invite")
	refused := func(when string, want bool) {
		t.Helper()
		if got := s.Console.Policy.Leaked(leaked); got != want {
			t.Errorf("%s a leaked password is refused: %t, want %t", when, got, want)
		}
	}
	b.Submit("password", leaked).Is(http.StatusUnprocessableEntity).Says("lijst met gelekte wachtwoorden")
	b.Get("/console/invite?lang=en").Submit("password", leaked).Is(http.StatusUnprocessableEntity).Says("on a list of leaked passwords")

	c := s.Config
	write("no list\n")
	s.App.Reload(t.Context(), c)
	refused("after a broken list", true)
	write(line("another one, of somebody else"))
	refused("before a reload", true)
	s.App.Reload(t.Context(), c)
	refused("after a new list", false)
	write(line(leaked))
	s.App.Reload(t.Context(), c)
	refused("after the old list", true)
	c.Password.LeakedFile = ""
	s.App.Reload(t.Context(), c)
	refused("without a list", false)
	b.Submit("password", leaked).At("/console/invite").Is(http.StatusOK)
}
