package application_test

import (
	"slices"
	"testing"

	"omgevingsloket-id/pkg/application"
)

func TestCountries(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"nl", "en"} {
		list := application.Countries(lang)
		if len(list) != 250 { // the 249 of ISO 3166-1, and Kosovo
			t.Errorf("Countries(%q) has %d entries, want 250", lang, len(list))
		}
		names := map[string]bool{}
		for _, c := range list {
			if c.Name == "" || c.Name == c.Code || names[c.Name] || !application.IsCountry(c.Code) {
				t.Errorf("Countries(%q) has %+v, want a name of its own", lang, c)
			}
			names[c.Name] = true
		}
	}
	for code, want := range map[string][2]string{"DE": {"Duitsland", "Germany"}, "XK": {"Kosovo", "Kosovo"}, "CW": {"Curaçao", "Curaçao"}} {
		if nl, en := application.CountryName(code, "nl"), application.CountryName(code, "en"); nl != want[0] || en != want[1] {
			t.Errorf("CountryName(%q) = %q and %q, want %q", code, nl, en, want)
		}
	}
	for _, not := range []string{"", "de", "UK", "EU", "AN", "ZZ", "NLD"} {
		if application.IsCountry(not) {
			t.Errorf("IsCountry(%q) = true, want false", not)
		}
	}
	if got := application.Countries("de"); !slices.Equal(got, application.Countries("nl")) {
		t.Errorf("Countries(de) = %v, want those in Dutch", got)
	}
	if got := application.CountryName("ZZ", "en"); got != "ZZ" {
		t.Errorf("CountryName(ZZ) = %q, want ZZ", got)
	}
	// Åland comes before België, and Zweden before Zimbabwe.
	at := func(code string) int {
		return slices.IndexFunc(application.Countries("nl"), func(c application.Country) bool { return c.Code == code })
	}
	if at("AX") > at("BE") || at("ZW") < at("SE") && at("SE") < at("NL") {
		t.Error("Countries is not in order of name")
	}
}
