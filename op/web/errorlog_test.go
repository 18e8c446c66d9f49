package web

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// X15: the log of net/http holds network prefixes, not addresses.
func TestX15_WithoutAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http: TLS handshake error from 192.0.2.7:51234: EOF":                                       "http: TLS handshake error from 192.0.2.0/24: EOF",
		"http: TLS handshake error from [2001:db8:1:2::7]:51234: remote error":                      "http: TLS handshake error from 2001:db8:1::/48: remote error",
		"http: TLS handshake error from [::ffff:192.0.2.7]:51234: EOF":                              "http: TLS handshake error from 192.0.2.0/24: EOF",
		"http: TLS handshake error from [fe80::1%eth0]:51234: EOF":                                  "http: TLS handshake error from fe80::/48: EOF",
		"http: panic serving 192.0.2.7:51234: boom":                                                 "http: panic serving 192.0.2.0/24: boom",
		"read tcp 198.51.100.9:443->192.0.2.7:51234: read: connection reset by peer":                "read tcp 198.51.100.0/24->192.0.2.0/24: read: connection reset by peer",
		"read tcp [2001:db8:5::1]:443->[2001:db8:9:1::2]:1: i/o timeout":                            "read tcp 2001:db8:5::/48->2001:db8:9::/48: i/o timeout",
		"accept from 2001:db8:1:2::7, then 192.0.2.7.":                                              "accept from 2001:db8:1::/48, then 192.0.2.0/24.",
		"bare 2001:db8:1:2:: and [2001:db8:1:2::9]":                                                 "bare 2001:db8:1::/48 and 2001:db8:1::/48",
		"X-Forwarded-For 192.0.2.7,2001:DB8:1:2::A":                                                 "X-Forwarded-For 192.0.2.0/24,2001:db8:1::/48",
		"tls: first record does not look like a TLS handshake":                                      "tls: first record does not look like a TLS handshake",
		"http2: server: error reading preface from client 192.0.2.7:1: read tcp 10.0.0.1:8443: EOF": "http2: server: error reading preface from client 192.0.2.0/24: read tcp 10.0.0.0/24: EOF",
		"at 10:24:05 of go1.27.3: e.g. face:b00c":                                                   "at 10:24:05 of go1.27.3: e.g. face:b00c",
	} {
		if got := WithoutAddresses(text); got != want {
			t.Errorf("WithoutAddresses(%q) = %q, want %q", text, got, want)
		}
		var out bytes.Buffer
		NewErrorLog(slog.New(slog.NewTextHandler(&out, nil))).Printf("%s\n", text)
		if !strings.Contains(out.String(), want) || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("NewErrorLog wrote %q, want one line with %q", out.String(), want)
		}
	}
}
