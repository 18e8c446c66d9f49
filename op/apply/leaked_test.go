package apply_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
)

// an applicant cannot choose a leaked password and is told why; while the list
// cannot be read, passwords are chosen without it, which is counted.
func TestR317_ApplyLeaked(t *testing.T) {
	t.Parallel()
	const leaked = "een vergeten paraplu in de trein"
	list := filepath.Join(t.TempDir(), "leaked.txt")
	site.Must(t, os.WriteFile(list, fmt.Appendf(nil, "%X:3\r\n", sha1.Sum([]byte(leaked))), 0o600))
	s := withMails(site.New(t, func(c *config.Config) { c.Password.LeakedFile = list }))
	v := s.visitor()
	v.confirm("burger", "jo@example.com")
	v.post("/apply/password", form("password", leaked)).Wrong("password").Has("lijst met gelekte wachtwoorden").Without(leaked)
	v.post("/apply/password", form("password", goodPassword)).Leads("/apply/person")

	site.Must(t, os.WriteFile(list, bytes.Repeat([]byte{'x'}, 45), 0o600))
	const line = "olid_leaked_lookup_errors_total"
	if got := s.Metric(line); got != "0" {
		t.Errorf("%s %s before the list was damaged, want 0", line, got)
	}
	other := s.visitor()
	other.confirm("burger", "zoe@example.com")
	other.post("/apply/password", form("password", leaked)).Leads("/apply/person")
	if got := s.Metric(line); got != "1" {
		t.Errorf("%s %s, want 1", line, got)
	}
}
