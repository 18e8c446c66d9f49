package templates_test

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"omgevingsloket-id/templates"
)

// droppedWords are words that people do not read, by language: another word stands for
// the same thing, or the words are no plain Dutch or English.
var droppedWords = map[string]map[string]string{
	"nl": {
		`(?i)referentienummer|kenmerk`:                                       "referentie",
		`(?i)\bnummer van (de|uw) aanvraag|aanvraagnummer`:                   "referentie van de aanvraag",
		`(?i)heropen|open ?maken|ontgrendel|deblokkade|vrijgeven`:            "deblokkeren; of, na het opzeggen, terugdraaien",
		`(?i)geheime sleutel|client secret`:                                  "words that people know",
		`(?i)vragen? nooit om [^.]*\bom een code\.`:                          "a code uit uw app of uit een e-mail: the helpdesk does ask for its own",
		`(?i)\b(token|client|issuer|scope|claim|enrol\w*|factor|sessie)s?\b`: "words that people know",
	},
	"en": {
		`(?i)reference number|application number`: "reference",
		`(?i)deblock`:                                          "unblock",
		`(?i)secret key|client secret`:                         "words that people know",
		`(?i)never ask for [^.]*\bfor a code\.`:                "a code from your app or from an email: the helpdesk does ask for its own",
		`\? Then\b|(?i:\bwas this (not )?you\?)`:               "If …, …",
		`(?i)do not have to\b`:                                 "do not need to",
		`(?i)\b(token|issuer|scope|claim|enrol\w*|factor)s?\b`: "words that people know",
	},
}

// words returns the files with the texts of a language: locales without keys and
// comments, and mails without actions.
func words(t *testing.T, lang string) map[string][]string {
	t.Helper()
	value, action := regexp.MustCompile(`^[\w.]+ = "(.*)"$`), regexp.MustCompile(`\{\{.*?\}\}`)
	found := map[string][]string{}
	for _, pattern := range []string{"locales/*." + lang + ".toml", "mail/*." + lang + ".txt"} {
		names, err := fs.Glob(templates.FS, pattern)
		if err != nil || len(names) < 10 {
			t.Fatalf("Glob(%s) = %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(templates.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				line = strings.TrimSpace(line)
				if path.Ext(name) == ".toml" {
					match := value.FindStringSubmatch(line)
					if match == nil {
						continue
					}
					line = match[1]
				}
				found[name] = append(found[name], action.ReplaceAllString(line, "…"))
			}
		}
	}
	return found
}

func TestZ11_OneWordForOneThing(t *testing.T) {
	t.Parallel()
	for lang, dropped := range droppedWords {
		all := words(t, lang)
		for pattern, instead := range dropped {
			re := regexp.MustCompile(pattern)
			for name, lines := range all {
				for _, line := range lines {
					if word := re.FindString(line); word != "" {
						t.Errorf("%s says %q, want %s, in: %s", name, word, instead, line)
					}
				}
			}
		}
	}
}

// A person from abroad has no BSN: a text that names it names the numbers of other
// countries too.
func TestZ11_NumbersOfOtherCountries(t *testing.T) {
	t.Parallel()
	for lang, other := range map[string]string{"nl": "nationaal identificatienummer", "en": "national identity number"} {
		named := 0
		for name, lines := range words(t, lang) {
			for _, line := range lines {
				if !strings.Contains(line, "BSN") {
					continue
				}
				named++
				if !strings.Contains(line, other) {
					t.Errorf("%s names the BSN and no %s: %s", name, other, line)
				}
			}
		}
		if named == 0 {
			t.Errorf("%s: no text names the BSN", lang)
		}
	}
}
