package letter_test

import (
	"slices"
	"strings"
	"testing"
)

// said returns a mail's text on one line.
func said(text string) string { return strings.Join(strings.Fields(text), " ") }

// Z2: every mail warns against what no official asks for. The code that the helpdesk
// does ask for is explained in the mail about a block.
func TestZ2_WarningIsTrue(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]struct{ warning, code string }{
		"nl": {"Onze medewerkers vragen nooit om uw wachtwoord of om een code uit uw app of uit een e-mail.", "vraagt om uw code voor de helpdesk. Die code van 8 cijfers ziet u als u inlogt met uw e-mailadres en wachtwoord."},
		"en": {"Our staff will never ask for your password, or for a code from your app or from an email.", "ask for your code for the helpdesk. You see this 8-digit code when you log in with your email address and password."},
	} {
		blocked := 0
		for _, m := range everyMail(writer(t, false), lang) {
			text := said(m.Text.Reveal())
			if !strings.Contains(text, want.warning) {
				t.Errorf("%s.%s lacks the warning", m.Kind, lang)
			}
			if m.Kind == "account-blocked" {
				blocked++
				if !strings.Contains(text, want.code) {
					t.Errorf("%s.%s lacks the code for the helpdesk:\n%s", m.Kind, lang, text)
				}
			}
		}
		if blocked == 0 {
			t.Errorf("%s: no mail about a block", lang)
		}
	}
}

// Z3: a receipt of an application that waits leads to its status.
func TestZ3_ReceiptLeadsToTheStatus(t *testing.T) {
	t.Parallel()
	const link = "\n    https://id.example/apply/status/find\n"
	for _, lang := range []string{"nl", "en"} {
		w, holder := writer(t, false), person(lang)
		if text := w.Receipt(burger(lang), nil, documents, now).Text.Reveal(); !strings.Contains(text, link) {
			t.Errorf("%s: no link to the status in\n%s", lang, text)
		}
		if text := w.Receipt(burger(lang), &holder, documents, now).Text.Reveal(); strings.Contains(text, link) {
			t.Errorf("%s: an approved application has a link to its status", lang)
		}
	}
}

// Z11: a mail names a reference by one word, whatever it is of.
func TestZ11_OneWordForReferences(t *testing.T) {
	t.Parallel()
	for lang, dropped := range map[string][]string{"nl": {"kenmerk", "nummer van uw aanvraag", "referentienummer"}, "en": {"reference number", "number of your application"}} {
		for _, m := range everyMail(writer(t, false), lang) {
			text := strings.ToLower(said(m.Text.Reveal()))
			if i := slices.IndexFunc(dropped, func(word string) bool { return strings.Contains(text, word) }); i >= 0 {
				t.Errorf("%s.%s says %q", m.Kind, lang, dropped[i])
			}
		}
	}
}
