package birthdate_test

import (
	"strings"
	"testing"

	"omgevingsloket-id/pkg/birthdate"
)

// Y4, Y8, Y9: what people type in three fields.
func TestY4_Y8_Y9_Parts(t *testing.T) {
	t.Parallel()
	for typing, want := range map[string]string{
		"31/3/1980": "1980-03-31", "01/02/1990": "1990-02-01", "29/2/1992": "1992-02-29", "１７/５/１９８０": "1980-05-17", "٣١/٣/١٩٨٠": "1980-03-31",
		"\u200e31\u200f/ 3\u00a0/\u202a1980\u202c": "1980-03-31", "1./5./1980.": "1980-05-01", "1e/mei/1980": "1980-05-01", "1st/May/1980": "1980-05-01",
		"00/00/1980": "1980-00-00", "0/0/1980": "1980-00-00", "//1980": "1980-00-00", "XX/xx/1980": "1980-00-00", "--/--/1980": "1980-00-00",
		"??/??/1980": "1980-00-00", "<</<</1980": "1980-00-00", "**/**/1980": "1980-00-00", "onbekend/unknown/1980": "1980-00-00",
		"00/05/1980": "1980-05-00", "0/mei/1980": "1980-05-00", "-/5/1980": "1980-05-00", "００/００/１９８０": "1980-00-00",
		"17/mei/1980": "1980-05-17", "17/MEI/1980": "1980-05-17", "17/mrt./1980": "1980-03-17", "17/maa/1980": "1980-03-17", "17/Mar/1980": "1980-03-17",
		"17/Sept./1980": "1980-09-17", "17/okt/1980": "1980-10-17", "17/Ｏｃｔ/1980": "1980-10-17", "17/febr/1980": "1980-02-17",
		"17-05-1980//": "1980-05-17", "17 mei 1980//": "1980-05-17", "1980//": "1980-00-00",
		"/00/1980": "1980-00-00", "/XX/1980": "1980-00-00", "१७/५/१९८०": "1980-05-17", "17,/mei,/1980": "1980-05-17", "(17)/[5]/(1980)": "1980-05-17",
		"": "missing", " /\u200b/": "missing", "./,/": "missing", "/5/1980": "incomplete", "17//1980": "incomplete", "17/5/": "incomplete", "17//": "incomplete",
		"17/5/80": "year", "17/5/980": "year", "17/5/19800": "year", "17/5/abcd": "year", "17/5/0980": "year", "17/5/+198": "year",
		"31/2/1990": "not_real", "29/2/1990": "not_real", "1/13/1990": "not_real", "32/1/1990": "not_real", "17/00/1980": "not_real", "1/1/1899": "not_real",
		"-1/1/1990": "not_real", "+1/1/1990": "not_real", "1/ma/1990": "not_real", "1/ju/1990": "not_real", "1/mmm/1990": "not_real", "001/1/1990": "not_real", "een/1/1990": "not_real",
	} {
		parts := append(strings.Split(typing, "/"), "", "")
		d, fault := birthdate.Parts(parts[0], parts[1], parts[2])
		got := string(fault)
		if fault == "" {
			got = d.String()
		}
		if got != want {
			t.Errorf("Parts(%q) = %s, want %s", typing, got, want)
		}
	}
}

// Y9: months as passports print them and as people shorten them, in each language.
func TestY9_Months(t *testing.T) {
	t.Parallel()
	for typing, want := range map[string]string{
		"MEI/MAY": "1980-05-17", "maa / mar.": "1980-03-17", "OKT/OCT": "1980-10-17", "MAI/MAY": "1980-05-17", "AO\u00dbT/AUG": "1980-08-17",
		"MAART": "1980-03-17", "mrt": "1980-03-17", "M\u200bRT.": "1980-03-17", "SEPT": "1980-09-17", "sep.": "1980-09-17", "FEBR.": "1980-02-17",
		"MAR/NOV": "not_real", "mei/juni": "not_real", "5/mei": "not_real", "mei/": "1980-05-17", "mai/ma": "not_real", "mei/5": "not_real", "maandag": "not_real", "m e i": "not_real",
	} {
		d, fault := birthdate.Parts("17", typing, "1980")
		got := string(fault)
		if fault == "" {
			got = d.String()
		}
		if got != want {
			t.Errorf("Parts(17, %q, 1980) = %s, want %s", typing, got, want)
		}
	}
	short := map[string]string{
		"nl": "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
		"en": "Jan. Feb. Mar. Apr. May Jun. Jul. Aug. Sep. Oct. Nov. Dec.",
	}
	for lang, list := range short {
		for i, s := range strings.Fields(list) {
			for _, typing := range []string{s, strings.TrimRight(s, "."), strings.ToUpper(s), strings.ToLower(s), birthdate.Month(i+1, lang), strings.ToUpper(birthdate.Month(i+1, lang))} {
				if d, fault := birthdate.Parts("1", typing, "1980"); fault != "" || d != (birthdate.Date{Year: 1980, Month: i + 1, Day: 1}) {
					t.Errorf("Parts(1, %q, 1980) = %s, %s, want month %d", typing, d, fault, i+1)
				}
			}
		}
	}
}

// Y8, Y9: what is typed in one field.
func TestY8_Y9_Typed(t *testing.T) {
	t.Parallel()
	for typing, want := range map[string]string{
		"1980-02-03": "1980-02-03", "03-02-1980": "1980-02-03", "3.2.1980": "1980-02-03", " 3/2/1980 ": "1980-02-03", "3 2 1980": "1980-02-03", "3. 2. 1980.": "1980-02-03",
		"3 februari 1980": "1980-02-03", "3 feb. 1980": "1980-02-03", "3feb1980": "1980-02-03", "February 3, 1980": "1980-02-03", "3rd of February 1980": "1980-02-03",
		"19800203": "1980-02-03", "03021980": "1980-02-03", "20021980": "1980-02-20", "1980/2/3": "1980-02-03", "３／２／１９８０": "1980-02-03", "3\u20132\u20131980": "1980-02-03",
		"1980": "1980-00-00", "00-00-1980": "1980-00-00", "1980-00-00": "1980-00-00", "XX-XX-1980": "1980-00-00", "00/05/1980": "1980-05-00", "mei 1980": "1980-05-00", "5-1980": "1980-05-00", "??-??-1980": "1980-00-00",
		"17 MEI/MAY 1980": "1980-05-17", "17 mrt/mar 1980": "1980-03-17", "17 mei juni 1980": "", "17 mei 1980 mei": "",
		"": "", "3-2": "", "3-2-80": "", "1980-03": "1980-03-00", "nonsense": "", "1 2 3 1980": "", "31-02-1980": "", "99999999": "", "198": "",
	} {
		d, ok := birthdate.Typed(typing)
		if ok != (want != "") || ok && d.String() != want {
			t.Errorf("Typed(%q) = %s, %t, want %q", typing, d, ok, want)
		}
	}
}

func TestY8_Date(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]struct{ claim, nl, en, last string }{
		"1980-05-17": {"1980-05-17", "17 mei 1980", "17 May 1980", "1980-05-17"},
		"1980-02-00": {"1980", "februari 1980 (dag onbekend)", "February 1980 (day not known)", "1980-02-29"},
		"1980-00-00": {"1980", "1980 (dag en maand onbekend)", "1980 (day and month not known)", "1980-12-31"},
	} {
		d, ok := birthdate.Parse(stored)
		if !ok || d.String() != stored || d.Claim() != want.claim || d.Written("nl") != want.nl || d.Written("en") != want.en || d.Last().Format("2006-01-02") != want.last {
			t.Errorf("Parse(%s) = %s, %t: claim %s, %q, %q, last %s", stored, d, ok, d.Claim(), d.Written("nl"), d.Written("en"), d.Last())
		}
	}
	for _, stored := range []string{"", "1980", "1980-5-17", "1980-00-17", "1980-13-01", "1980-02-30", "198a-01-01", "+980-01-01", "1980-05-17 ", "1980/05/17"} {
		if d, ok := birthdate.Parse(stored); ok {
			t.Errorf("Parse(%q) = %s, true", stored, d)
		}
	}
}

func FuzzTyped(f *testing.F) {
	for _, seed := range []string{"17-05-1980", "00-00-1980", "mei 1980", "February 3, 1980", "19800203", "1e mei 1980", "XX/XX/1980", "\u202a１７.５.１９８０\u202c", "1980"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := birthdate.Typed(s)
		if !ok {
			return
		}
		if again, ok := birthdate.Parse(d.String()); !ok || again != d {
			t.Errorf("Typed(%q) = %s, which is stored as another date", s, d)
		}
		for _, lang := range []string{"nl", "en"} {
			written, _, _ := strings.Cut(d.Written(lang), " (")
			if again, ok := birthdate.Typed(written); !ok || again != d {
				t.Errorf("Typed(%q) = %s, written as %q and read as %s", s, d, written, again)
			}
		}
	})
}
