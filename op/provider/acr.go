package provider

// levels ranks the known levels of assurance; notified schemes rank above others
// of the same level.
var levels = map[string]int{
	"http://eidas.europa.eu/NotNotified/LoA/low":         1,
	"urn:etoegang:core:assurance-class:loa1":             1,
	"http://eidas.europa.eu/LoA/low":                     2,
	"urn:etoegang:core:assurance-class:loa2":             2,
	"urn:etoegang:core:assurance-class:loa2plus":         2,
	"http://eidas.europa.eu/NotNotified/LoA/substantial": 3,
	"urn:etoegang:core:assurance-class:loa3":             4,
	"http://eidas.europa.eu/LoA/substantial":             4,
	"http://eidas.europa.eu/NotNotified/LoA/high":        5,
	"urn:etoegang:core:assurance-class:loa4":             6,
	"http://eidas.europa.eu/LoA/high":                    6,
}

// meets reports whether our level satisfies one of the wanted ones, or none is
// wanted. Unknown values are ignored if the policy allows that, unless essential.
func (p Policy) meets(wanted []string, essential bool) bool {
	if len(wanted) == 0 {
		return true
	}
	unknown := false
	for _, w := range wanted {
		rank, known := levels[w]
		if w == p.ACR || known && rank <= levels[p.ACR] {
			return true
		}
		unknown = unknown || !known
	}
	return unknown && p.UnknownACR && !essential
}
