package provider_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/client"
)

// Redirect URIs: compared byte for byte, but for the port of a loopback IP
// address of a native client.

var loopbackForm = regexp.MustCompile(`^http://(?:127\.0\.0\.1|\[::1\])(?::([0-9]+))?(/[^#]*)$`)

// oracle is the rule once more, written in another way.
func oracle(c client.Client, uri string) bool {
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	asked := loopbackForm.FindStringSubmatch(uri)
	if c.ApplicationType != client.NativeApplication || asked == nil {
		return false
	}
	if asked[1] != "" {
		if port, err := strconv.Atoi(asked[1]); err != nil || port < 1 || port > 65535 {
			return false
		}
	}
	return slices.ContainsFunc(c.RedirectURIs, func(r string) bool {
		known := loopbackForm.FindStringSubmatch(r)
		return known != nil && known[2] == asked[2] && strings.HasPrefix(r, "http://[") == strings.HasPrefix(uri, "http://[")
	})
}

// redirectCorpus bends a registered URI in every way we know of.
func redirectCorpus(registered string) []string {
	u, _ := url.Parse(registered)
	scheme, host, path := u.Scheme, u.Host, u.Path
	bent := []string{
		"", " ", "/", "//", "/cb", "cb", "?", "#", "\\", ".", "..", "null", "*", "%", "%00", "https:", "https://", "https:///cb", "http:/cb",
		strings.ToUpper(registered), strings.ToUpper(scheme) + registered[len(scheme):], scheme + "://" + strings.ToUpper(host) + path, scheme + "://" + host + strings.ToUpper(path),
		scheme + ":" + host + path, scheme + ":/" + host + path, scheme + ":///" + host + path, scheme + ":\\\\" + host + path, "//" + host + path, "\\\\" + host + path, host + path,
		"blob:" + registered, "view-source:" + registered, "data:text/html," + registered, "javascript:location='" + registered + "'", "javascript://" + host + "/%0aalert(1)", "vbscript:x",
		"file://" + host + path, "ftp://" + host + path, "ws://" + host + path, "myapp://cb", "intent://" + host + path + "#Intent;end", "about:blank", "urn:ietf:wg:oauth:2.0:oob",
		scheme + "://" + host + ":443" + path, scheme + "://" + host + ":80" + path, scheme + "://" + host + ":" + path, scheme + "://" + host + ":0" + path, scheme + "://" + host + ":99999" + path,
		scheme + "://" + host + ":443@evil.example" + path, scheme + "://" + host + ":1a" + path, scheme + "://" + host + "." + path, scheme + "://" + host + ".." + path, scheme + "://." + host + path,
		scheme + "://evil.example/" + host + path, scheme + "://evil.example?" + registered, scheme + "://evil.example#" + registered, scheme + "://evil.example\\@" + host + path,
		scheme + "://user@" + host + path, scheme + "://user:pw@" + host + path, scheme + "://" + host + "@evil.example" + path, scheme + "://" + host + "%40evil.example" + path,
		scheme + "://evil.example%2f@" + host + path, scheme + "://evil.example%00." + host + path, scheme + "://" + host + "%00.evil.example" + path, scheme + "://" + host + "%2eevil.example" + path,
		scheme + "://" + host + ".evil.example" + path, scheme + "://evil" + host + path, scheme + "://evil-" + host + path, scheme + "://evil." + host + path, scheme + "://x" + host[1:] + path,
		scheme + "://" + strings.Replace(host, ".", "x", 1) + path, scheme + "://" + strings.Replace(host, ".", "%2e", 1) + path, scheme + "://" + strings.Replace(host, ".", "。", 1) + path,
		scheme + "://" + strings.Replace(host, "e", "е", 1) + path, scheme + "://xn--" + host + path, scheme + "://" + strings.Replace(host, ".", "\u00ad.", 1) + path, scheme + "://" + host + "\u200b" + path,
		scheme + "://localhost" + path, scheme + "://LOCALHOST" + path, scheme + "://localhost." + path, scheme + "://localhost.evil.example" + path, scheme + "://127.0.0.1" + path, scheme + "://127.1" + path,
		scheme + "://2130706433" + path, scheme + "://0x7f000001" + path, scheme + "://0177.0.0.1" + path, scheme + "://[::1]" + path, scheme + "://[::1%25eth0]" + path, scheme + "://[::ffff:127.0.0.1]" + path,
		scheme + "://[0:0:0:0:0:0:0:1]" + path, scheme + "://0.0.0.0" + path, scheme + "://127.0.0.1.evil.example" + path, scheme + "://127.0.0.1:80:80" + path, scheme + "://127.0.0.1:+80" + path,
		scheme + "://127.0.0.1:8080@evil.example" + path, scheme + "://127.0.0.1:%38080" + path, scheme + "://127.0.0.1:80 " + path, scheme + "://127.0.0.1:８０" + path, scheme + "://127.0.0.1:65536" + path,
		scheme + "://127.0.0.1:00080" + path, scheme + "://127.0.0.1:0" + path, scheme + "://127.0.0.1:-1" + path, scheme + "://127.0.0.1:1" + path + "#x", scheme + "://127.0.0.1:1" + path + "?x", scheme + "://127.0.0.2:1000" + path,
		strings.Replace(registered, "https", "http", 1), strings.Replace(registered, "http", "https", 1),
	}
	for _, tail := range []string{
		"/", "//", "?", "#", "?code=x", "?state=x", "?iss=x", "?x=1", "#x", "/.", "/..", "/../cb", "/..;/x", ";", ";jsessionid=1", ".", "..", "%", "%20", "%00", "%0a", "%0d%0aX: y",
		"\r\nLocation: https://evil.example", "\n", "\r", "\t", "\v", "\x00", "\x7f", " ", "\u00a0", "\u2028", "\ufeff", "%2f", "%5c", "%252f", "%25252f", "\\", "\\..\\x", "&", "&x=1", "=", ",", "'", "\"", "<", ">", "`", "|", "^", "{", "}",
		"*", "[", "]", "@", "@evil.example", ":", "!", "~", "\xff", "\xc0\xaf", "\u202e", "́",
	} {
		bent = append(bent, registered+tail)
	}
	for _, head := range []string{" ", "\t", "\n", "\x00", "\ufeff", "/", "//", "?", "#", "url:", "URL:", "<", "\"", "'", "https://evil.example/?u=", "https://evil.example#", "https://evil.example\\"} {
		bent = append(bent, head+registered)
	}
	for i := range path {
		bent = append(bent, scheme+"://"+host+path[:i]+"%"+strconv.FormatInt(int64(path[i]), 16)+path[i+1:], scheme+"://"+host+path[:i]+"./"+path[i:], scheme+"://"+host+"/x/.."+path)
	}
	return append(bent, url.QueryEscape(registered), url.QueryEscape(url.QueryEscape(registered)), url.PathEscape(registered))
}

func TestAZ03_RedirectURIs(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, site.WithClients(site.NativeClient("app", site.NativeURI), site.NativeClient("plain", "http://[::1]/cb")))
	b := s.Browser()
	tried := 0
	for _, id := range []string{"web", "app", "plain"} {
		c, err := s.Clients(t).ByID(t.Context(), id)
		site.Must(t, err)
		for _, uri := range append(redirectCorpus(c.RedirectURIs[0]), c.RedirectURIs...) {
			tried++
			want := oracle(c, uri)
			if got := c.AllowsRedirect(uri); got != want {
				t.Errorf("%s: %q: %v, want %v", id, uri, got, want)
			}
			r := site.NewRequest(id, uri)
			r.Set("redirect_uri", uri)
			a := b.Send(b.Request(http.MethodGet, "/authorize?"+r.Encode(), nil))
			if want {
				if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/login?") {
					t.Errorf("%s: %q: %d %q", id, uri, a.Status, a.Header.Get("Location"))
				}
				continue
			}
			a.RefusedHere()
			if t.Failed() {
				t.Fatalf("%s: %q", id, uri)
			}
		}
	}
	if tried < 150 {
		t.Errorf("only %d tried", tried)
	}
}

// TestR016_LoopbackPorts: any port, for native clients and nobody else.
func TestR016_LoopbackPorts(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NativeClient("app", site.NativeURI), site.NativeClient("plain", "http://127.0.0.1/cb?x=1"),
		site.NewClient("confidential", "http://127.0.0.1:1000/cb", nil)))
	for _, c := range []struct {
		id, uri string
		want    bool
	}{
		{"app", "http://127.0.0.1:54321/cb", true}, {"app", "http://127.0.0.1/cb", true}, {"app", "http://127.0.0.1:1000/cb", true}, {"app", "http://[::1]:1000/cb", false},
		{"app", "http://localhost:1000/cb", false}, {"app", "https://127.0.0.1:1000/cb", false}, {"app", "http://127.0.0.1:1000/other", false}, {"app", "http://127.0.0.1:1000", false},
		{"plain", "http://127.0.0.1:9/cb?x=1", true}, {"plain", "http://127.0.0.1:9/cb", false}, {"plain", "http://127.0.0.1:9/cb?x=2", false},
		{"confidential", "http://127.0.0.1:1000/cb", true}, {"confidential", "http://127.0.0.1:1001/cb", false},
	} {
		b := s.Browser()
		if !c.want {
			b.RefusedHere(site.NewRequest(c.id, c.uri))
			continue
		}
		b.Authorize(site.NewRequest(c.id, c.uri)).At("/login")
	}
	// What the token endpoint compares is the one that was asked for.
	_, b := s.Active(site.Email)
	r := site.NewRequest("app", "http://127.0.0.1:54321/cb")
	code := b.Authorize(r).At("/consent").Submit("decision", "yes").Answered().Get("code")
	status, out, _ := s.Call(http.MethodPost, "/token", r.Exchange(code, url.Values{"client_id": {"app"}, "redirect_uri": {site.NativeURI}}), nil)
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	if status, out, _ = s.Call(http.MethodPost, "/token", r.Exchange(code, url.Values{"client_id": {"app"}}), nil); status != http.StatusOK {
		t.Error(status, out)
	}
}

// TestR014_RegisteredURIs: what may be registered (R-017, R-110, AZ-04).
func TestR014_RegisteredURIs(t *testing.T) {
	t.Parallel()
	for uri, allowed := range map[string]string{
		"https://rp.example/cb": "web native", "https://rp.example/cb?tenant=1": "web native", "http://127.0.0.1/cb": "native", "http://127.0.0.1:1/cb": "native", "http://[::1]/cb": "native",
		"http://rp.example/cb": "", "http://localhost/cb": "", "http://localhost:1/cb": "", "https://rp.example/cb#x": "", "https://rp.example/cb#": "", "myapp://cb": "", "myapp:/cb": "",
		"https:/cb": "", "/cb": "", "": "", "https://*.rp.example/cb": "", "https://rp.example/*": "", "https://u:p@rp.example/cb": "", "https://rp.example/c b": "", "https://rp.example\\cb": "",
		"javascript:alert(1)": "", "https://rp.example/cb?code=1": "", "https://rp.example/cb?state=": "", "https://rp.example/cb?iss=x": "", "https://rp.example/cb?error=x": "", "https://rp.example/cb?x=1&response=y": "",
		"https://rp.exämple/cb": "", "http://127.0.0.1.evil.example/cb": "", "http://192.168.1.1/cb": "",
	} {
		for kind, c := range map[string]client.Client{"web": site.NewClient("a", uri, nil), "native": site.NativeClient("a", uri)} {
			if got := c.Validate(client.General, false) == nil; got != strings.Contains(allowed, kind) {
				t.Errorf("%s client, %q: allowed %v", kind, uri, got)
			}
		}
	}
}

// FuzzAZ03_RedirectURI: accepted exactly when the oracle says so, and never
// sent anywhere else.
func FuzzAZ03_RedirectURI(f *testing.F) {
	s := site.New(f, site.WithClients(site.NativeClient("app", site.NativeURI)))
	for _, uri := range []string{site.CallbackURI, site.CallbackURI + "/", "https://rp.example/%63b", site.NativeURI, "http://127.0.0.1:9/cb", "http://127.0.0.1:9@evil.example/cb", "//evil.example"} {
		f.Add("web", uri)
		f.Add("app", uri)
	}
	f.Fuzz(func(t *testing.T, id, uri string) {
		c, err := s.Clients(t).ByID(t.Context(), id)
		if err != nil {
			return
		}
		want := oracle(c, uri)
		if got := c.AllowsRedirect(uri); got != want {
			t.Fatalf("%q: %v, want %v", uri, got, want)
		}
		r := site.NewRequest(id, uri)
		r.Set("redirect_uri", uri)
		r.Set("response_type", "token") // an error, so that it goes to the client at once
		w := httptest.NewRecorder()
		s.Citizens.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/authorize?"+r.Encode(), nil))
		location := w.Header().Get("Location")
		if want && !strings.HasPrefix(location, uri) || !want && (location != "" || w.Code < 400) || w.Code >= 500 {
			t.Fatalf("%q: %d %q", uri, w.Code, location)
		}
	})
}
