package login_test

import (
	"net/http"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// BenchmarkLoginPage is the first page of a login, in process and on SQLite.
func BenchmarkLoginPage(b *testing.B) {
	s := site.New(b, nil)
	visitor := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	header := http.Header{}
	for name, value := range visitor.Cookies() {
		header.Add("Cookie", name+"="+value)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Bench(b, http.MethodGet, visitor.URL.RequestURI(), "", header, http.StatusOK)
	}
}
