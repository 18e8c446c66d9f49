package practice

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
)

// Official is an official of a demo with Review.
type Official struct {
	Name, Email, Role, Password string
	Phone                       *Phone

	site *Site
}

// Officials returns the officials that the demo printed, in that order, and the password of
// the made-up account holders.
func (s *Site) Officials(t testing.TB) (officials []*Official, password string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Data, "review.json"))
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		Officials []struct{ Name, Email, Role, Password, Key string }
		Password  string
	}
	if err := json.Unmarshal(text, &made); err != nil {
		t.Fatal(err)
	}
	for _, o := range made.Officials {
		officials = append(officials, &Official{o.Name, o.Email, o.Role, o.Password, NewPhone(t, o.Key), s})
	}
	return officials, made.Password
}

// Official returns the first official whose name begins with name.
func (s *Site) Official(t testing.TB, name string) *Official {
	t.Helper()
	all, _ := s.Officials(t)
	for _, o := range all {
		if strings.HasPrefix(o.Name, name) {
			return o
		}
	}
	t.Fatalf("the demo has no official %s", name)
	return nil
}

// LogIn goes from the console's address to its home page.
func (o *Official) LogIn(b *browser.Session) {
	b.Open(o.site.Issuer + "/console")
	b.Fill("email", o.Email)
	b.Fill("password", o.Password)
	b.Submit()
	b.Fill("code", o.Phone.Code())
	b.Submit()
}
