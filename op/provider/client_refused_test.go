package provider_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// buffer is a log in memory.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}

// X5: a client that does not authenticate is in the log with its id and the reason, and
// in the metrics by reason. What a stranger typed as an id is quoted and cut.
func TestX5_RefusedClients(t *testing.T) {
	t.Parallel()
	log := &buffer{}
	s := site.Start(t, site.Setup{Log: slog.New(slog.NewTextHandler(log, nil))})
	evil := "evil\n\u202elevel=ERROR " + strings.Repeat("x", 1000)
	for what, c := range map[string]struct {
		form   url.Values
		header http.Header
		client string
		reason string
	}{
		"wrong secret":    {nil, authorization(encoded("web", "canary")), `client=web`, "wrong_secret"},
		"no secret":       {url.Values{"client_id": {"web"}}, nil, `client=web`, "wrong_method"},
		"another method":  {url.Values{"client_id": {"web"}, "client_secret": {"canary"}}, nil, `client=web`, "wrong_method"},
		"unknown":         {nil, authorization(encoded("who", "canary")), `client="\"who\""`, "unknown_client"},
		"unknown, evil":   {nil, authorization(encoded(url.QueryEscape(evil), "canary")), `client="\"evil\\n\\u202elevel=ERROR `, "unknown_client"},
		"no Basic":        {url.Values{"client_id": {"web"}}, authorization("Basic canary"), `client="\"web\""`, "malformed"},
		"two at once":     {url.Values{"client_id": {"web"}, "client_secret": {"canary"}}, authorization(encoded("web", "canary")), `client="\"web\""`, "malformed"},
		"no assertion":    {url.Values{"client_id": {"web"}, "client_assertion": {"canary"}}, nil, `client="\"web\""`, "malformed"},
		"wrong assertion": {url.Values{"client_id": {"web"}, "client_assertion": {"canary"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}, nil, `client="\"web\""`, "malformed"},
	} {
		log.take()
		metric := `olid_refusals_total{realm="client",reason="` + c.reason + `"}`
		before := s.Metric(metric)
		if status, _, _ := proof(s, c.form, c.header); status != http.StatusUnauthorized && status != http.StatusBadRequest {
			t.Errorf("%s: status %d", what, status)
		}
		var line string
		for l := range strings.Lines(log.take()) {
			if strings.Contains(l, `msg="client refused"`) {
				if line != "" {
					t.Errorf("%s: two lines", what)
				}
				line = l
			}
		}
		if !strings.Contains(line, c.client) || !strings.Contains(line, "reason="+c.reason) || strings.Contains(line, "canary") || len(line) > 400 {
			t.Errorf("%s: logged %q, want %s and reason=%s", what, line, c.client, c.reason)
		}
		if after := s.Metric(metric); after == before {
			t.Errorf("%s: %s stays at %q", what, metric, after)
		}
	}
}
