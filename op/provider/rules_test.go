package provider_test

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/storage/storagetest"
)

// texts maps functions that refuse something to the argument that says why.
var texts = map[string]int{"refuse": 1, "writeError": 3, "wrong": 0, "Rule": 0, "WithDescription": 0, "unreadable": 0, "New": 0, "Errorf": 0}

// refusing are the functions of op/web/form.go that read the forms of clients.
var refusing = map[string]bool{"Parameters": true, "fault": true, "open": true, "unread": true}

// unseen are the texts that the walk does not make, with the reason.
var unseen = map[string]string{
	"the person has no account yet":                    "no request is refused with it",
	"the answer could not be signed":                   "only if a key of ours cannot sign",
	"the tokens could not be made":                     "only if a key of ours cannot sign",
	"the token could not be revoked":                   "only for an error that no store returns",
	"not an access token of ours, or not any more":     "the client and the log have the description of invalid_token",
	"jwks_uri: does not lead to a public address":      "clients of practice have loopback addresses; TestR212_OnlyPublicAddresses",
	"flow: the authorization request is too large to":  "the client and the log have the description of provider",
	"strangers have as many logins in progress as may": "the client and the log have the description of provider",
}

// pattern returns a regular expression for the texts that an expression makes; what
// it takes from elsewhere matches anything.
func pattern(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil {
			return regexp.MustCompile(`%[a-z]`).ReplaceAllString(regexp.QuoteMeta(text), ".*")
		}
	case *ast.BinaryExpr:
		return pattern(e.X) + pattern(e.Y)
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return pattern(e.Args[0])
		}
	}
	return ".*"
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// madeBy adds to all the patterns of the texts with which a part of a program
// refuses something, with the place of each.
func madeBy(all map[string]string, files *token.FileSet, part ast.Node) {
	add := func(e ast.Expr) {
		if p := pattern(e); strings.Trim(p, ".*: ") != "" {
			all[p] = files.Position(e.Pos()).String()
		}
	}
	ast.Inspect(part, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if at, ok := texts[nameOf(n.Fun)]; ok && at < len(n.Args) {
				add(n.Args[at])
			}
		case *ast.CompositeLit:
			for i, element := range n.Elts {
				pair, keyed := element.(*ast.KeyValueExpr)
				switch {
				case nameOf(n.Type) == "oauthError" && i == 1:
					add(element)
				case nameOf(n.Type) == "FormError" && keyed && nameOf(pair.Key) == "Reason":
					add(pair.Value)
				}
			}
		case *ast.AssignStmt:
			if to, ok := n.Lhs[0].(*ast.IndexExpr); ok && nameOf(to.X) == "Faults" {
				add(n.Rhs[0])
			}
		case *ast.ValueSpec:
			if len(n.Values) != len(n.Names) {
				break
			}
			for i, name := range n.Names {
				table, _ := n.Values[i].(*ast.CompositeLit)
				switch lower := strings.ToLower(name.Name); {
				case lower == "refusals":
					for _, element := range table.Elts {
						add(element.(*ast.KeyValueExpr).Value)
					}
				case strings.HasPrefix(lower, "refused"): // a whole word of the log
					all["(?m)^"+pattern(n.Values[i])+"$"] = files.Position(n.Pos()).String()
				}
			}
		case *ast.BasicLit:
			if strings.HasPrefix(n.Value, `"provider.error.`) {
				add(n)
			}
		}
		return true
	})
}

// rulesOf returns the patterns of every text with which the endpoints refuse
// something, with the place of each.
func rulesOf(t *testing.T) map[string]string {
	t.Helper()
	all, files := map[string]string{}, token.NewFileSet()
	for _, glob := range []string{"*.go", "../flow/*.go", "../../pkg/grant/grant.go", "../web/form.go"} {
		names, err := filepath.Glob(glob)
		site.Must(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(files, name, nil, 0)
			site.Must(t, err)
			for _, d := range file.Decls {
				f, function := d.(*ast.FuncDecl)
				switch {
				case strings.HasSuffix(name, "form.go") && !(function && refusing[f.Name.Name]):
				case strings.HasSuffix(name, "provider.go"), function && f.Name.Name == "prepareMetadata": // faults of the program
				default:
					madeBy(all, files, d)
				}
			}
		}
	}
	return all
}

// changing stores requests, and can act as another tab that is quicker.
type changing struct {
	authreq.Store
	quicker func(*authreq.Request)
}

func (c *changing) Save(ctx context.Context, r authreq.Request, ttl time.Duration) (authreq.Request, error) {
	if change := c.quicker; change != nil {
		c.quicker = nil
		change(&r)
		if kept, err := c.Store.Save(ctx, r, ttl); err != nil {
			return kept, err
		}
		return r, errs.ErrConflict
	}
	return c.Store.Save(ctx, r, ttl)
}

// Y32: each rule, reason and error of the endpoints, as they stand in the source, is
// in a line of the log when it is broken: a new one needs a step of this walk.
func TestY32_EveryRuleHasItsLine(t *testing.T) {
	t.Parallel()
	want := rulesOf(t)
	if len(want) < 70 {
		t.Fatalf("only %d rules were found: is the source read?", len(want))
	}
	log, faults, requests := &buffer{}, &storagetest.Faults{}, &changing{}
	key, stranger := site.NewClientKey(t, "ES256", "k1"), site.NewClientKey(t, "ES256", "k1")
	keys, remote := behindURI(t)
	keys.serve("canary")
	missing := site.NewClient("missing", site.KeyedURI, func(c *client.Client) {
		c.AuthMethod, c.SecretHashes, c.JWKSURI = client.PrivateKeyJWT, nil, keys.URL+"/missing"
	})
	gov := func(c *client.Client) { c.Policy = client.NLGov }
	govKeyed := site.KeyedClient(t, "govkeyed", site.KeyedURI, key)
	gov(&govKeyed)
	govPublic := site.PublicClient("gov", site.OtherURI)
	gov(&govPublic)
	s := site.Start(t, site.Setup{
		Log: slog.New(slog.NewJSONHandler(log, nil)),
		Config: func(c *config.Config) {
			site.WithClients(site.NewClient("pushing", site.OtherURI, func(c *client.Client) { c.RequirePushed = true }), remote, missing, govKeyed, govPublic, site.KeyedClient(t, "keyed", site.KeyedURI, key))(c)
			c.Limits.AuthorizePerMinute = 120
		},
		Wrap: func(all *app.Stores) {
			w := faults.Wrap(storagetest.Stores{Grants: all.Grants})
			all.Grants, requests.Store = w.Grants, all.Requests
			all.Requests = requests
		},
	})
	a, b := s.Active(site.Email)
	basic := s.Basic()

	// Authorization requests.
	authorize := func(pairs ...string) {
		s.Clock.Add(2 * time.Second) // within the budgets
		s.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With(pairs...))
	}
	get := func(b *site.Browser, target string) site.Answer {
		return b.Send(b.Request(http.MethodGet, target, nil))
	}
	flood := ""
	for i := range 45 {
		flood += "&x" + strconv.Itoa(i)
	}
	b.RefusedHere(site.NewRequest("who", site.CallbackURI))
	b.RefusedHere(site.NewRequest("web", "https://canary.example/"))
	valid := site.NewRequest("web", site.CallbackURI).Encode()
	for _, more := range []string{flood, "&client_id=web", "&nonce=%zz", "&nonce=%ff", "&nonce=" + strings.Repeat("x", 600), "&prompt=none"} {
		get(s.Browser(), "/authorize?"+strings.Replace(valid, "nonce=", "x=", 1)+more)
	}
	for _, pairs := range [][]string{
		{"request", "canary"}, {"response_type", ""}, {"response_type", "token"}, {"response_mode", "fragment"}, {"scope", "openid canary", "client_id", "gov", "redirect_uri", site.OtherURI},
		{"scope", "openid phone", "client_id", "third", "redirect_uri", "https://third.example/cb"}, {"scope", "email"}, {"state", "\x01"},
		{"client_id", "gov", "redirect_uri", site.OtherURI, "state", "short"}, {"code_challenge", ""}, {"prompt", "canary"}, {"prompt", "none login"}, {"max_age", "canary"},
		{"claims", "canary"}, {"claims", `{"id_token":{"acr":{"essential":true,"value":"urn:canary"}}}`}, {"id_token_hint", "canary"},
	} {
		authorize(pairs...)
	}
	raw := "/authorize?" + site.NewRequest("web", site.CallbackURI).With("state", "").Encode() + "&state=" + strings.Repeat(`"`, 3000)
	get(s.Browser(), raw)
	hint := b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"].(string)
	authorize("id_token_hint", hint, "claims", `{"id_token":{"sub":{"value":"canary"}}}`)
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("claims", `{"id_token":{"sub":{"value":"canary"}}}`)) // another person
	third := func() site.Request {
		return site.NewRequest("third", "https://third.example/cb").With("scope", "openid email")
	}
	b.Authorize(third().With("prompt", "none"))
	b.Authorize(third()).At("/consent").Submit("decision", "no")
	for range 40 { // codes of one session
		b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "none"))
	}
	s.Clock.Add(2 * time.Minute)
	post := func(b *site.Browser, target, kind, body string) {
		req := b.Request(http.MethodPost, target, strings.NewReader(body))
		req.Header.Set("Content-Type", kind)
		b.Send(req)
	}
	post(b, "/authorize", "text/plain", "canary")
	post(b, "/authorize?client_id=web", site.FormType, valid)
	post(b, "/authorize", site.FormType, strings.Repeat("x", 9000))

	// Pushed requests.
	get(s.Browser(), "/authorize?client_id=web&request_uri=urn:ietf:params:oauth:request_uri:canary")
	authorize("client_id", "pushing", "redirect_uri", site.OtherURI)
	for _, pairs := range [][]string{{"request_uri", "canary"}, {"redirect_uri", "https://canary.example/"}, {"claims", "canary"}} {
		pushes(s, site.NewRequest("web", site.CallbackURI).With(pairs...))
	}
	for range 125 {
		s.Call(http.MethodPost, "/par", third().Values, nil)
	}
	s.Clock.Add(2 * time.Minute)
	short := pushed(s, site.NewRequest("web", site.CallbackURI).With("prompt", "login"))
	elsewhere := s.Browser()
	elsewhere.Seed = b.Seed
	first, second := lastStep(elsewhere, short, site.Email), lastStep(b, short, site.Email)
	get(b, second)
	get(elsewhere, first)
	s.Clock.Add(time.Minute)

	// The end of a login.
	at := func(r site.Request) string { return lastStep(b, r, site.Email) }
	link := at(site.NewRequest("web", site.CallbackURI).With("prompt", "login"))
	requests.quicker = func(r *authreq.Request) { r.Refusal = "access_denied" }
	get(b, link)
	s.Clock.Add(time.Minute)
	r := site.NewRequest("web", site.CallbackURI).With("prompt", "login")
	link = at(r)
	answer, err := url.Parse(get(b, link).Header.Get("Location"))
	site.Must(t, err)
	s.Redeem(r, answer.Query().Get("code"))
	get(b, link)
	clients := s.Stores.DB.Clients()
	site.Must(t, clients.Add(t.Context(), site.NewClient("stored", site.OtherURI, nil), site.NoEffects))
	s.Clock.Add(time.Minute)
	link = at(site.NewRequest("stored", site.OtherURI).With("prompt", "login"))
	site.Must(t, clients.Remove(t.Context(), "stored", site.NoEffects))
	site.Must(t, clients.Add(t.Context(), site.NewClient("stored", "https://moved.example/cb", nil), site.NoEffects))
	s.Clock.Add(time.Minute)
	get(b, link)
	login := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login").URL
	get(s.Browser(), "/login/code")
	get(s.Browser(), login.RequestURI())
	get(s.Browser().Get("/help").Get("/login"), login.RequestURI())
	other := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	get(other, login.RequestURI())

	// The endpoints of clients.
	call := func(path string, form url.Values, header http.Header) {
		s.Call(http.MethodPost, path, form, header)
	}
	code := func(more ...url.Values) url.Values {
		r := site.NewRequest("web", site.CallbackURI)
		return r.Exchange(b.NewCode(r), more...)
	}
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Login(site.Email)
	form := url.Values{"grant_type": {"authorization_code"}, "code": {"canary"}, "redirect_uri": {site.CallbackURI}}
	with := func(pairs ...string) url.Values {
		out := url.Values{}
		for name, v := range form {
			out[name] = v
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			out.Set(pairs[i], pairs[i+1])
		}
		return out
	}
	call("/token?code=canary", form, basic)
	call("/token", form, http.Header{"Authorization": {basic.Get("Authorization"), "canary"}})
	call("/token", form, http.Header{"Authorization": basic["Authorization"], "Content-Encoding": {"gzip"}})
	call("/token", url.Values{}, basic)
	call("/token", with("grant_type", "password"), basic)
	call("/token", with("x", strings.Repeat("x", 9000)), basic)
	post(s.Browser(), "/token", "application/json", "{}")
	call("/userinfo", url.Values{"access_token": {"canary"}}, site.Bearer("canary"))
	call("/userinfo", nil, nil)
	call("/userinfo", nil, site.Bearer("canary"))
	call("/token", with("client_secret", "canary", "client_id", "web"), basic)
	call("/token", with("client_assertion", "canary"), nil)
	call("/token", form, http.Header{"Authorization": {"Basic canary"}})
	call("/token", form, authorization(encoded("who", "canary")))
	call("/token", form, authorization(encoded("web", "canary")))
	call("/token", with("client_id", "web"), nil)

	// Why a code is refused.
	call("/token", with("code_verifier", "canary"), basic)
	used := code()
	call("/token", used, basic)
	call("/token", used, basic)
	call("/token", code(url.Values{"redirect_uri": {"https://canary.example/"}}), basic)
	call("/token", code(url.Values{"code_verifier": {strings.Repeat("x", 43)}}), basic)
	late := code()
	s.Clock.Add(10 * time.Minute)
	call("/token", late, basic)
	s.Clock.Add(time.Minute)
	again := func() {
		b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Login(site.Email)
	}
	again()
	ended := code()
	b.Get(leave("id_token_hint", b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"].(string)))
	call("/token", ended, basic)
	again()
	unavailable := code()
	faults.Once("Grants.Redeem", storagetest.NotWritten)
	call("/token", unavailable, basic)
	blocked := code()
	s.Blocked(a)
	call("/token", blocked, basic)

	// Assertions.
	now := func(d time.Duration) int64 { return s.Clock.Now().Add(d).Unix() }
	for _, pairs := range [][]any{
		{"iss", "canary"}, {"exp", "canary"}, {"jti", nil}, {"exp", nil}, {"exp", now(-time.Minute)}, {"exp", now(time.Hour)}, {"iat", now(time.Hour)}, {"nbf", now(time.Hour)}, {"aud", "https://canary.example"},
	} {
		prove(s, key.Sign(t, s.Assertion("keyed", pairs...), nil))
	}
	prove(s, key.Sign(t, s.Assertion("govkeyed", "iat", nil), nil))
	prove(s, key.Sign(t, s.Assertion("govkeyed", "aud", []string{s.Config.Issuer, s.Config.Issuer + "/token"}), nil))
	for _, header := range []map[jose.HeaderKey]any{map1("typ", "canary"), map1("jku", "https://canary.example"), map1("jwk", jose.JSONWebKey{Key: key.Private.Public()})} {
		prove(s, key.Sign(t, s.Assertion("keyed"), header))
	}
	twice := key.Sign(t, s.Assertion("keyed"), nil)
	prove(s, twice)
	prove(s, twice)
	prove(s, stranger.Sign(t, s.Assertion("keyed"), nil))
	prove(s, key.Sign(t, s.Assertion("remote"), nil))
	prove(s, key.Sign(t, s.Assertion("remote"), nil))
	keys.answer(http.StatusNotFound, "")
	prove(s, key.Sign(t, s.Assertion("missing"), nil))
	faults.Once("Grants.UseOnce", storagetest.NotWritten)
	prove(s, key.Sign(t, s.Assertion("keyed"), nil))

	var lines []string
	for text := range strings.Lines(log.take()) {
		var line map[string]any
		site.Must(t, json.Unmarshal([]byte(text), &line))
		if line["status"] == nil {
			continue // no line of a request
		}
		said := ""
		for _, name := range []string{"error", "rule", "reason", "cause"} {
			value, _ := line[name].(string)
			said += value + "\n"
		}
		if lines = append(lines, said); line["request"] == nil || strings.Contains(strings.NewReplacer("scope canary", "", `\"canary\"`, "").Replace(text), "canary") {
			t.Errorf("the log has a line without a reference, or with what a stranger sent: %s", text)
		}
	}
	everything := strings.Join(lines, "")
	for p, place := range want {
		excused := ""
		for text, why := range unseen {
			if strings.HasPrefix(p, text) {
				excused = why
			}
		}
		if found := regexp.MustCompile(p).MatchString(everything); !found && excused == "" {
			t.Errorf("%s: no line of the log says %q", place, p)
		} else if found && excused != "" {
			t.Errorf("%s: %q is excused (%s), but made", place, p, excused)
		}
	}
}
