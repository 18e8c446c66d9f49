package budget

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

// measure is what is stored, in bytes: every column of every row of the database, and
// the keys and values of Redis.
type measure struct {
	t     *testing.T
	db    *sql.DB
	query string          // returns the name and the bytes of each table
	cache *goredis.Client // nil: without Redis
}

// measured starts a site on these stores and returns it with a measure of them.
func measured(t *testing.T, on func(*config.Config), change func(*config.Config)) (*site.Site, measure) {
	t.Helper()
	s := site.New(t, func(c *config.Config) {
		on(c)
		c.TrustedProxies = []string{"127.0.0.1"}
		if change != nil {
			change(c)
		}
	})
	m := measure{t: t}
	address, cache := s.Config.Database.URL.Reveal(), s.Config.Redis.URL.Reveal()
	path, lite := strings.CutPrefix(address, "sqlite:")
	driver := "pgx"
	sizes := `SELECT table_name, format(CASE data_type WHEN 'bytea' THEN 'octet_length(%I)' ELSE 'octet_length(CAST(%I AS TEXT))' END, column_name)
		FROM information_schema.columns WHERE table_schema = 'public'`
	if lite {
		driver, address = "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)"
		sizes = `SELECT t.name, 'length(CAST("' || c.name || '" AS BLOB))'
			FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`
	}
	var err error
	m.db, err = sql.Open(driver, address)
	site.Must(t, err)
	t.Cleanup(func() { _ = m.db.Close() })
	sums := map[string]string{}
	m.pairs(sizes, func(table, size string) { sums[table] += "+COALESCE(" + size + ",0)" })
	var parts []string
	for table, sum := range sums {
		parts = append(parts, fmt.Sprintf(`SELECT '%s', COALESCE(SUM(%s),0) FROM %q`, table, sum[1:], table))
	}
	m.query = strings.Join(parts, " UNION ALL ")
	if cache != "" {
		options, err := goredis.ParseURL(cache)
		site.Must(t, err)
		m.cache = goredis.NewClient(options)
		t.Cleanup(func() { _ = m.cache.Close() })
	}
	return s, m
}

// pairs calls do with each row of two columns.
func (m measure) pairs(query string, do func(a, b string)) {
	m.t.Helper()
	rows, err := m.db.Query(query)
	site.Must(m.t, err)
	defer rows.Close()
	for rows.Next() {
		var a, b string
		site.Must(m.t, rows.Scan(&a, &b))
		do(a, b)
	}
	site.Must(m.t, rows.Err())
}

// tables returns the bytes of each table, and of Redis.
func (m measure) tables() map[string]int {
	m.t.Helper()
	out := map[string]int{}
	m.pairs(m.query, func(table, bytes string) {
		n, err := strconv.Atoi(bytes)
		site.Must(m.t, err)
		out[table] = n
	})
	if m.cache != nil {
		ctx := context.Background()
		keys, err := m.cache.Keys(ctx, "*").Result()
		site.Must(m.t, err)
		for _, k := range keys {
			value, err := m.cache.Get(ctx, k).Result()
			if errors.Is(err, goredis.Nil) {
				continue // expired meanwhile
			}
			site.Must(m.t, err)
			out["redis"] += len(k) + len(value)
		}
	}
	return out
}

// grown returns by how many bytes the stores grew, and where.
func grown(before, after map[string]int) (sum int, where string) {
	for name, n := range after {
		if d := n - before[name]; d > 0 {
			sum += d
			where += fmt.Sprintf(" %s=%d", name, d)
		}
	}
	return sum, where
}

// constants are the most bytes that one anonymous request may make us store more
// than it sent, where that is more than usual: it makes a draft, a mail and
// events.
const usual = 1024

var constants = map[string]int{
	"POST /apply/email": 16 << 10,
}

// sent returns the bytes of a request on the wire, without its own headers.
func sent(path, body string) int { return len("GET  HTTP/1.1\r\n") + len(path) + len(body) }

// worst returns the values that fields of this name have in the worst request:
// those that would grow most when stored, and those that get furthest.
func worst(name string) []string {
	switch name {
	case "email":
		return []string{strings.Repeat("a", 60) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3) + "nl", strings.Repeat("<", 900)}
	case "kind":
		return []string{"burger"}
	case "code":
		return []string{"123456"}
	case "reference":
		return []string{"OLID-K7QD-2MXA"}
	}
	return []string{strings.Repeat("<\"", 400), "x"}
}

// X1: for the worst request of each route without a login, we store no more than
// was sent and a constant. The list is the router's.
func TestX1_NoRouteStoresMoreThanWasSent(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s, m := measured(t, on, nil)
		for _, route := range s.Kit.Router.Routes() {
			for i := range 2 {
				one(t, s, m, route, i)
			}
		}
	})
}

func one(t *testing.T, s *site.Site, m measure, route web.Route, i int) {
	t.Helper()
	b := s.Browser().Get("/start")
	pick := func(list []string) string { return list[min(i, len(list)-1)] }
	path, body := route.Path+"?kind=burger&reference=OLID-K7QD-2MXA&login="+strings.Repeat("%3C", 300), ""
	if route.Path == "/authorize" {
		path = route.Path + "?" + fattest().Encode()
	}
	req := b.Request(route.Method, path, nil)
	if route.Method == http.MethodPost {
		form := []string{}
		for _, name := range route.Fields {
			form = append(form, name, pick(worst(name)))
		}
		if route.Raw {
			form = append(form, "token", strings.Repeat("<", 2000), "code", strings.Repeat("c", 43), "client_id", "web", "grant_type", "authorization_code")
			path = route.Path
		}
		req = b.FormTo(path, form...)
		body = string(make([]byte, req.ContentLength))
	}
	before := m.tables()
	answer := b.Send(req)
	sum, where := grown(before, m.tables())
	name := route.Method + " " + route.Path
	most := usual
	if n, ok := constants[name]; ok {
		most = n
	}
	if n := sent(path, body); sum > n+most {
		t.Errorf("%s (%d): sent %d bytes, stored %d (%s), want at most %d more", name, answer.Status, n, sum, where, most)
	}
}

// fattest returns an authorization request whose parts would all grow if they
// were escaped or completed when they are stored.
func fattest() site.Request {
	claims := `{"id_token":{`
	for i := range 40 {
		claims += fmt.Sprintf(`"<&>%d":{},`, i)
	}
	claims += `"sub":{"value":"` + strings.Repeat("<", 300) + `"}},"userinfo":{"email":null}}`
	return site.NewRequest("web", site.CallbackURI).With("state", strings.Repeat("<", 700), "nonce", strings.Repeat(`"`, 200), "claims", claims,
		"login_hint", strings.Repeat("&", 250))
}

// X1: whatever an authorization request holds, what is stored of it is no more
// than was sent and authreq.Overhead, and at most LongestStored besides state;
// otherwise it is refused. Raw characters that a browser would have encoded
// count as they were sent.
func TestX1_AuthorizeNeverGrows(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s, m := measured(t, on, nil)
		base := site.NewRequest("web", site.CallbackURI)
		raw := func(more string) string { return base.Encode() + more }
		empty := site.NewRequest("web", site.CallbackURI).With("state", "")
		many := func(member string) string {
			list := []string{}
			for i := range 4000 / (len(member) + 6) {
				list = append(list, fmt.Sprintf(`"%03d":%s`, i, member))
			}
			return `{"userinfo":{` + strings.Join(list, ",") + `}}`
		}
		for name, query := range map[string]string{
			"everything":        fattest().Encode(),
			"state of quotes":   empty.Encode() + "&state=" + strings.Repeat(`"`, 1024),
			"state of slashes":  empty.Encode() + "&state=" + strings.Repeat(`\`, 1024),
			"state of brackets": empty.Encode() + "&state=" + strings.Repeat(`<`, 1024),
			"state of lines":    empty.Encode() + "&state=" + strings.Repeat("\u2028", 341),
			"hint of quotes":    raw("&login_hint=" + strings.Repeat(`"`, 254)),
			"claims of null":    raw("&claims=" + many("null")),
			"claims of {}":      raw("&claims=" + many("{}")),
			"claims of <":       raw("&claims=" + many(`{"value":"<<<<<<"}`)),
			"claims unknown":    raw(`&claims={"x":"` + strings.Repeat("<", 4000) + `"}`),
			"claims of spaces":  raw(`&claims={` + strings.Repeat("+", 4000) + `}`),
			"claims of sub":     raw(`&claims={"id_token":{"sub":{"value":"` + strings.Repeat("s", 4000) + `"}}}`),
			"claims, state":     empty.With("claims", many("{}"), "state", strings.Repeat("s", 1024)).Encode(),
			"long nonce":        raw("&x=1") + "&login_hint=" + strings.Repeat("%3C", 254) + "&claims=" + many("null"),
		} {
			before := m.tables()
			b := s.Browser()
			req := b.Request(http.MethodGet, "/authorize", nil)
			req.URL.RawQuery = query
			got := b.Send(req)
			sum, where := grown(before, m.tables())
			state, _ := url.ParseQuery(query)
			if sum > len(query)+authreq.Overhead+400 || sum > authreq.LongestStored+len(state.Get("state"))+authreq.Overhead+400 {
				t.Errorf("%s: %d, sent %d bytes, stored %d (%s)", name, got.Status, len(query), sum, where)
			}
			if got.Status >= http.StatusInternalServerError {
				t.Errorf("%s: status %d", name, got.Status)
			}
		}
	})
}

// X1: a visitor without an account spends the bytes of its own source: it is
// refused with 429 and Retry-After, and its state counts.
func TestX1_BytesOfOneSource(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s, _ := measured(t, on, func(c *config.Config) { c.Limits.AuthorizePerMinute = 20 })
		query := fattest().Encode()
		for i := 0; ; i++ {
			if i == 200 {
				t.Fatal("never refused")
			}
			s.Clock.Add(4 * time.Second) // within the requests of a minute
			answer := from(s, "198.51.100.7", query)
			if answer.Status == http.StatusTooManyRequests {
				if answer.Header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
				break
			}
		}
		if answer := from(s, "198.51.100.8", query); answer.Status != http.StatusSeeOther {
			t.Errorf("another source: %d", answer.Status)
		}
	})
}

// from sends an authorization request of a new browser at this source.
func from(s *site.Site, source, query string) site.Answer {
	s.T.Helper()
	b := s.Browser()
	req := b.Request(http.MethodGet, "/authorize?"+query, nil)
	req.Header.Set("X-Forwarded-For", source)
	return b.Send(req)
}

// X1: many sources that fill the store, also a small Redis without eviction, leave
// logins working: beyond what everybody together may store, browsers carry their
// request.
func TestX1_FullStoreLetsPeopleIn(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		sources := 30 // more than everybody may store together
		s, m := measured(t, on, func(c *config.Config) {
			if c.Redis.URL != "" {
				c.Redis.URL, sources = secret.Text(small(t)), 100 // more than it holds
			}
			c.Limits.AuthorizePerMinute = 120
		})
		_, owner := s.Active(site.Email)
		query := fattest().Encode()
		before := m.tables()
		for source := range sources {
			for range 110 {
				if status := from(s, fmt.Sprintf("198.51.%d.7", source), query).Status; status != http.StatusSeeOther && status != http.StatusTooManyRequests {
					t.Fatal("an attacker's answer:", status)
				}
			}
		}
		if n, where := grown(before, m.tables()); n < limit.LoginBytesAll.Most/2 {
			t.Errorf("only %d bytes (%s): the attack was too small to prove anything", n, where)
		}
		s.Clock.Add(time.Minute)
		honest := s.Browser()
		honest.Seed = owner.Seed
		honest.Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
		if honest.URL.Query().Get("request") == "" {
			t.Error("the request of a person is stored although everybody's bytes are spent")
		}
		honest.Submit("email", site.Email, "password", "wrong password it is").Says(site.Email)
		honest.Login(site.Email)
		if honest.Answered().Get("code") == "" {
			t.Errorf("no code at %s", honest.URL)
		}
	})
}

// small returns the address of a Redis of 32 MB that forgets nothing.
func small(t *testing.T) string {
	t.Helper()
	server := testenv.NewRedis(t)
	server.Command("CONFIG", "SET", "maxmemory", "32mb")
	server.Command("CONFIG", "SET", "maxmemory-policy", "noeviction")
	return server.URL
}

// X1: the store forgets a request that nobody answered after ten minutes; the form
// that is sent later goes on, with what was typed (WCAG 2.2.1), in its own browser
// and for as long as a request lives.
func TestX1_LateFormGoesOn(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s, _ := measured(t, on, nil)
		_, owner := s.Active(site.Email)
		forget := func() {
			s.Pass(authreq.Unanswered + time.Second)
			site.Must(t, s.Stores.DB.Sweep(t.Context()))
		}
		b := s.Browser()
		b.Seed = owner.Seed
		b.Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
		stolen := b.Form("email", site.Email, "password", site.Password)
		forget()
		b.Submit("email", site.Email, "password", "a wrong password").At("/login").Says(`value="` + site.Email + `"`)
		forget()
		if got := s.Browser().Get("/login").Send(stolen); got.Status == http.StatusOK || got.Status == http.StatusSeeOther {
			t.Errorf("another browser goes on with it: %d", got.Status)
		}
		b.Login(site.Email)
		if b.Answered().Get("code") == "" {
			t.Errorf("no code at %s", b.URL)
		}
		b = s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
		s.Pass(authreq.Lifetime)
		if b.Submit("email", site.Email, "password", site.Password); b.Status != http.StatusGone {
			t.Errorf("after an hour: %d at %s", b.Status, b.URL)
		}
	})
}
