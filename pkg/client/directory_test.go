package client_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
)

// memory is a client store in memory that lists the ids it is asked for.
type memory struct {
	client.Store
	clients []client.Client
	err     error
	asked   []string
}

func (s *memory) ByID(_ context.Context, id string) (client.Client, error) {
	s.asked = append(s.asked, id)
	if s.err != nil {
		return client.Client{}, s.err
	}
	for _, c := range s.clients {
		if c.ID == id {
			return c, nil
		}
	}
	return client.Client{}, errs.ErrNotFound
}

func (s *memory) List(context.Context) ([]client.Client, error) { return s.clients, s.err }

// directory returns a directory over s and a function that moves its clock on.
func directory(s *memory, issuer client.Policy, fixed ...client.Client) (d *client.Directory, pass func(time.Duration)) {
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	return client.NewDirectory(fixed, s, issuer, false, func() time.Time { return now }), func(d time.Duration) { now = now.Add(d) }
}

func named(id string) client.Client { return web(func(c *client.Client) { c.ID = id }) }

func TestDirectoryByID(t *testing.T) {
	t.Parallel()
	stored := []client.Client{named("stored"), named("both"), keyed(nil)}
	stored[1].Name = "of the store"
	// Valid when it was stored, but not under a later policy of the issuer.
	weak := web(func(c *client.Client) { c.ID, c.SecretHashes = "weak", nil })
	for name, c := range map[string]struct {
		issuer client.Policy
		id     string
		want   client.Policy // of the client that is found; "" = errs.ErrNotFound
	}{
		"of the file":                       {client.General, "both", client.General},
		"of the store":                      {client.General, "stored", client.General},
		"tightened":                         {client.NLGov, "keyed", client.NLGov},
		"secret under nlgov":                {client.NLGov, "stored", ""},
		"not valid":                         {client.General, "weak", ""},
		"unknown":                           {client.General, "unknown", ""},
		"no id":                             {client.General, "", ""},
		"the longest id":                    {client.General, strings.Repeat("b", 128), client.General},
		"an id that cannot be a stored one": {client.General, strings.Repeat("a", 129), ""},
	} {
		s := &memory{clients: append([]client.Client{weak, named(strings.Repeat("a", 129)), named(strings.Repeat("b", 128)), named("")}, stored...)}
		d, _ := directory(s, c.issuer, named("both"))
		got, err := d.ByID(t.Context(), c.id)
		if c.want == "" && (!errors.Is(err, errs.ErrNotFound) || got.ID != "") {
			t.Errorf("%s: ByID(%q) = %q, %v, want errs.ErrNotFound", name, c.id, got.ID, err)
		}
		if c.want != "" && (err != nil || got.ID != c.id || got.Policy != c.want || got.Name != "Portal") {
			t.Errorf("%s: ByID(%q) = %q of policy %q (%q), %v, want policy %q", name, c.id, got.ID, got.Policy, got.Name, err, c.want)
		}
		if over := slices.ContainsFunc(s.asked, func(id string) bool { return id == "" || id == "both" || len(id) > 128 }); over {
			t.Errorf("%s: the store was asked for %q", name, s.asked)
		}
	}
}

// A result is cached for two seconds, also that there is no such client; an
// error of the store is not.
func TestDirectoryKeepsAnswers(t *testing.T) {
	t.Parallel()
	s := &memory{err: errs.Unavailable("reading clients", errors.New("down"))}
	d, pass := directory(s, client.General)
	ask := func(want error) {
		t.Helper()
		if c, err := d.ByID(t.Context(), "late"); !errors.Is(err, want) || err == nil && c.ID != "late" {
			t.Errorf("ByID() = %q, %v, want %v", c.ID, err, want)
		}
	}
	ask(errs.ErrUnavailable)
	s.err = nil
	ask(errs.ErrNotFound)
	s.clients = []client.Client{named("late")}
	pass(2*time.Second - 1)
	ask(errs.ErrNotFound)
	pass(1)
	ask(nil)
	s.clients = nil
	ask(nil)
	pass(2 * time.Second)
	ask(errs.ErrNotFound)
	if len(s.asked) != 4 {
		t.Errorf("the store was asked %d times, want 4", len(s.asked))
	}
}

// Made-up ids do not fill the memory.
func TestDirectoryForgets(t *testing.T) {
	t.Parallel()
	s := &memory{}
	d, _ := directory(s, client.General)
	ask := func(n int) {
		t.Helper()
		if _, err := d.ByID(t.Context(), fmt.Sprint(n)); !errors.Is(err, errs.ErrNotFound) {
			t.Fatalf("ByID(%d) = %v, want errs.ErrNotFound", n, err)
		}
	}
	for i := range 1000 {
		ask(i)
	}
	for _, again := range []int{0, 999, 1000, 1000, 999} {
		ask(again)
	}
	if got := s.asked[1000:]; !slices.Equal(got, []string{"1000", "999"}) {
		t.Errorf("after 1000 ids the store was asked for %q, want only the next one and then what was forgotten", got)
	}
}

func TestDirectoryList(t *testing.T) {
	t.Parallel()
	ofStore := named("both")
	ofStore.Name = "of the store"
	s := &memory{clients: []client.Client{named("a"), ofStore, keyed(func(c *client.Client) { c.Policy = client.NLGov })}}
	d, _ := directory(s, client.General, named("z"), named("both"))
	all, err := d.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range all {
		got = append(got, fmt.Sprintf("%s %s %s", c.ID, c.Name, c.Policy))
	}
	if want := []string{"a Portal general", "both Portal general", "keyed Portal nlgov", "z Portal general"}; !slices.Equal(got, want) {
		t.Errorf("List() = %q, want %q", got, want)
	}
	s.err = errs.ErrUnavailable
	if all, err := d.List(t.Context()); !errors.Is(err, errs.ErrUnavailable) || all != nil {
		t.Errorf("List() = %d clients, %v, want errs.ErrUnavailable", len(all), err)
	}
}
