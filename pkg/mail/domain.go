package mail

import (
	"strings"

	"golang.org/x/net/idna"

	"omgevingsloket-id/pkg/typed"
)

// CanonicalDomain returns the domain of canonical addresses: folded, in
// lower case, an IDN in punycode. It returns ErrAddress for what cannot be the
// domain of an address.
func CanonicalDomain(s string) (string, error) {
	domain, err := canonicalDomain(strings.ToLower(lookAlikes.Replace(typed.Line(s))))
	if err != nil {
		return "", ErrAddress
	}
	return domain, nil
}

// names maps as idna.Lookup does, but accepts hyphens in the third and fourth place:
// "my--shop" is a name like others for DNS (RFC 1123 §2.1), and some are in use.
var names = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckHyphens(false))

func canonicalDomain(domain string) (string, error) {
	ascii, err := names.ToASCII(strings.TrimSuffix(domain, "."))
	if err != nil {
		return "", err
	}
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 || len(ascii) > 253 {
		return "", ErrAddress
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return "", ErrAddress
		}
		for _, r := range l {
			if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-') {
				return "", ErrAddress
			}
		}
	}
	if tld := labels[len(labels)-1]; strings.Trim(tld, "0123456789") == "" {
		return "", ErrAddress
	}
	return ascii, nil
}
