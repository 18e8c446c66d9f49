package cost

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/e2e/site"
)

// Each benchmark runs on both back ends and calls the handler itself.

// BenchmarkDiscovery is the metadata.
func BenchmarkDiscovery(b *testing.B) {
	each(b, func(b *testing.B, v *visit) {
		v.repeat(b, "/.well-known/openid-configuration", http.Header{}, http.StatusOK)
	})
}

// BenchmarkJWKS is the key set.
func BenchmarkJWKS(b *testing.B) {
	each(b, func(b *testing.B, v *visit) { v.repeat(b, "/jwks", http.Header{}, http.StatusOK) })
}

// BenchmarkLoginPage is the page of a login that has begun.
func BenchmarkLoginPage(b *testing.B) {
	each(b, func(b *testing.B, v *visit) {
		visitor := v.browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
		v.repeat(b, visitor.URL.RequestURI(), cookies(visitor), http.StatusOK)
	})
}

// BenchmarkLogin is a login from the authorization request to the code. The browser's work is included.
func BenchmarkLogin(b *testing.B) {
	each(b, func(b *testing.B, v *visit) {
		accounts, err := seed.Into(b.Context(), v.Config, seed.Amounts{Accounts: b.N})
		site.Must(b, err)
		b.ReportAllocs()
		b.ResetTimer()
		for _, a := range accounts {
			v.login(a)
		}
	})
}

// BenchmarkRefused is a POST with a wrong password, in logins that have begun.
func BenchmarkRefused(b *testing.B) {
	each(b, func(b *testing.B, v *visit) {
		accounts, err := seed.Into(b.Context(), v.Config, seed.Amounts{Accounts: b.N})
		site.Must(b, err)
		var forms []*http.Request
		for _, a := range accounts {
			visitor := v.browser().Authorize(site.NewRequest("web", site.CallbackURI))
			form := visitor.Form("email", a.Email, "password", site.WrongPassword)
			form.Header["Cookie"] = cookies(visitor)["Cookie"]
			forms = append(forms, form)
		}
		b.ReportAllocs()
		b.ResetTimer()
		for _, form := range forms {
			w := httptest.NewRecorder()
			v.Citizens.ServeHTTP(w, atServer(form))
			if w.Code != http.StatusSeeOther {
				b.Fatal(w.Code, w.Body)
			}
		}
	})
}

// BenchmarkSSO is an authorization request that a session answers.
func BenchmarkSSO(b *testing.B) {
	each(b, func(b *testing.B, v *visit) {
		visitor, _, _ := v.login(v.account())
		v.repeat(b, "/authorize?"+site.NewRequest("web", site.CallbackURI).Encode(), cookies(visitor), http.StatusSeeOther)
	})
}

// BenchmarkExchangeES256 is a code exchange with ES256 ID tokens.
func BenchmarkExchangeES256(b *testing.B) { benchmarkExchange(b, es256, site.OtherURI) }

// BenchmarkExchangeRS256 is a code exchange with RS256 ID tokens.
func BenchmarkExchangeRS256(b *testing.B) { benchmarkExchange(b, "web", site.CallbackURI) }

func benchmarkExchange(b *testing.B, client, redirect string) {
	each(b, func(b *testing.B, v *visit) {
		visitor, _, _ := v.login(v.account())
		r := site.NewRequest(client, redirect).With("scope", "openid email")
		header := v.Basic()
		if client != "web" {
			header = site.BasicOf(client)
		}
		var forms []string
		for range b.N {
			forms = append(forms, r.Exchange(visitor.NewCode(r)).Encode())
		}
		b.ReportAllocs()
		b.ResetTimer()
		for _, form := range forms {
			v.Bench(b, http.MethodPost, "/token", form, header, http.StatusOK)
		}
	})
}

// BenchmarkUserinfo is a call with an access token that is opaque.
func BenchmarkUserinfo(b *testing.B) { benchmarkUserinfo(b, "web", site.CallbackURI) }

// BenchmarkUserinfoJWT is a call with an access token that is a JWT.
func BenchmarkUserinfoJWT(b *testing.B) { benchmarkUserinfo(b, jwt, site.KeyedURI) }

func benchmarkUserinfo(b *testing.B, client, redirect string) {
	each(b, func(b *testing.B, v *visit) {
		visitor, _, _ := v.login(v.account())
		r := site.NewRequest(client, redirect).With("scope", "openid email")
		tokens := v.exchange(r, visitor.NewCode(r))
		v.repeat(b, "/userinfo", site.Bearer(tokens["access_token"].(string)), http.StatusOK)
	})
}

// each runs a benchmark on both back ends.
func each(b *testing.B, run func(b *testing.B, v *visit)) {
	b.Run("SQLite", func(b *testing.B) { run(b, newVisit(b, nil)) })
	b.Run("servers", func(b *testing.B) { run(b, newVisit(b, site.OnServers(b))) })
}

// repeat gets one address as often as the benchmark says.
func (v *visit) repeat(b *testing.B, target string, header http.Header, want int) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		w := v.Bench(b, http.MethodGet, target, "", header, want)
		if u, err := url.Parse(w.Header().Get("Location")); err != nil || strings.Contains(u.RawQuery, "error=") {
			b.Fatal(w.Header())
		}
	}
}

// cookies returns the Cookie header of a browser.
func cookies(b *site.Browser) http.Header {
	h := http.Header{}
	for name, value := range b.Cookies() {
		h.Add("Cookie", name+"="+value)
	}
	return h
}
