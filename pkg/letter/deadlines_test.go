package letter_test

import (
	"strings"
	"testing"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/review"
)

// The mails about a question, its reminder and its expiry have the deadline,
// the consequence, how to answer or apply again, and how to object.
func TestLetterDeadlines(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]struct{ answer, reminder, ended []string }{
		"nl": {[]string{"uiterlijk op 29 maart 2026", "stopt uw aanvraag"},
			[]string{"Wie is evil?", "uiterlijk op 29 maart 2026", "https://id.example/apply/status", "OLID-K7QD-2MXA"},
			[]string{"niet op tijd antwoord", "https://id.example/apply ", "bezwaar maken", "binnen 6 weken", "OLID-K7QD-2MXA"}},
		"en": {[]string{"by 29 March 2026", "we will stop your application"},
			[]string{"Wie is evil?", "by 29 March 2026", "https://id.example/apply/status", "OLID-K7QD-2MXA"},
			[]string{"did not get an answer in time", "https://id.example/apply ", "object to this decision", "within 6 weeks", "OLID-K7QD-2MXA"}},
	} {
		w, a := writer(t, false), burger(lang)
		a.AskedAt, a.AnswerBy = now, application.AnswerBy(now)
		reminder, ended := w.AnswerReminder(a, questions, now), w.Unanswered(a, now)
		for text, parts := range map[string][]string{
			w.MoreAsked(a, questions, now).Text.Reveal(): want.answer, reminder.Text.Reveal(): want.reminder, ended.Text.Reveal(): want.ended,
		} {
			for _, part := range parts {
				if text := strings.Join(strings.Fields(text), " "); !strings.Contains(text, part) {
					t.Errorf("%s: the mail lacks %q\n%s", lang, part, text)
				}
			}
		}
		if !reminder.Expires.Equal(a.AnswerBy) || !ended.Expires.IsZero() {
			t.Errorf("the reminder expires %v and the end %v, want %v and never", reminder.Expires, ended.Expires, a.AnswerBy)
		}
	}
}

// The mail about urgent cases holds references only.
func TestLetterUrgent(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][]string{
		"nl": {"27 aanvragen hebben haast", "binnen 14 dagen", "Eén daarvan is\nal te laat", "Van u\n-----\n  OLID-1\n  OLID-2\n", "Nog van niemand\n---------------\n", "en nog 5\n", "\n    https://beheer.example/console\n"},
		"en": {"27 applications are urgent", "within 14 days", "One of them is\noverdue", "Yours\n-----\n  OLID-1\n  OLID-2\n", "Not taken yet\n-------------\n", "and 5 more\n", "\n    https://beheer.example/console\n"},
	} {
		o := review.Official{ID: "m1", Email: "jo@example.com", Lang: lang}
		m := writer(t, false).Urgent(o, review.Urgency{Mine: []string{"OLID-1", "OLID-2"}, Free: many, Late: 1}, now)
		for _, part := range want {
			if text := m.Subject + "\n" + m.Text.Reveal(); !strings.Contains(text, part) {
				t.Errorf("%s: the mail lacks %q\n%s", lang, part, text)
			}
		}
		if n := strings.Count(m.Text.Reveal(), "OLID-MANY"); n != 20 {
			t.Errorf("the mail lists %d references, want 20", n)
		}
	}
}
