package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// refreshOf returns the address of a Refresh header.
func refreshOf(t *testing.T, res reply) *url.URL {
	t.Helper()
	link, ok := strings.CutPrefix(res.Header.Get("Refresh"), "0; url=")
	u, err := url.Parse(link)
	if !ok || err != nil {
		t.Fatalf("Refresh %q", res.Header.Get("Refresh"))
	}
	return u
}

func TestLogoutHereAndAtTheProvider(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	b.login("/login")
	b.get("/?lang=nl")
	res := b.post("/logout")
	want(t, res, http.StatusOK) // no redirect, to which form-action would apply
	if b.loggedIn("") {
		t.Error("still logged in here")
	}
	next := refreshOf(t, res)
	wantText(t, res, "U wordt uitgelogd", "Verder met uitloggen", `href="`+s.op.URL+"/end?")
	for name, value := range map[string]string{
		"client_id": "oefenloket", "post_logout_redirect_uri": s.base + "/logout/done", "ui_locales": "nl", "from": "portal",
	} {
		if got := next.Query().Get(name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	if strings.Count(next.Query().Get("id_token_hint"), ".") != 2 {
		t.Error("no ID token as a hint")
	}
	back := b.get(next.String()).Header.Get("Location")
	wantText(t, b.get(back), "U bent uitgelogd bij dit portaal en bij Omgevingsloket-ID")
	again := b.get(back)
	want(t, again, http.StatusSeeOther)
}

func TestLogoutAtOneEntryOnly(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	b.login("/login")
	b.login("/second/login")
	res := b.post("/second/logout")
	if got := refreshOf(t, res).Query().Get("post_logout_redirect_uri"); got != s.base+"/second/logout/done" {
		t.Errorf("back to %q", got)
	}
	if b.loggedIn("/second") || !b.loggedIn("") {
		t.Error("want the second entry logged out and the first one not")
	}
}

// A link to "you are logged out" does not show that to a user who is logged in.
func TestLoggedOutPageIsNotForStrangers(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	b.login("/login")
	for _, q := range []string{"", "?state=", "?state=x"} {
		res := b.get("/logout/done" + q)
		want(t, res, http.StatusSeeOther)
	}
	if !b.loggedIn("") {
		t.Error("a GET logged out")
	}
	b.post("/logout")
	want(t, b.get("/logout/done?state=x"), http.StatusSeeOther) // a logout is in progress, with another state
}

func TestLogoutIsNoWeapon(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	b.login("/login")
	want(t, b.get("/logout"), http.StatusNotFound)
	want(t, b.post("/logout", "Sec-Fetch-Site", "cross-site"), http.StatusForbidden)
	want(t, b.post("/logout", "Sec-Fetch-Site", "same-site"), http.StatusForbidden) // another port
	want(t, b.post("/logout", "Sec-Fetch-Site", "", "Origin", "https://evil.example"), http.StatusForbidden)
	if !b.loggedIn("") {
		t.Error("a foreign site logged the user out")
	}
}

func TestLogoutWithoutSession(t *testing.T) {
	s := newStage(t, nil)
	res := s.browser().post("/logout")
	want(t, res, http.StatusSeeOther)
	if got := res.Header.Get("Location"); got != s.base+"/" {
		t.Errorf("to %q", got)
	}
}

func TestLogoutWithoutEndSessionEndpoint(t *testing.T) {
	s := newStage(t, nil)
	s.op.discovery = func(m map[string]any) { delete(m, "end_session_endpoint") }
	b := s.browser()
	b.login("/login")
	res := b.post("/logout")
	want(t, res, http.StatusOK)
	wantText(t, res, "misschien nog ingelogd")
	if res.Header.Get("Refresh") != "" || b.loggedIn("") {
		t.Error("want to stay here, logged out")
	}
}
