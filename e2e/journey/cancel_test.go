package journey

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/site"
)

// Y35: the quiet way back works in a browser, with and without script: form-action
// does not block the way to the client.
func TestY35_CancelInABrowser(t *testing.T) {
	t.Parallel()
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!DOCTYPE html><html lang=en><title>Portal</title><main><h1>" + r.URL.Query().Get("error") + "</h1></main>"))
	}))
	defer portal.Close()
	s := site.New(t, site.WithClients(site.PublicClient("local", portal.URL+"/cb")))
	s.Active(site.Email)
	for _, options := range [][]browser.Option{nil, {browser.NoScript()}} {
		for _, code := range []bool{false, true} {
			b := browser.New(t, options...)
			b.Open(s.Server.URL + "/authorize?" + site.NewRequest("local", portal.URL+"/cb").Encode())
			if code {
				b.Fill("email", site.Email)
				b.Fill("password", site.Password)
				b.Submit()
			}
			b.ClickButton("Annuleren en terug naar LOCAL")
			if url := b.URL(); !strings.HasPrefix(url, portal.URL+"/cb?error=access_denied&") {
				t.Errorf("at the code page: %t; the browser is at %s", code, url)
			}
			b.Close()
		}
	}
}
