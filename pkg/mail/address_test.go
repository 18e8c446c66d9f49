package mail_test

import (
	"strings"
	"testing"

	"omgevingsloket-id/pkg/mail"
)

// Y3, Y11: an address is the same however it is typed, and hyphens may stand
// anywhere in a name.
func TestY3_Y11_CanonicalAddress(t *testing.T) {
	t.Parallel()
	for typing, want := range map[string]string{
		"Jan@Example.ORG": "jan@example.org", "ｊａｎ＠ｅｘａｍｐｌｅ．ｏｒｇ": "jan@example.org", "\u202ajan@example.org\u202c": "jan@example.org", "jan@example.org\u200b": "jan@example.org",
		"\ufeffjan@example.org\r\n": "jan@example.org", "jan\u2060@example。org": "jan@example.org", "jan\u3002jansen@example\uff0eorg": "jan.jansen@example.org", "jan\ufe6bexample\uff61org": "jan@example.org",
		"JO@B\u00dcCHER.EXAMPLE": "jo@xn--bcher-kva.example", "jo@XN--BCHER-KVA.EXAMPLE": "jo@xn--bcher-kva.example", "jan@\u041f\u0420\u0418\u041c\u0415\u0420.\u0420\u0424": "jan@xn--e1afmkfd.xn--p1ai",
		"a@b\u00fc--cher.example": "a@xn--b--cher-n2a.example", "a@12--34.example": "a@12--34.example", "a@xn--zca.example": "a@xn--zca.example", "jan\u2010jansen@example.org": "jan-jansen@example.org", "o\u2019brien@example.org": "o'brien@example.org",
		"jan１２@example.org": "jan12@example.org", "\u00a0jan@example.org\u3000": "jan@example.org", "anna.\u212a@example.com": "anna.k@example.com", "jan@exam\u00adple.org": "jan@example.org",
		"a@my--shop.example": "a@my--shop.example", "a@r3---sn.example": "a@r3---sn.example", "a@ab--cd.example": "a@ab--cd.example", "jo@Bücher.example": "jo@xn--bcher-kva.example",
		"jo@xn--bcher-kva.example.": "jo@xn--bcher-kva.example",
		"":                          "", "jan": "", "jan@": "", "jan @example.org": "", "jan@exam ple.org": "", "jan@-shop.example": "", "jan@shop-.example": "", "jan@example": "", "jö@example.org": "",
		"jan@example.org, piet@example.org": "", "<jan@example.org>": "", "jan@\u202eexample.org": "", "annaı@example.org": "", "a@xn--a.example": "", "jan@example.123": "",
		strings.Repeat("x", 65) + "@example.org": "",
	} {
		got, err := mail.CanonicalAddress(typing)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("CanonicalAddress(%q) = %q, %v, want %q", typing, got, err, want)
		}
		if again, err := mail.CanonicalAddress(got); want != "" && (again != got || err != nil) {
			t.Errorf("CanonicalAddress(%q) = %q, %v, want the same", got, again, err)
		}
	}
	if domain, err := mail.CanonicalDomain("\u202aMy--Shop。example\u202c"); domain != "my--shop.example" || err != nil {
		t.Errorf("CanonicalDomain() = %q, %v", domain, err)
	}
}
