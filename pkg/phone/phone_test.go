package phone_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"omgevingsloket-id/pkg/phone"
)

// Y1, Y12: numbers as people type and paste them.
func TestY1_Y12_Parse(t *testing.T) {
	t.Parallel()
	for typing, want := range map[string]string{
		"\u202a+32 470 12 34 56\u202c": "+32470123456", "\u202d+32\u00a0470\u00a012\u00a034\u00a056\u202c": "+32470123456", "＋３２ ４７０ １２３４５６": "+32470123456",
		"+٣٢ ٤٧٠ ١٢٣٤٥٦": "+32470123456", "+32\u2013470\u2011123456": "+32470123456", "+32ー470ー123456": "+32470123456", "0032470123456": "+32470123456",
		"+39 (0)6 1234 5678": "+390612345678", "+39 06 1234 5678": "+390612345678", "+390612345678": "+390612345678", "+39 (0) 347 1234567": "+393471234567",
		"+31 (0)20 1234567": "+31201234567", "+31 020 1234567": "+31201234567", "0031 (0)20 1234567": "+31201234567", "+49 (0) 30 1234567": "+49301234567", "+41 (0) 44 668 18 00": "+41446681800",
		"+44 (0)20 7946 0958": "+442079460958", "+7 (8) 495 1234567": "+74951234567", "+36 (06) 1 234 5678": "+3612345678", "+1 (202) 555-0100": "+12025550100",
		"+49.30/123-45 67": "+49301234567", "tel:+31-20-1234567": "+31201234567", "+883 510012345": "+883510012345",
		"+31 20 123 4567 ext 12": "+31201234567;ext=12", "+31 20 1234567;ext=12": "+31201234567;ext=12", "+31 20 1234567 x12": "+31201234567;ext=12", "+31 20 1234567 tst. 12": "+31201234567;ext=12",
		"+31 20 1234567 toestel 12": "+31201234567;ext=12", "+31 20 1234567, ext. 012": "+31201234567;ext=012", "+31 20 1234567 (ext. 12)": "+31201234567;ext=12", "+31 20 1234567 #12": "+31201234567;ext=12",
		"[+32] 470 12 34 56": "+32470123456", "{0032} 470/12.34.56": "+32470123456", "+31 [0] 6 12345678": "+31612345678", "+32_470_12_34_56": "+32470123456", "\u279532\u00b7470\u30fb123456": "+32470123456",
		"+৩২ ৪৭০ ১২ ৩৪ ৫৬": "+32470123456", "+३२ ४७० १२ ३४ ५६": "+32470123456", "\u2067+32\u2212470\u2212123456\u2069": "+32470123456", "+54 (0)11 15 2345 6789": "+5491123456789", "+375 (8) 029 123 45 67": "+375291234567",
		"+800 1234 5678": "+80012345678", "+881 6 1234 5678": "+881612345678", "+870 773 123 456": "+870773123456",
		"+31 20 1234567 ext12": "+31201234567;ext=12", "+31 20 1234567ext.12": "+31201234567;ext=12", "+31 20 1234567 EXT: １２": "+31201234567;ext=12", "+31 20 1234567 \u00d712": "+31201234567;ext=12", "+31 20 1234567,,12": "+31201234567;ext=12",
		"+31 20 1234567 extensión 12": "+31201234567;ext=12", "+31 20 1234567 доб. 12": "+31201234567;ext=12", "+31 20 1234567 doorkiesnummer 12": "+31201234567;ext=12", "+31 20 1234567 interno 12": "+31201234567;ext=12",
		"+31 20 1234567 fax 12": "", "+31 20 1234567 tekst 12": "", "+31 20 1234567 of 68": "", "+31 20 1234567 / 68": "",
		"Tel.: +32 470 12 34 56": "+32470123456", "GSM 0032 470 12 34 56.": "+32470123456", "(+32) 470 12 34 56": "+32470123456", "+32 470 12 34 56 (mobiel)": "+32470123456",
		"+999 123456789": "", "+39 6 1234 5678": "", "+31 20 12345": "", "+1234567890123456": "", "0612345678": "", "+31+20 1234567": "", "bel mij": "", "": "", "+": "", "+49": "", "00": "", "+0123456789": "",
		"+31 20 1234567 of +31 20 7654321": "", "ext 12": "", "x12": "",
	} {
		n, ok := phone.Parse(typing)
		if ok != (want != "") || ok && n.String() != want {
			t.Errorf("Parse(%q) = %s, %t, want %q", typing, n, ok, want)
		}
		if again, ok := phone.Parse(n.String()); want != "" && (!ok || again != n) {
			t.Errorf("Parse(%s) = %s, %t, want the same", n, again, ok)
		}
	}
}

// Y12: the numbers that the library has as examples exist, and not with a digit
// more or less than it says.
func TestY12_Library(t *testing.T) {
	t.Parallel()
	regions := slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions()))
	for _, region := range regions {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			e164 := phonenumbers.Format(example, phonenumbers.E164)
			for _, text := range []string{e164, phonenumbers.Format(example, phonenumbers.INTERNATIONAL), e164 + "1", e164[:len(e164)-1], e164[:3] + "0" + e164[3:]} {
				n, ok := phone.Parse(text)
				parsed, err := phonenumbers.Parse(text, "ZZ")
				if want := err == nil && phonenumbers.IsValidNumber(parsed); ok != want || ok && n.String() != phonenumbers.Format(parsed, phonenumbers.E164) {
					t.Errorf("%s: Parse(%q) = %s, %t, want %v, %t", region, text, n, ok, parsed, want)
				}
			}
		}
	}
}

func TestY12_Digits(t *testing.T) {
	t.Parallel()
	for typing, want := range map[string]string{"+31 (0)20 1234567 ext 12": "310201234567", "٠٢٠ ١٢٣": "020123", "+31201234567;ext=12": "31201234567", "geen": ""} {
		if got := phone.Digits(typing); got != want {
			t.Errorf("Digits(%q) = %q, want %q", typing, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"+39 (0)6 1234 5678", "+31 20 123 4567 ext 12", "＋３２ ４７０", "+999", "00", "+54 9 11 1234 5678;ext=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := phone.Parse(s)
		if !ok {
			return
		}
		if again, ok := phone.Parse(n.String()); !ok || again != n || strings.Trim(n.String(), "+0123456789;ext=") != "" {
			t.Errorf("Parse(%q) = %s, which is read as %s, %t", s, n, again, ok)
		}
	})
}
