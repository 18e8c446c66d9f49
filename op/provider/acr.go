package provider

// levels ranks the assurance levels that are known here. A scheme that was
// notified counts for more than one that was not, whatever its level.
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

// meets tells whether our level answers one of the wanted ones; none wanted
// is always met. essential: an unknown value is not passed over.
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
