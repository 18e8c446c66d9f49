package authreq_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
)

// pushing returns a store with a request that the client portal pushed at noon, and the
// request.
func pushing(t *testing.T) (*memory, authreq.Request) {
	t.Helper()
	m, r := newMemory(), authreq.Push("k", "portal", "scope=openid&state=%C3%AB", noon)
	if err := m.Create(t.Context(), r, authreq.PushedLifetime); err != nil {
		t.Fatal(err)
	}
	return m, r
}

// login returns a login of the browser b that began with the pushed request.
func login(r authreq.Request, id string) authreq.Request {
	return authreq.Request{Key: "login " + id, Browser: "b", ClientID: r.ClientID, Pushed: authreq.Begins(r.Key, id), CreatedAt: noon}
}

// a pushed request is of the client that pushed it, for PushedLifetime, whatever the
// store keeps longer; nothing else that is stored is one.
func TestR224_Pushed(t *testing.T) {
	t.Parallel()
	m, r := pushing(t)
	asked := login(r, "a")
	empty, old := authreq.Push("empty", "portal", "", noon), authreq.Push("old", "portal", "scope=openid", noon.Add(-authreq.PushedLifetime))
	for _, other := range []authreq.Request{asked, empty, old} {
		if err := m.Create(t.Context(), other, authreq.Lifetime); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		key, client string
		at          time.Time
		want        authreq.Request
		err         error
	}{
		"new":                       {"k", "portal", noon, r, nil},
		"at the last moment":        {"k", "portal", noon.Add(authreq.PushedLifetime - 1), r, nil},
		"too late":                  {"k", "portal", noon.Add(authreq.PushedLifetime), authreq.Request{}, errs.ErrNotFound},
		"too late, still stored":    {"old", "portal", noon, authreq.Request{}, errs.ErrNotFound},
		"another client":            {"k", "other", noon, authreq.Request{}, errs.ErrNotFound},
		"no client":                 {"k", "", noon, authreq.Request{}, errs.ErrNotFound},
		"another key":               {"K", "portal", noon, authreq.Request{}, errs.ErrNotFound},
		"a login":                   {asked.Key, "portal", noon, authreq.Request{}, errs.ErrNotFound},
		"a login's reference":       {asked.Pushed, "portal", noon, authreq.Request{}, errs.ErrNotFound},
		"pushed without parameters": {"empty", "portal", noon, authreq.Request{}, errs.ErrNotFound},
	} {
		got, err := authreq.Pushed(t.Context(), m, c.key, c.client, c.at)
		if !reflect.DeepEqual(got, c.want) || !errors.Is(err, c.err) {
			t.Errorf("%s: Pushed(%q, %q, %v after the push) = %+v, %v, want %+v, %v", name, c.key, c.client, c.at.Sub(noon), got, err, c.want, c.err)
		}
	}
}

// A pushed request belongs to no browser and is judged as no login.
func TestPushIsNoLogin(t *testing.T) {
	t.Parallel()
	_, r := pushing(t)
	for _, browser := range []string{"", "k", "portal"} {
		if r.Of(browser) {
			t.Errorf("Of(%q) = true for a pushed request, want false", browser)
		}
	}
	if r.RedirectURI != "" || r.State != "" || r.Scopes != nil {
		t.Errorf("Push() = %+v, want the parameters as they were sent only", r)
	}
}

// a pushed request is opened until a login that began with it has ended. The login
// that ends first may end again, as its answer may be lost; all others are refused.
func TestR224_Spend(t *testing.T) {
	t.Parallel()
	m, r := pushing(t)
	a, b := login(r, "a"), login(r, "b")
	for range 2 { // opened again, as by a reload
		if _, err := authreq.Pushed(t.Context(), m, "k", "portal", noon); err != nil {
			t.Errorf("Pushed() before a login ended = %v, want success", err)
		}
	}
	other := authreq.Push("k2", "portal", "scope=openid", noon)
	if err := m.Create(t.Context(), other, authreq.PushedLifetime); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		r    authreq.Request
		want error
	}{
		{"the first", a, nil}, {"another", b, errs.ErrConflict}, {"the first again", a, nil},
		{"one with a longer id", login(r, "a."), errs.ErrConflict},
		{"one of another pushed request", login(other, "a"), nil},
	} {
		if err := c.r.Spend(t.Context(), m, noon); !errors.Is(err, c.want) {
			t.Errorf("Spend() by %s = %v, want %v", c.name, err, c.want)
		}
	}
	if got, err := authreq.Pushed(t.Context(), m, "k", "portal", noon); !errors.Is(err, errs.ErrNotFound) || got.Parameters != "" {
		t.Errorf("Pushed() after a login ended = %+v, %v, want %v", got, err, errs.ErrNotFound)
	}
	before := m.calls
	if err := (authreq.Request{Key: "l", CreatedAt: noon}).Spend(t.Context(), m, noon); err != nil || m.calls != before {
		t.Errorf("Spend() of a login that began with none = %v after %d calls of the store, want nil after 0", err, m.calls-before)
	}
}

// The mark that a pushed request was spent outlives every login that began with it: the
// last one begins at the end of PushedLifetime and ends at the end of its own.
func TestR224_SpentForEveryLogin(t *testing.T) {
	t.Parallel()
	m, r := pushing(t)
	if err := login(r, "first").Spend(t.Context(), m, noon); err != nil {
		t.Fatal(err)
	}
	last := login(r, "last")
	last.CreatedAt = noon.Add(authreq.PushedLifetime - 1)
	m.now = last.CreatedAt.Add(authreq.Lifetime - 1)
	if last.Expired(m.now) {
		t.Fatalf("the last login has expired %v after the push", m.now.Sub(noon))
	}
	if err := last.Spend(t.Context(), m, m.now); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Spend() of the last login, %v after the push = %v, want %v", m.now.Sub(noon), err, errs.ErrConflict)
	}
}

// The mark is neither a login nor a pushed request, not for a client without a name
// either, and has nothing of the person or the client.
func TestSpentMarkIsNothingElse(t *testing.T) {
	t.Parallel()
	m, r := pushing(t)
	if err := login(r, "a").Spend(t.Context(), m, noon); err != nil {
		t.Fatal(err)
	}
	marks := 0
	for key := range m.stored {
		if key == r.Key {
			continue
		}
		marks++
		mark, err := m.Get(t.Context(), key)
		want := authreq.Request{Key: key, Pushed: authreq.Begins(r.Key, "a"), CreatedAt: noon, Version: 1}
		if err != nil || !reflect.DeepEqual(mark, want) {
			t.Errorf("the mark is %+v, %v, want %+v", mark, err, want)
		}
		for _, client := range []string{"", "portal"} {
			if got, err := authreq.Pushed(t.Context(), m, key, client, noon); !errors.Is(err, errs.ErrNotFound) {
				t.Errorf("Pushed(the mark, %q) = %+v, %v, want %v", client, got, err, errs.ErrNotFound)
			}
		}
		if mark.Of("") || mark.Of("b") {
			t.Error("Of() = true for the mark, want false")
		}
	}
	if marks != 1 {
		t.Errorf("Spend() stores %d values, want 1", marks)
	}
}

// A store that does not answer is unavailable: it is not said that there is no such request,
// that it was spent, or that it was not.
func TestPushedUnavailable(t *testing.T) {
	t.Parallel()
	fresh, r := pushing(t)
	spent, _ := pushing(t)
	a, b := login(r, "a"), login(r, "b")
	if err := a.Spend(t.Context(), spent, noon); err != nil {
		t.Fatal(err)
	}
	read := func(m *memory) error {
		got, err := authreq.Pushed(t.Context(), m, "k", "portal", noon)
		if err != nil && !reflect.DeepEqual(got, authreq.Request{}) {
			err = fmt.Errorf("%w, and a request %+v", err, got)
		}
		return err
	}
	for name, c := range map[string]struct {
		store *memory
		call  int
		act   func(*memory) error
	}{
		"opened":                  {fresh, 1, read},
		"opened, at the mark":     {fresh, 2, read},
		"spent, opened":           {spent, 1, read},
		"spent, opened, the mark": {spent, 2, read},
		"the first ends":          {fresh, 1, func(m *memory) error { return a.Spend(t.Context(), m, noon) }},
		"the first ends again":    {spent, 2, func(m *memory) error { return a.Spend(t.Context(), m, noon) }},
		"another ends":            {spent, 2, func(m *memory) error { return b.Spend(t.Context(), m, noon) }},
	} {
		m := c.store.failing(c.call)
		err := c.act(m)
		if !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, errs.ErrNotFound) || errors.Is(err, errs.ErrConflict) || m.calls != c.call {
			t.Errorf("%s: call %d fails: %v after %d calls, want %v alone", name, c.call, err, m.calls, errs.ErrUnavailable)
		}
	}
	// The store did what it did not answer: the login that asked is the one that has ended.
	lost := fresh.failing(1)
	for i, c := range []struct {
		r    authreq.Request
		want error
	}{{a, errs.ErrUnavailable}, {b, errs.ErrConflict}, {a, nil}} {
		if err := c.r.Spend(t.Context(), lost, noon); !errors.Is(err, c.want) {
			t.Errorf("Spend() number %d, the first answer lost = %v, want %v", i+1, err, c.want)
		}
	}
}
