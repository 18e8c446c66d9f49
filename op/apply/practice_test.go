package apply_test

import (
	"regexp"
	"strings"
	"testing"
)

// ofProduction is what people show, and promise, only where officials decide.
var ofProduction = regexp.MustCompile(`(?i)paspoort|identiteitskaart|zoals in het register|naar waarheid|mag niet ouder zijn|PDF, JPEG|` +
	`passport or|identity card\.|as in the register|are true|more than 3 months|burgerservicenummer|BSN`)

// ofPractice is what only practice says on a page, by language.
var ofPractice = map[string]map[string]string{
	"nl": {"/apply": "oefenomgeving. Uw aanvraag", "/apply/person": "Verzin een", "/apply/company": "Verzin een", "/apply/address": "Verzin een"},
	"en": {"/apply": "practice environment. We", "/apply/person": "Make up a", "/apply/company": "Make up a", "/apply/address": "Make up a"},
}

// Z5: on practice no page asks for data as in a passport, and none promises a check
// that is not made. In production they do.
func TestZ5_PracticeSpeaksOfPractice(t *testing.T) {
	t.Parallel()
	for _, environment := range []string{"practice", "production"} {
		for _, kind := range []string{"burger", "bedrijf"} {
			for _, lang := range []string{"nl", "en"} {
				s := newIn(t, environment)
				v := s.visitor()
				v.fill(kind, "jo@example.com", "/apply/check")
				v.Lang = lang
				found := 0
				for _, path := range []string{"/apply", "/apply/person", "/apply/company", "/apply/address", "/apply/document", "/apply/check", "/terms"} {
					if kind == "burger" && path == "/apply/company" {
						continue
					}
					body := v.get(path).Is(200).Body
					word := ofProduction.FindString(strings.ReplaceAll(body, "paspoort.pdf", ""))
					if word != "" {
						found++
					}
					if environment == "practice" && word != "" {
						t.Errorf("%s, %s, %s: says %q", path, kind, lang, word)
					}
					if own := ofPractice[lang][path]; own != "" && strings.Contains(body, own) != (environment == "practice") {
						t.Errorf("%s, %s, %s, %s: says %q: %v", environment, path, kind, lang, own, environment != "practice")
					}
				}
				if environment == "production" && found < 3 {
					t.Errorf("production, %s, %s: %d pages speak of documents, want at least 3", kind, lang, found)
				}
			}
		}
	}
}

// Z5: what the page says of a document is what is accepted.
func TestZ5_DocumentTextIsTrue(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	v.get("/apply/document").Has("Elk bestand van hoogstens 10 MB", "ook een leeg bestand").Without("accept=")
	v.upload("leeg.txt", nil).Leads("/apply/check")
	p := newProduction(t)
	v = p.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	v.get("/apply/document").Has("PDF, JPEG of PNG van hoogstens 10 MB", `accept="application/pdf,image/jpeg,image/png"`)
	v.upload("leeg.txt", []byte("text")).Wrong("document")
}
