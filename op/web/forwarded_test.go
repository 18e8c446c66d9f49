package web

import (
	"net/netip"
	"strings"
	"testing"
)

// Y29: the forms in which proxies write the address of a caller.
func TestY29_ParseHop(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]string{
		"203.0.113.7":                     "203.0.113.7",
		" 203.0.113.7\t":                  "203.0.113.7",
		"203.0.113.7:51234":               "203.0.113.7",
		`"203.0.113.7:51234"`:             "203.0.113.7",
		"2001:db8::1":                     "2001:db8::1",
		"[2001:db8::1]":                   "2001:db8::1",
		"[2001:db8::1]:443":               "2001:db8::1",
		`"[2001:db8:cafe::17]:4711"`:      "2001:db8:cafe::17",
		"::ffff:203.0.113.7":              "203.0.113.7",
		"[::ffff:203.0.113.7]:80":         "203.0.113.7",
		"for=192.0.2.60":                  "192.0.2.60",
		`For="[2001:db8:cafe::17]:4711"`:  "2001:db8:cafe::17",
		"for=192.0.2.60;proto=http;by=x":  "192.0.2.60",
		` for = "192.0.2.60:80" ;proto=h`: "192.0.2.60",
		"":                                "",
		"unknown":                         "",
		"for=unknown":                     "",
		"for=_hidden":                     "",
		"by=192.0.2.60":                   "",
		"proto=http;for=192.0.2.60":       "192.0.2.60",
		`by=10.0.0.1;proto=h;FOR="[2001:db8::1]:_p"`: "2001:db8::1",
		`for="192.0.2.60:_gazonk"`:                   "192.0.2.60",
		"192.0.2.60:_a.b-c":                          "192.0.2.60",
		"[2001:db8::1]:_p1":                          "2001:db8::1",
		"2001:db8::1:_p1":                            "",
		"192.0.2.60:_":                               "",
		"192.0.2.60:_p=1":                            "",
		"192.0.2.60:80:_p":                           "",
		"192.0.2.60:_p:80":                           "",
		"192.0.2.60:_p q":                            "",
		"for=192.0.2.60;for=192.0.2.61":              "",
		"192.0.2.60;for=192.0.2.61":                  "",
		`for=192.0.2.60;host="a"`:                    "192.0.2.60",
		`for=192.0.2.60;y"`:                          "",
		`host="x;for=192.0.2.60;y"`:                  "",
		"for=":                                       "",
		`for=""`:                                     "",
		"for=;proto=http":                            "",
		"[::ffff:203.0.113.7]":                       "203.0.113.7",
		"[]":                                         "",
		"[":                                          "",
		"203.0.113.7:":                               "",
		"203.0.113.7:99999":                          "",
		"203.0.113.7:80:80":                          "",
		"203.0.113":                                  "",
		"203.0.113.7 evil":                           "",
		"[203.0.113.7]":                              "",
		"[2001:db8::1":                               "",
		"2001:db8::1]":                               "",
		`"203.0.113.7`:                               "",
		`203.0.113.7"`:                               "",
		`""203.0.113.7""`:                            "",
		"fe80::1%eth0":                               "",
		"[fe80::1%eth0]:80":                          "",
		"203.0.113.7, 198.51.100.1":                  "",
		"http://203.0.113.7":                         "",
		strings.Repeat("9", 1000):                    "",
		"0x7f.0.0.1":                                 "",
		"0177.0.0.1":                                 "",
		"\x00203.0.113.7":                            "",
		"203.0.113.7\n":                              "203.0.113.7",
		"[2001:db8::1]:443;proto=https;x=":           "2001:db8::1",
	} {
		got := ""
		if addr, ok := parseHop(entry); ok {
			got = addr.String()
		}
		if got != want {
			t.Errorf("parseHop(%q) = %q, want %q", entry, got, want)
		}
	}
}

// FuzzY29_ParseHop: a parsed address has no zone and is no IPv4 in IPv6, the entry
// contains it in some form, and each form of an address is parsed as that address.
func FuzzY29_ParseHop(f *testing.F) {
	for _, seed := range []string{"203.0.113.7:51234", `for="[2001:db8::1]:80";proto=https`, "[::1]", "unknown", "::ffff:1.2.3.4", "fe80::1%a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		addr, ok := parseHop(entry)
		if !ok {
			if addr.IsValid() {
				t.Fatalf("parseHop(%q) = %s, false, want no address", entry, addr)
			}
			return
		}
		if !addr.IsValid() || addr.Zone() != "" || addr.Is4In6() {
			t.Fatalf("parseHop(%q) = %s, want an address without zone that is no IPv4 in IPv6", entry, addr)
		}
		text := addr.String()
		forms := []string{text, netip.AddrPortFrom(addr, 443).String(), `"` + netip.AddrPortFrom(addr, 1).String() + `"`, "for=" + text + ";by=x"}
		if addr.Is6() {
			forms = append(forms, "["+text+"]")
		}
		for _, form := range forms {
			if again, ok := parseHop(form); !ok || again != addr {
				t.Fatalf("parseHop(%q) = %s, %t, want %s as in parseHop(%q)", form, again, ok, addr, entry)
			}
		}
	})
}
