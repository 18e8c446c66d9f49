package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
)

func TestZ13_Version(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`^omgevingsloket-id \S+ \(revision \S+, ` + regexp.QuoteMeta(runtime.Version()) + `, \w+/\w+\)\n$`)
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if code, out, stderr := command(t, args...); code != exitOK || !line.MatchString(out) || stderr != "" {
			t.Errorf("%v = %d, %q, %q", args, code, out, stderr)
		}
	}
}

func TestZ13_BuildInfoMetric(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	admin := httptest.NewServer(s.Metrics.Handler())
	t.Cleanup(admin.Close)
	res, err := http.Get(admin.URL + "/metrics")
	site.Must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	site.Must(t, err)
	if want := `olid_build_info{goversion="` + runtime.Version() + `",revision="`; !strings.Contains(string(body), want) {
		t.Errorf("no %s in the metrics", want)
	}
}
