package application

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// countryCodes is ISO 3166-1 alpha-2, and XK for Kosovo, which has no code
// there.
const countryCodes = `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG
GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ
LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR
NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ
TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW`

// Country is an entry of a list of countries.
type Country struct{ Code, Name string }

// countryNames holds the names, by language, that changed after CLDR 32, which
// x/text carries.
var countryNames = map[string]map[string]string{
	"nl": {"MK": "Noord-Macedonië", "SZ": "Eswatini"},
	"en": {"MK": "North Macedonia", "SZ": "Eswatini", "TR": "Türkiye"},
}

// countryLists returns the lists by language, in order of name.
var countryLists = sync.OnceValue(func() map[string][]Country {
	lists := map[string][]Country{}
	for lang, newer := range countryNames {
		names := display.Regions(language.MustParse(lang))
		for code := range strings.FieldsSeq(countryCodes) {
			name := cmp.Or(newer[code], names.Name(language.MustParseRegion(code)))
			lists[lang] = append(lists[lang], Country{code, name})
		}
		slices.SortFunc(lists[lang], func(a, b Country) int { return strings.Compare(plainLetters(a.Name), plainLetters(b.Name)) })
	}
	return lists
})

// plainLetters returns a name without case and accents, so that Åland sorts
// under A.
func plainLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// Countries returns all countries with their names in a language ("nl" or
// "en"; Dutch for any other), in order of name. The caller must not modify the
// slice.
func Countries(lang string) []Country {
	if list, ok := countryLists()[lang]; ok {
		return list
	}
	return countryLists()["nl"]
}

// CountryName returns the name of a country in a language, or code if it is
// unknown.
func CountryName(code, lang string) string {
	for _, c := range Countries(lang) {
		if c.Code == code {
			return c.Name
		}
	}
	return code
}

// IsCountry reports whether code is in the list.
func IsCountry(code string) bool {
	return slices.ContainsFunc(Countries("nl"), func(c Country) bool { return c.Code == code })
}
