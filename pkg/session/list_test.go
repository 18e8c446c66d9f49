package session_test

import (
	"strings"
	"testing"

	"omgevingsloket-id/pkg/session"
)

func TestAgent(t *testing.T) {
	t.Parallel()
	const webkit = "AppleWebKit/537.36 (KHTML, like Gecko) "
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                      "firefox/linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit + "Chrome/156.0.0.0 Safari/537.36":                                      "chrome/windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit + "Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0":                        "edge/windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":       "safari/mac",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0 Mobile Safari/6": "chrome/iphone",
		"Mozilla/5.0 (Linux; Android 15; SM-S921B) " + webkit + "SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36":               "samsung/android",
		"": "other/other",
		"curl/8.0 <script>alert(1)</script> Anna's phone": "other/other",
		strings.Repeat("x", 4000) + "Firefox/ Windows":    "other/other",
	} {
		if got := session.Agent(header); got != want {
			t.Errorf("Agent(%.40q) = %q, want %q", header, got, want)
		}
	}
}
