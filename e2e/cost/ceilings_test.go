package cost

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

var update = flag.Bool("update", false, "write testdata/ceilings.txt anew")

const (
	golden = "testdata/ceilings.txt"
	warm   = 3  // times before anything is counted: connections, prepared statements, pools
	most   = 20 // times that each operation is counted, at most
)

// times returns how often each operation is counted. With the race detector, which makes allocations of its own,
// only what is the same each time is judged.
func times() int {
	if testenv.UnderRace {
		return 3
	}
	return most
}

// TestCeilings holds what each operation costs to testdata/ceilings.txt. The two run one after the other,
// since the allocations are those of the process.
func TestCeilings(t *testing.T) {
	if *update && testenv.UnderRace {
		t.Fatal("-update without -race, which allocates too")
	}
	table := readCeilings(t)
	t.Run("SQLite", func(t *testing.T) { table.hold(t, "SQLite", count(t, nil)) })
	t.Run("PostgreSQL and Redis", func(t *testing.T) { table.hold(t, "servers", count(t, site.OnServers(t))) })
	if *update && !t.Failed() {
		table.write(t)
	}
}

// count does everything often enough, and returns what each operation cost.
func count(t *testing.T, on func(*config.Config)) map[string][]tally {
	t.Helper()
	testenv.Slow(t)
	v := newVisit(t, on)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties the pools
	for i := range warm + times() {
		if i == warm {
			clear(v.done)
		}
		runtime.GC()
		v.all()
	}
	return v.done
}

// visit is what people and clients do at a site.
type visit struct {
	*meter
	accounts []seed.Account
	desk     *site.Browser
}

// Clients besides "web", whose tokens are opaque and whose ID tokens have RS256.
const (
	es256 = "es256"
	jwt   = "jwt" // with access tokens that are JWTs
)

// newVisit starts a site with accounts, cases and an official.
func newVisit(t testing.TB, on func(*config.Config)) *visit {
	t.Helper()
	v := &visit{meter: newMeter(t, func(c *config.Config) {
		if on != nil {
			on(c)
		}
		site.WithClients(
			site.NewClient(es256, site.OtherURI, func(c *client.Client) { c.SigningAlg = "ES256" }),
			site.NewClient(jwt, site.KeyedURI, func(c *client.Client) { c.AccessTokens = client.JWTTokens }),
		)(c)
	})}
	var err error
	v.accounts, err = seed.Into(t.Context(), v.Config, seed.Amounts{Accounts: 4 * (warm + most)})
	site.Must(t, err)
	for i := range 5 {
		v.Sent(fmt.Sprintf("case-%d@example.com", i))
		v.Person(fmt.Sprintf("muster-%d@example.com", i))
	}
	v.desk = v.browser().Join(v.Invite("desk@gov.example", staff.Reviewer, staff.Helpdesk)).StaffLogin("desk@gov.example").At("/console")
	return v
}

// account returns an account that nobody has logged in with.
func (v *visit) account() seed.Account {
	a := v.accounts[0]
	v.accounts = v.accounts[1:]
	return a
}

// login logs an account in with a new browser, for a code of the client "web".
func (v *visit) login(a seed.Account) (*site.Browser, site.Request, string) {
	v.T.Helper()
	b := v.browser()
	b.Seed = seedOf(a)
	r := site.NewRequest("web", site.CallbackURI).With("scope", "openid email")
	b.Authorize(r).At("/login").Submit("email", a.Email, "password", seed.Password)
	b.At("/login/code").Submit("code", b.Code())
	code := b.Answered().Get("code")
	if code == "" {
		v.T.Fatal("no code at ", b.URL)
	}
	return b, r, code
}

// call makes a request that is no browser's, and returns the body of the answer.
func (v *visit) call(method, path string, form url.Values, header http.Header) string {
	v.T.Helper()
	return v.called(http.StatusOK, method, path, form, header)
}

// called is call for an answer with this status.
func (v *visit) called(status int, method, path string, form url.Values, header http.Header) string {
	v.T.Helper()
	r, err := http.NewRequest(method, v.Server.URL+path, strings.NewReader(form.Encode()))
	site.Must(v.T, err)
	for name, values := range header {
		r.Header[name] = values
	}
	if form != nil {
		r.Header.Set("Content-Type", site.FormType)
	}
	b := v.browser().Do(r).Is(status)
	return b.Body
}

// exchange redeems a code, and returns the tokens.
func (v *visit) exchange(r site.Request, code string) map[string]any {
	v.T.Helper()
	header := v.Basic()
	if id := r.Get("client_id"); id != "web" {
		header = site.BasicOf(id)
	}
	return decode(v.T, v.call(http.MethodPost, "/token", r.Exchange(code), header))
}

// all does each operation once.
func (v *visit) all() {
	v.T.Helper()
	v.during("discovery", "", func() { v.call(http.MethodGet, "/.well-known/openid-configuration", nil, nil) })
	v.during("JWKS", "", func() { v.call(http.MethodGet, "/jwks", nil, nil) })
	var b *site.Browser
	var r site.Request
	var code string
	login := func() { b, r, code = v.login(v.account()) }
	for _, step := range []operation{
		{name: "login: authorization request", only: "GET /authorize"}, {name: "login: login page", only: "GET /login"},
		{name: "login: password", only: "POST /login"}, {name: "login: code page", only: "GET /login/code"},
		{name: "login: code", only: "POST /login/code"}, {name: "login: callback", only: "GET /authorize/callback"},
		{name: "login: whole"},
	} {
		inner := login
		login = func() { v.during(step.name, step.only, inner) }
	}
	login()
	var tokens map[string]any
	v.during("exchange RS256", "", func() { tokens = v.exchange(r, code) })
	v.during("userinfo", "", func() { v.call(http.MethodGet, "/userinfo", nil, site.Bearer(tokens["access_token"].(string))) })

	r = site.NewRequest(es256, site.OtherURI).With("scope", "openid email")
	v.during("silent SSO", "", func() { code = b.NewCode(r) })
	v.during("exchange ES256", "", func() { v.exchange(r, code) })

	r = site.NewRequest(es256, site.OtherURI).With("scope", "openid email")
	var uri string
	v.during("pushed: request", "", func() {
		uri = decode(v.T, v.called(http.StatusCreated, http.MethodPost, "/par", r.Values, site.BasicOf(es256)))["request_uri"].(string)
	})
	v.during("pushed: silent SSO", "", func() {
		code = b.NewCode(site.Request{Verifier: r.Verifier, Values: url.Values{"client_id": {es256}, "request_uri": {uri}}})
	})

	r = site.NewRequest(jwt, site.KeyedURI).With("scope", "openid email")
	signed := v.exchange(r, b.NewCode(r))
	v.during("userinfo, JWT", "", func() { v.call(http.MethodGet, "/userinfo", nil, site.Bearer(signed["access_token"].(string))) })

	v.during("logout", "", func() {
		b.Get("/end_session?" + url.Values{"id_token_hint": {tokens["id_token"].(string)}, "post_logout_redirect_uri": {"https://rp.example/out"}}.Encode())
	})
	if b.URL.Host != "rp.example" {
		v.T.Fatal("logout leads to ", b.URL)
	}

	v.life()
	v.during("refused password", "POST /login", func() {
		v.browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", v.account().Email, "password", site.WrongPassword).Is(http.StatusUnprocessableEntity)
	})
	v.during("console: queue", "", func() { v.desk.Get("/console/review").Says("/console/review/case?id=") })
	v.during("console: search", "", func() { v.desk.Get("/console/helpdesk?q=muster").Says("/console/helpdesk/account?id=") })
}

// life does what a holder does with an account besides logging in.
func (v *visit) life() {
	v.T.Helper()
	a := v.account()
	b, _, _ := v.login(a)
	b.Get("/me/events").At("/me/events") // chains what has happened, as a job does elsewhere
	for _, page := range []string{"", "/sessions", "/portals", "/events"} {
		v.during("account: /me"+page, "", func() { b.Get("/me" + page).At("/me" + page) })
	}
	b.Get("/password/change").At("/password/change")
	v.during("password: changed", "", func() { b.Submit("password", "een stille rivier onder zeven bruggen").At("/password/changed") })
	v.during("apps: list", "", func() { b.Get("/enrol/apps").At("/enrol/apps") })
	b.Get("/enrol/apps/qr?id=1").At("/enrol/apps/qr")
	v.during("apps: new QR", "", func() { b.Submit().At("/enrol/apps/qr") })
	b.Scan().Get("/enrol/apps/code").At("/enrol/apps/code")
	v.during("apps: code of the new one", "", func() { b.Submit("code", b.Code()).At("/enrol/apps/done") })

	a = v.account() // the login of the other one used the code of this moment
	asked := v.browser().Get("/password/forgotten")
	v.during("password: link asked for", "", func() { asked.Submit("email", a.Email).At("/password/sent") })
	unknown := v.browser().Get("/password/forgotten")
	v.during("password: link asked for, unknown address", "", func() { unknown.Submit("email", "x"+a.Email).At("/password/sent") })
	reset := v.browser().Get(v.MailedLink("password-link", a.Email, "/password/new")).At("/password/new")
	reset.Seed = seedOf(a)
	v.during("password: link used", "", func() { reset.Submit().At("/password/code") })
	v.during("password: code", "", func() { reset.Submit("code", reset.Code()).At("/password/choose") })
	v.during("password: reset", "", func() { reset.Submit("password", seed.Password).At("/password/done") })
	undo := v.browser().Get(v.MailedLink("password-changed", a.Email, "/login/disavow")).At("/login/disavow")
	v.during("disavowed", "", func() { undo.Submit().At("/login/disavowed") })
}

// row is the cost of one operation on one back end.
type row struct {
	operation, stores                                   string
	statements, transactions, trips, allocations, bytes int
}

func (r row) counts() [3]int { return [3]int{r.statements, r.transactions, r.trips} }

// ceilings is the table, by operation and back end.
type ceilings map[string]row

// hold compares what was counted on one back end with the table, or puts it there.
func (c ceilings) hold(t *testing.T, stores string, done map[string][]tally) {
	t.Helper()
	known := 0
	for _, name := range sortedNames(done) {
		got := rowOf(t, name, stores, done[name])
		sent := strings.Join(done[name][len(done[name])-1].trace, "\n")
		if testing.Verbose() {
			t.Logf("%s: %d statements, %d transactions, %d trips, %d allocations, %d bytes\n%s",
				name, got.statements, got.transactions, got.trips, got.allocations, got.bytes, sent)
		}
		key := name + "|" + stores
		want, ok := c[key]
		if *update {
			// Figures that are hardly different stay, so that a change shows only what it changes.
			if !ok || got.counts() != want.counts() || differ(got.allocations, want.allocations) || differ(got.bytes, want.bytes) {
				c[key] = got
			}
			continue
		}
		if !ok {
			t.Errorf("%s is not in %s: run with -update", name, golden)
			continue
		}
		known++
		if got.counts() != want.counts() {
			verdict := "exceed the ceiling"
			if below(got.counts(), want.counts()) {
				verdict = "are lower; run with -update, so that the table is true"
			}
			t.Errorf("%s: statements, transactions and trips are %v, in the table %v: they %s\n%s", name, got.counts(), want.counts(), verdict, sent)
		}
		if exceeds(got.allocations, want.allocations) && !testenv.UnderRace {
			t.Errorf("%s: %d allocations, more than 10 %% above the ceiling of %d", name, got.allocations, want.allocations)
		}
		if exceeds(got.bytes, want.bytes) {
			t.Errorf("%s: the stores grew by %d bytes, more than 10 %% above the ceiling of %d", name, got.bytes, want.bytes)
		}
	}
	for key, r := range c {
		if _, there := done[r.operation]; r.stores == stores && !there && *update {
			delete(c, key)
		} else if r.stores == stores {
			known--
		}
	}
	if !*update && known != 0 {
		t.Errorf("%s has operations that nobody does any more: run with -update", golden)
	}
}

// exceeds reports whether a figure is more than 10 % above its ceiling, and by more than a few. The ceiling of what
// is removed is negative.
func exceeds(got, ceiling int) bool { return got-ceiling > max(10, max(ceiling, -ceiling)/10) }

// differ reports whether two figures differ by more than 2 %.
func differ(a, b int) bool { return max(a-b, b-a) > max(5, max(b, -b)/50) }

// below reports whether no count is higher.
func below(got, want [3]int) bool {
	return got[0] <= want[0] && got[1] <= want[1] && got[2] <= want[2]
}

// rowOf returns the cost of an operation: its counts, which are the same each time, and the median of the rest.
func rowOf(t *testing.T, name, stores string, all []tally) row {
	t.Helper()
	var allocations, bytes []int
	for _, one := range all {
		first := all[0]
		if one.statements != first.statements || one.transactions != first.transactions || one.trips != first.trips {
			t.Errorf("%s: not the same each time:\n%s\n\n%s", name, strings.Join(first.trace, "\n"), strings.Join(one.trace, "\n"))
		}
		allocations, bytes = append(allocations, int(one.allocations)), append(bytes, one.bytes)
	}
	slices.Sort(allocations)
	slices.Sort(bytes)
	return row{name, stores, all[0].statements, all[0].transactions, all[0].trips, allocations[len(all)/2], bytes[len(all)/2]}
}

const head = "operation|stores|statements|transactions|trips|allocations|bytes"

func readCeilings(t *testing.T) ceilings {
	t.Helper()
	c := ceilings{}
	text, err := os.ReadFile(golden)
	if *update && errors.Is(err, fs.ErrNotExist) {
		return c
	}
	site.Must(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if strings.Join(cells, "|") == head {
			continue
		}
		if len(cells) != 7 {
			t.Fatalf("%s: %q", golden, line)
		}
		var n [5]int
		for i := range n {
			n[i], err = strconv.Atoi(cells[2+i])
			site.Must(t, err)
		}
		c[cells[0]+"|"+cells[1]] = row{cells[0], cells[1], n[0], n[1], n[2], n[3], n[4]}
	}
	return c
}

func (c ceilings) write(t *testing.T) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Written by go test ./e2e/cost -update; doc.go says what the columns are.\n")
	w := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(head, "|", "\t| "))
	for _, key := range sortedNames(c) {
		r := c[key]
		fmt.Fprintf(w, "%s\t| %s\t| %d\t| %d\t| %d\t| %d\t| %d\n", r.operation, r.stores, r.statements, r.transactions, r.trips, r.allocations, r.bytes)
	}
	site.Must(t, w.Flush())
	site.Must(t, os.WriteFile(golden, []byte(b.String()), 0o644))
}
