package authreq_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// full returns a request under way in which every field is set that can be.
func full() authreq.Request {
	return authreq.Request{
		Key: secret.Text("handle").Hash(), Browser: secret.Text("browser").Hash(),
		ClientID: "portal", RedirectURI: "https://portal.example/cb?a=1&b=ë", Scopes: []string{"openid", "email"}, State: `s"<>&`,
		ResponseMode: authreq.FormPost, Nonce: "n", Challenge: secret.Text("verifier").Hash(),
		Claims: json.RawMessage(`{"id_token":{"email":null}}`), ACR: "acr", LoginHint: "zoë@example.org", Lang: "nl", Hinted: "acc-h",
		ForceLogin: true, ForceConsent: true, Pushed: authreq.Begins(secret.Text("pushed").Hash(), "id"), Parameters: "p", To: "/me",
		AccountID: "acc", Epoch: 7, PasswordAt: noon, MailboxAt: noon, AuthTime: noon, SID: "sid", Session: "ses",
		Consented: true, Nudge: true, Unreachable: noon,
		Refusal: "access_denied", Finished: true, CreatedAt: noon, Version: 3,
	}
}

// notFull has the fields that full leaves out: the one of a request that has ended and
// the one that is not stored.
var notFull = map[string]bool{"Code": true, "Sent": true}

// A field that is added is judged by the tests below only if full sets it.
func TestFullIsFull(t *testing.T) {
	t.Parallel()
	v := reflect.ValueOf(full())
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() != notFull[name] {
			t.Errorf("full() has the field %s set: %t, want %t", name, !v.Field(i).IsZero(), !notFull[name])
		}
	}
}

// A stranger's request is stored for a short time, and one with an account until it
// expires; neither for longer than it lives.
func TestFirstTTL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age            time.Duration
		stranger, with time.Duration // without an account and with one
	}{
		{0, authreq.Unanswered, authreq.Lifetime},
		{authreq.Lifetime - authreq.Unanswered - 1, authreq.Unanswered, authreq.Unanswered + 1},
		{authreq.Lifetime - authreq.Unanswered, authreq.Unanswered, authreq.Unanswered},
		{authreq.Lifetime - authreq.Unanswered + 1, authreq.Unanswered - 1, authreq.Unanswered - 1},
		{authreq.Lifetime - 1, 1, 1},
		{authreq.Lifetime, 0, 0},
		{2 * authreq.Lifetime, 0, 0},
	} {
		for account, want := range map[string]time.Duration{"": c.stranger, "a": c.with} {
			if got := (authreq.Request{CreatedAt: noon, AccountID: account}).FirstTTL(noon.Add(c.age)); got != want {
				t.Errorf("FirstTTL(account %q, %v after it began) = %v, want %v", account, c.age, got, want)
			}
		}
	}
}

// What may be stored: LongestStored besides the state, and not much more than was sent.
func TestFits(t *testing.T) {
	t.Parallel()
	const longest, more = authreq.LongestStored, authreq.Overhead
	for name, c := range map[string]struct {
		state, size, sent int
		want              bool
	}{
		"the longest":                         {0, longest, longest, true},
		"longer":                              {0, longest + 1, 2 * longest, false},
		"the longest and its state":           {8000, longest + 8000, longest + 8000, true},
		"longer, and its state":               {8000, longest + 8001, longest + 9000, false},
		"names and keys":                      {0, 100 + more, 100, true},
		"more than names and keys":            {0, 101 + more, 100, false},
		"more than names and keys, by state":  {101, 101 + more, 100, false},
		"nothing was sent, a login of ours":   {0, more, 0, true},
		"nothing was sent, and stored longer": {0, more + 1, 0, false},
	} {
		if got := (authreq.Request{State: strings.Repeat("s", c.state)}).Fits(c.size, c.sent); got != c.want {
			t.Errorf("%s: Fits(%d stored, state %d, sent %d) = %t, want %t", name, c.size, c.state, c.sent, got, c.want)
		}
	}
}

// encode returns s in a query with as few escapes as RFC 3986 §3.4 and the separators of a
// form allow.
func encode(s string) string {
	const plain = "-._~!$'()*,;:@/?"
	var out strings.Builder
	for i := range len(s) {
		switch c := s[i : i+1]; {
		case c >= "0" && c <= "9", c >= "A" && c <= "Z", c >= "a" && c <= "z", strings.Contains(plain, c):
			out.WriteString(c)
		case c == " ":
			out.WriteString("+")
		default:
			out.WriteString(url.QueryEscape(c))
		}
	}
	return out.String()
}

// A request fits whatever its characters are, if its query is encoded as it must be: what is
// stored of a character is no longer than what was sent. One that is not encoded does
// not fit if it grows.
func TestY16_StoredIsNoLongerThanSent(t *testing.T) {
	t.Parallel()
	const many = 1000
	for c := ' '; c < 0x10ffff; c++ {
		if c >= 0x180 && c != '\u2028' && c != '世' && c != '😀' { // ASCII and a part of the rest
			continue
		}
		if c >= 0x7f && c < 0xa0 { // control characters
			continue
		}
		r := authreq.Request{Browser: secret.Text("b").Hash(), ClientID: "portal", State: strings.Repeat(string(c), many), CreatedAt: noon}
		stored, err := r.Stored()
		if sent := many * len(encode(string(c))); err != nil || !r.Fits(len(stored), sent) {
			t.Errorf("%d times %q: %d bytes sent, %d bytes stored, %v: Fits() = false, want true", many, c, sent, len(stored), err)
		}
	}
	r := authreq.Request{State: strings.Repeat(`"`, many)}
	if stored, err := r.Stored(); err != nil || r.Fits(len(stored), len(r.State)) {
		t.Errorf("%d quotes that were not encoded: %d bytes stored, %v: Fits() = true, want false", many, len(stored), err)
	}
}

// Overhead is enough for a request with every parameter that began with a pushed one.
func TestOverheadIsEnough(t *testing.T) {
	t.Parallel()
	r := full()
	r.Forget()
	r.Refusal, r.Finished, r.Version, r.Parameters = "", false, 1, ""
	r.Hinted, r.Pushed = strings.Repeat("a", 26), authreq.Begins(secret.Text("pushed").Hash(), strings.Repeat("i", 26))
	sent := 0
	for _, v := range []string{
		r.ClientID, r.RedirectURI, strings.Join(r.Scopes, " "), r.State, string(r.ResponseMode),
		r.Nonce, r.Challenge, string(r.Claims), r.ACR, r.LoginHint, r.Lang,
	} {
		sent += len(encode(v))
	}
	stored, err := r.Stored()
	if err != nil || !r.Fits(len(stored), sent) {
		t.Errorf("%d bytes sent, %d bytes stored, %v: Fits() = false, want true", sent, len(stored), err)
	}
	r.Parameters = strings.Repeat("p", authreq.Overhead)
	if stored, err = r.Stored(); err != nil || r.Fits(len(stored), sent) {
		t.Errorf("%d bytes sent, %d bytes stored, %v: Fits() = true, want false", sent, len(stored), err)
	}
}

// What is stored comes back, without the key, and nothing after it.
func TestStored(t *testing.T) {
	t.Parallel()
	r := full()
	stored, err := r.Stored()
	var got authreq.Request
	if err == nil {
		err = json.Unmarshal(stored, &got)
	}
	if err != nil || !strings.HasSuffix(string(stored), "}") || strings.Contains(string(stored), r.Key) {
		t.Fatalf("Stored() = %q, %v, want JSON without the key", stored, err)
	}
	if got.Key = r.Key; !reflect.DeepEqual(got, r) {
		t.Errorf("Stored() holds %+v, want %+v", got, r)
	}
	r.Claims = json.RawMessage("{")
	if stored, err := r.Stored(); err == nil {
		t.Errorf("Stored() of claims that are no JSON = %q, nil, want an error", stored)
	}
}

// What Ended keeps: no name of an account, no proof and, beside a code, whose grant has it, no
// redirect URI.
func TestEndedKeeps(t *testing.T) {
	t.Parallel()
	r, code := full(), secret.Text("code").Hash()
	kept := authreq.Request{
		Key: r.Key, Browser: r.Browser[:16], ClientID: r.ClientID, State: r.State, ResponseMode: authreq.FormPost, To: "/me",
		Finished: true, Version: 3,
	}
	refused, coded, short := kept, kept, kept
	refused.RedirectURI, refused.Refusal = r.RedirectURI, "access_denied"
	coded.Code, short.Code = code[:8], "abc"
	for name, c := range map[string]struct {
		refusal, code string
		want          authreq.Request
	}{
		"a refusal": {"access_denied", "", refused}, "a code": {"", code, coded},
		"a code with a short hash": {"", "abc", short}, "the portals": {"", "", kept},
	} {
		if got := r.Ended(c.refusal, c.code); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Ended(%q, %q) = %+v, want %+v", name, c.refusal, c.code, got, c.want)
		}
	}
}

var carryKey = []byte("the key of one server")

// The page carries what the client asked, and nothing of the person or of the browser.
func TestCarry(t *testing.T) {
	t.Parallel()
	r := full()
	carried, err := r.Carry(carryKey)
	if err != nil {
		t.Fatal(err)
	}
	want := r
	want.Forget()
	want.LoginHint, want.Refusal, want.Finished, want.Version = "", "", false, 1
	if got, err := authreq.Carried(carryKey, carried, r.Key, r.Browser, noon); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Carried() = %+v, %v, want %+v", got, err, want)
	}
	if !reflect.DeepEqual(r, full()) {
		t.Errorf("Carry() leaves %+v, want the request unchanged", r)
	}
	text, _, _ := strings.Cut(carried, ".")
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{r.Key, r.Browser, r.LoginHint, `"acc"`, `"sid"`, `"ses"`, "access_denied"} {
		if strings.Contains(string(plain), private) {
			t.Errorf("Carry() = %s, want it without %s", plain, private)
		}
	}
	r.Claims = json.RawMessage("{")
	if carried, err := r.Carry(carryKey); err == nil || carried != "" {
		t.Errorf("Carry() of claims that are no JSON = %q, %v, want an error", carried, err)
	}
}

// A carried request is of one handle, one browser and one server, unchanged, until it
// expires.
func TestCarriedRefused(t *testing.T) {
	t.Parallel()
	r := full()
	carried, err := r.Carry(carryKey)
	if err != nil {
		t.Fatal(err)
	}
	text, sum, _ := strings.Cut(carried, ".")
	sign := func(text string) string {
		return text + "." + secret.MAC(carryKey, "carried authorization request", r.Key, r.Browser, text)
	}
	plain := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	type use struct {
		mac                   string
		carried, key, browser string
		at                    time.Time
	}
	right := use{string(carryKey), carried, r.Key, r.Browser, noon}
	refused := map[string]func(*use){
		"expired":                   func(u *use) { u.at = noon.Add(authreq.Lifetime) },
		"another server's key":      func(u *use) { u.mac += "x" },
		"another handle":            func(u *use) { u.key = r.Browser },
		"another browser":           func(u *use) { u.browser = secret.Text("other").Hash() },
		"no browser":                func(u *use) { u.browser = "" },
		"handle and browser, moved": func(u *use) { u.key, u.browser = r.Key+r.Browser[:1], r.Browser[1:] },
		"nothing":                   func(u *use) { u.carried = "" },
		"a separator":               func(u *use) { u.carried = "." },
		"no sum":                    func(u *use) { u.carried = text },
		"an empty sum":              func(u *use) { u.carried = text + "." },
		"the sum alone":             func(u *use) { u.carried = "." + sum },
		"the sum of less":           func(u *use) { u.carried = text[1:] + "." + sum },
		"something behind":          func(u *use) { u.carried += "." },
		// Written with the right key, by another version of the server.
		"no base64":          func(u *use) { u.carried = sign("%%%") },
		"no JSON":            func(u *use) { u.carried = sign(plain("scope=openid")) },
		"JSON of another":    func(u *use) { u.carried = sign(plain(`{"scopes":"openid","created":"2026-03-02T12:00:00Z"}`)) },
		"without a time":     func(u *use) { u.carried = sign(plain(`{"client":"portal"}`)) },
		"with an older time": func(u *use) { u.carried = sign(plain(`{"created":"2026-03-02T11:00:00Z"}`)) },
	}
	for i := range carried {
		refused["a character changed: "+carried[:i]] = func(u *use) {
			c := "A"
			if carried[i] == 'A' {
				c = "B"
			}
			u.carried = carried[:i] + c + carried[i+1:]
		}
	}
	take := func(change func(*use)) (authreq.Request, error) {
		u := right
		change(&u)
		return authreq.Carried([]byte(u.mac), u.carried, u.key, u.browser, u.at)
	}
	for name, change := range refused {
		if got, err := take(change); !errors.Is(err, errs.ErrNotFound) || !reflect.DeepEqual(got, authreq.Request{}) {
			t.Errorf("%s: Carried() = %+v, %v, want none, %v", name, got, err, errs.ErrNotFound)
		}
	}
	for name, change := range map[string]func(*use){
		"unchanged":          func(*use) {},
		"at the last moment": func(u *use) { u.at = noon.Add(authreq.Lifetime - 1) },
		"of another version": func(u *use) { u.carried = sign(plain(`{"client":"portal","created":"2026-03-02T12:00:00Z","new":1}`)) },
	} {
		if got, err := take(change); err != nil || got.ClientID != "portal" || got.Key != r.Key || got.Browser != r.Browser || got.Version != 1 {
			t.Errorf("%s: Carried() = %+v, %v, want a new request of this handle and browser", name, got, err)
		}
	}
}
