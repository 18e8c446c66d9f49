package letter

import (
	"strings"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
)

// Kinds of mails about decisions.
const (
	KindApproved   = "approved"
	KindRejected   = "rejected"
	KindMoreAsked  = "more-asked"
	KindWithdrawn  = "withdrawn"
	KindStatusCode = "status-code"
)

var _ review.Letters = (*Writer)(nil)

// StatusURL returns the URL of the page with the status of an application.
func (w *Writer) StatusURL() string { return w.Issuer + "/apply/status" }

// FindURL returns the URL of the page that finds an application by its reference.
func (w *Writer) FindURL() string { return w.Issuer + "/apply/status/find" }

// Approved returns the mail about an approval, with how to log in for the first
// time.
func (w *Writer) Approved(a application.Application, now time.Time) mail.Message {
	return w.aboutApplication(KindApproved, a, toApplicant(a, now, nil))
}

// Rejected returns the mail about a rejection: the reason (one of
// review.Reasons), the official's own words, which may be "", and how to
// object. A decision can be contested within six weeks (Awb 6:7, 6:4) and has
// to say so (Awb 3:45).
func (w *Writer) Rejected(a application.Application, reason, words string, now time.Time) mail.Message {
	return w.aboutApplication(KindRejected, a, toApplicant(a, now, map[string]string{"Reason": reason, "Words": words}))
}

// MoreAsked returns the mail with an official's question (Awb 4:5).
func (w *Writer) MoreAsked(a application.Application, question string, now time.Time) mail.Message {
	return w.aboutApplication(KindMoreAsked, a, toApplicant(a, now, map[string]string{"Words": question, "AnswerBy": application.LastDay(application.AnswerBy(now))}))
}

// Withdrawn returns the mail that confirms a withdrawal.
func (w *Writer) Withdrawn(a application.Application, now time.Time) mail.Message {
	return w.aboutApplication(KindWithdrawn, a, toApplicant(a, now, nil))
}

// StatusCode returns the mail with the code for the status page. It expires
// with the code.
func (w *Writer) StatusCode(a application.Application, code secret.Text, now time.Time) mail.Message {
	e := toApplicant(a, now, map[string]string{"Code": code.Reveal()})
	e.Expires = now.Add(intake.CodeLifetime)
	return w.write(KindStatusCode, a.Email, e)
}

func toApplicant(a application.Application, now time.Time, more map[string]string) envelope {
	about := map[string]string{"Reference": a.Reference}
	for name, value := range more {
		about[name] = value
	}
	return envelope{Lang: a.Lang, Name: greeting(knownAs(a)), At: now, Letter: about}
}

// quoted returns typed text with each line cleaned, wrapped and indented as a
// mail.Quote, and at most one empty line in a row.
func quoted(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		line = oneLine(line)
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		if line == "" {
			out = append(out, "")
			continue
		}
		for _, part := range mail.Wrap(line, "") {
			out = append(out, "   "+part)
		}
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n ")
}
