package journey

import (
	"net/http"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
)

// BenchmarkStart measures the time from starting the built binary with an empty data folder
// to the first 200 of the discovery document, including making keys and schema.
func BenchmarkStart(b *testing.B) {
	binary := testenv.Binary(b, "./cmd/omgevingsloket-id")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for b.Loop() {
		b.StopTimer()
		listen, portal, data := testenv.FreeAddr(b), testenv.FreeAddr(b), b.TempDir()
		b.StartTimer()
		p := testenv.Start(b, binary, []string{"demo", "--data", data, "--listen", listen, "--portal", portal})
		for {
			res, err := client.Get("http://" + listen + "/.well-known/openid-configuration")
			if err == nil {
				_ = res.Body.Close()
				if res.StatusCode == http.StatusOK {
					break
				}
			}
			time.Sleep(time.Millisecond)
		}
		b.StopTimer()
		p.Kill()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/start")
}
