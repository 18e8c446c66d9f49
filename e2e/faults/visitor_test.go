package faults

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// answerTime is how long an answer may take.
const answerTime = 10 * time.Second

// mailPatience is how long a mail is waited for. One that was taken when the answer of
// the store was lost waits for its lease, and may be taken so again.
const mailPatience = 8 * testenv.Patience

// member is somebody with an account or an official, and what the provider acknowledged.
type member struct {
	*practice.Person
	invitation string // link of an official; "" for others

	applied bool           // the confirmation, or the official's QR code, was shown
	qrs     int            // how often the QR code was shown
	logins  map[string]int // logins by accepted code of the app
	tokens  map[string]int // answers with tokens, by authorization code
	retries int            // answers after which a step was sent again
	lost    bool           // the QR code was used up without being shown: for the helpdesk
}

// visitor goes through a journey like a person who sees an error page: reads it,
// waits and sends the same again.
type visitor struct {
	*practice.Client
	*member
	rig    *rig
	t      testing.TB
	source string               // the visitor's address: there are limits for each
	last   func() *http.Request // sends the present step again
	code   string               // of the app, as it was last sent
	tried  string               // code of a mail, as it was last sent
}

// mostSteps bounds the steps of a journey with its repetitions.
const mostSteps = 400

// visit goes on from the page at address until the client has tokens or the
// person needs the helpdesk. It reports whether one of the two happened.
func (v *visitor) visit(address string) bool {
	v.get(address)
	for range mostSteps {
		if v.ended() {
			return true
		}
		if v.t.Failed() {
			return false
		}
		v.step()
	}
	v.t.Errorf("%s is still at %s (%d) after %d steps:\n%s", v.Email, v.URL, v.Status, mostSteps, v.Body)
	return false
}

func (v *visitor) ended() bool {
	return v.lost || strings.HasPrefix(v.URL, v.rig.callback) || v.atHome()
}

func (v *visitor) get(address string) {
	v.send(func() *http.Request {
		r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, address, nil)
		if err != nil {
			v.t.Error(err)
		}
		r.Header.Set("Accept-Language", "nl")
		return r
	})
}

// step does what the page asks.
func (v *visitor) step() {
	page := v.Page()
	switch {
	case v.Status == http.StatusServiceUnavailable || v.Status == 0:
		v.retries++
		time.Sleep(100 * time.Millisecond)
		v.send(v.last)
	case v.invitation != "":
		if !v.stepOfficial() {
			v.stuck()
		}
	case v.Status == http.StatusGone: // "begin again", after a login whose answer was lost
		v.get(v.rig.authorize())
	case page == "apply/code":
		v.form("code", v.mailed())
	case page == "apply/document":
		body := v.UploadForm("document", "leeg.pdf", nil)
		content, err := io.ReadAll(body.Body)
		if err != nil {
			v.t.Error(err)
		}
		v.send(func() *http.Request {
			r := body.Clone(v.t.Context())
			r.Body = io.NopCloser(bytes.NewReader(content))
			return r
		})
	case page == "apply/done":
		v.applied = true
		v.get(v.rig.authorize())
	case page == "login/login":
		if v.Status >= 400 {
			v.t.Errorf("%s: a right password answers %d:\n%s", v.Email, v.Status, v.Body)
			return
		}
		v.form("email", v.Email, "password", v.Password)
	case page == "enrol/enrol":
		v.form()
	case page == "enrol/qr":
		v.qrs++
		v.Phone = practice.Scan(v.t, v.OTPAuth(), v.Email)
		_, query, _ := strings.Cut(v.URL, "?")
		v.get(v.rig.issuer + "/login/code?" + query)
	case page == "login/code":
		v.enterCode()
	case fields[page] != nil:
		v.form(fields[page](v.member)...)
	default:
		v.stuck()
	}
}

func (v *visitor) stuck() {
	v.t.Errorf("%s is at %s, which answers %d and is no step:\n%s", v.Email, v.URL, v.Status, v.Body)
}

// fields are what the forms of the application are filled with.
var fields = map[string]func(*member) []string{
	"apply/apply":    func(m *member) []string { return []string{"kind", m.Kind} },
	"apply/email":    func(m *member) []string { return []string{"email", m.Email} },
	"apply/password": func(m *member) []string { return []string{"password", m.Password} },
	"apply/person": func(*member) []string {
		return []string{"given_name", "Jo", "family_name", "Ek", "birth_day", "1", "birth_month", "2", "birth_year", "1990", "phone", ""}
	},
	"apply/address": func(*member) []string {
		return []string{"line1", "Gatan 1", "line2", "111 22 Stockholm", "line3", "", "country", "SE", "stay", "abroad"}
	},
	"apply/check": func(*member) []string { return []string{"declared", "yes"} },
}

func (v *visitor) enterCode() {
	switch {
	case v.Phone == nil:
		v.lost = true
	case v.Status >= 400 && !strings.Contains(v.Body, "al gebruikt"):
		v.t.Errorf("%s: a right code answers %d:\n%s", v.Email, v.Status, v.Body)
	default:
		v.code = v.Phone.Code() // a new one, also after "already used"
		v.form("code", v.code)
	}
}

// mailed returns the code of the newest mail.
func (v *visitor) mailed() string {
	for until := time.Now().Add(mailPatience); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		mails := v.rig.mail.To(v.t, v.Email)
		if len(mails) == 0 {
			continue
		}
		// A code that was refused is not sent again: a newer one is on its way.
		if code := practice.SixDigits(v.t, mails[len(mails)-1].Text); v.Status < 400 || code != v.tried {
			v.tried = code
			return code
		}
	}
	v.t.Errorf("no mail for %s", v.Email)
	return "000000"
}

func (v *visitor) form(fields ...string) {
	r := v.Form(fields...)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		v.t.Error(err)
	}
	v.send(func() *http.Request {
		again := r.Clone(v.t.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		return again
	})
}

// send sends a request, follows where it leads, and judges each answer.
func (v *visitor) send(request func() *http.Request) {
	v.last = request
	r := request()
	for range 12 {
		start := r.URL.String()
		if strings.HasPrefix(start, v.rig.callback) {
			v.URL = start
			v.back(start)
			return
		}
		next, ok := v.one(r)
		if !ok {
			v.Status, v.Body = 0, "" // the server was killed
			return
		}
		if next == "" {
			if v.atHome() && v.code != "" {
				v.logins[v.code]++
				v.code = ""
			}
			return
		}
		to, err := r.URL.Parse(next)
		if err != nil {
			v.t.Error(err)
			return
		}
		v.last = func() *http.Request {
			again, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, to.String(), nil)
			if err != nil {
				v.t.Error(err)
			}
			return again
		}
		r = v.last()
	}
	v.t.Errorf("%s leads on and on", v.URL)
}

// one sends one request and returns where the answer leads. ok is false if there
// was none, which only a server that was killed may do.
func (v *visitor) one(r *http.Request) (next string, ok bool) {
	r.Header.Set("X-Forwarded-For", v.source)
	a, err := ask(v.HTTP, r)
	if err != nil {
		if !v.rig.mayDie {
			v.t.Errorf("%s %s: no answer: %v", r.Method, r.URL.Path, err)
		}
		return "", false
	}
	judge(v.t, r, a)
	v.URL, v.Status, v.Header, v.Body = r.URL.String(), a.status, a.header, a.body
	return a.onward, true
}

// back redeems the authorization code at the client.
func (v *visitor) back(address string) {
	u, err := url.Parse(address)
	if err != nil || u.Query().Get("code") == "" {
		v.t.Errorf("the client got %s (%v)", address, err)
		return
	}
	code := u.Query().Get("code")
	if v.code != "" {
		v.logins[v.code]++
	}
	for range mostSteps {
		status, answer := v.redeem(code)
		switch {
		case status == http.StatusOK:
			v.tokens[code]++
			return
		case answer.Error == "invalid_grant":
			// The answer with the tokens was lost, and the repetition is a replay: the
			// client has to begin again. Without a fault it would be wrong.
			if v.retries == 0 {
				v.t.Errorf("%s: a code that was not used is refused", v.Email)
			}
			return
		case status == 0 || status == http.StatusServiceUnavailable:
			v.retries++
			time.Sleep(100 * time.Millisecond)
		default:
			v.t.Errorf("POST /token = %d %+v", status, answer)
			return
		}
	}
}

type tokenAnswer struct {
	Error string `json:"error"`
	Token string `json:"id_token"`
}

func (v *visitor) redeem(code string) (status int, tokens tokenAnswer) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {v.rig.callback},
		"client_id": {"direct"}, "code_verifier": {verifier}}
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.rig.issuer+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Error(err)
		return 0, tokens
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", v.source)
	a, err := ask(v.HTTP, r)
	if err != nil {
		if !v.rig.mayDie {
			v.t.Errorf("POST /token: no answer: %v", err)
		}
		return 0, tokens
	}
	judge(v.t, r, a)
	if err := json.Unmarshal([]byte(a.body), &tokens); err != nil {
		v.t.Errorf("POST /token = %d %s", a.status, a.body)
	}
	return a.status, tokens
}

const verifier = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"

// authorize returns the address at which a login begins.
func (g *rig) authorize() string {
	sum := sha256.Sum256([]byte(verifier))
	return g.issuer + "/authorize?" + url.Values{
		"client_id": {"direct"}, "redirect_uri": {g.callback}, "response_type": {"code"}, "scope": {"openid email"}, "prompt": {"login"},
		"state": {strings.Repeat("s", 22)}, "nonce": {strings.Repeat("n", 22)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode()
}

// person returns somebody who has not applied yet.
func (g *rig) person(t testing.TB) *member {
	t.Helper()
	m := &member{Person: g.site.Person(t, practice.Burger, practice.Dutch), logins: map[string]int{}, tokens: map[string]int{}}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.members = append(g.members, m)
	return m
}

// visitor returns a new browser of m.
func (g *rig) visitor(t testing.TB, m *member) *visitor {
	t.Helper()
	c := g.site.Client(t)
	c.HTTP.Timeout = answerTime
	n := g.visitors.Add(1)
	source := fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
	return &visitor{Client: c, member: m, rig: g, t: t, source: source}
}

// arrive makes an account for somebody, to the first tokens.
func (g *rig) arrive(t testing.TB) *member {
	t.Helper()
	m := g.person(t)
	g.visitor(t, m).visit(g.issuer + "/apply")
	return m
}
