package web_test

import (
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/op/web"
)

// Y24: what a browser asks for, with weights, unknown languages and malformed ranges.
func TestY24_Match(t *testing.T) {
	t.Parallel()
	c, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for wanted, want := range map[string]string{
		"": "nl", "nl": "nl", "nl-BE": "nl", "en": "en", "en-US,en;q=0.9": "en", "EN-gb": "en",
		"de": "en", "de-DE,fr;q=0.8": "en", // others only
		"de,nl;q=0.5": "nl", "en;q=0.3,nl;q=0.9": "nl", "nl;q=0.3,en": "en",
		"nl en": "nl", "en nl": "en", "de nl": "nl", // ui_locales (OpenID Connect Core §3.1.2.1)
		"!!": "nl", "en;q=x": "nl", // unreadable
		"*": "nl", "*;q=0.5": "nl", "de, *;q=0.5": "en", "en;q=0.2, *": "en", "nl;q=0, en": "en", "en;q=0, nl": "nl", "en;q=0": "nl",
		"en; q=0.8 , nl; q=0.9": "en", "i-klingon, nl": "nl", "x-private, en": "en", "\xff\xfe,en": "en",
		"de,xx-1-2-3-4,nl": "nl", "ëé,en-GB": "en", // in part
	} {
		if got := c.Match(wanted); got != want {
			t.Errorf("Match(%q) = %q, want %q", wanted, got, want)
		}
	}
}

// Y24: the first tag of a language that exists here; what is unknown is passed over.
func TestY24_Locale(t *testing.T) {
	t.Parallel()
	for wanted, want := range map[string]string{
		"nl": "nl", "en": "en", "nl-BE en": "nl", "en-GB nl": "en", "NL_be": "nl", "de": "", "de fr-CA": "", "de nl": "nl", "zh-Hant en": "en", "": "", " ": "",
		"xx en": "en", "!! nl": "nl", "ëé": "", "*": "", "und": "", "und-NL": "", "en\tnl": "en", "en\nnl": "en", "x-private nl": "nl", "i-klingon nl": "nl", "af nl": "nl", "EN": "en", "nl-NL-u-co-phonebk": "nl", "\x00 nl": "nl", "\"en\"": "", "fy nl": "nl", "fy": "", "nl-Latn-BE-x-foo": "nl", "nl,en;q=0.5": "nl", "de-DE,en;q=0.5": "en",
		"english": "", "nlx": "", strings.Repeat("xx ", 300) + "nl": "nl",
	} {
		if got := web.Locale(wanted); got != want {
			t.Errorf("Locale(%.40q) = %q, want %q", wanted, got, want)
		}
	}
}

func TestSupported(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"nl": "nl", "en": "en", "NL": "nl", "En": "en", "": "", "de": "", "nl-BE": "", " nl": "", "nl ": ""} {
		if got := web.Supported(code); got != want {
			t.Errorf("Supported(%q) = %q, want %q", code, got, want)
		}
	}
}

// A key without a text is shown as it is, and counted; a language without texts
// is read in Dutch, and counted as well.
func TestCatalogText(t *testing.T) {
	t.Parallel()
	c, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	c.Missing = func(lang, key string) { missing = append(missing, lang+" "+key) }
	for _, test := range []struct {
		lang, key string
		pairs     []any
		want      string
		missing   []string
	}{
		{"nl", "web.error.home", nil, "Naar de startpagina", nil},
		{"nl", "home.help.lead", []any{"Helpdesk", "loket"}, "Komt u er niet uit? Neem dan contact op met het loket.", nil},
		{"nl", "home.help.lead", []any{"Helpdesk", "loket", "odd"}, "Komt u er niet uit? Neem dan contact op met het loket.", nil},
		{"en", "no.such.key", nil, "no.such.key", []string{"en no.such.key"}},
		{"de", "web.error.home", nil, "Naar de startpagina", []string{"de web.error.home"}},
	} {
		missing = nil
		if got := c.Text(test.lang, test.key, test.pairs...); got != test.want || !slices.Equal(missing, test.missing) {
			t.Errorf("Text(%s, %s, %v) = %q with %q missing, want %q with %q", test.lang, test.key, test.pairs, got, missing, test.want, test.missing)
		}
	}
}
