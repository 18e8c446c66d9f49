package letter

import (
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/review"
)

// Kinds of mails about terms.
const (
	KindAnswerReminder = "answer-reminder"
	KindUnanswered     = "unanswered"
	KindStaffUrgent    = "staff-urgent"
)

var _ review.DeadlineLetters = (*Writer)(nil)

// AnswerReminder repeats an official's question and until when it can be
// answered; behind that it is worth nothing.
func (w *Writer) AnswerReminder(a application.Application, question string, now time.Time) mail.Message {
	e := toApplicant(a, now, map[string]string{"Words": question, "AnswerBy": application.LastDay(a.AnswerBy)})
	e.Expires = a.AnswerBy
	return w.write(KindAnswerReminder, a.Email, e)
}

// Unanswered tells that an application is not looked at any further, because
// no answer came in time (Awb 4:5), how to apply again and how to object.
func (w *Writer) Unanswered(a application.Application, now time.Time) mail.Message {
	return w.write(KindUnanswered, a.Email, toApplicant(a, now, nil))
}

// mostListed is how many reference numbers one list in a mail has.
const mostListed = 20

// urgent is what Urgent is about.
type urgent struct {
	review.Urgency
	Count, Days        int
	MineMore, FreeMore int // how many are not listed
}

// Urgent tells an official which applications are urgent, by their numbers
// alone: mail is not a place for what they say.
func (w *Writer) Urgent(o review.Official, u review.Urgency, now time.Time) mail.Message {
	about := urgent{Urgency: u, Count: len(u.Mine) + len(u.Free), Days: review.UrgentDays}
	about.Mine, about.MineMore = firstOf(u.Mine)
	about.Free, about.FreeMore = firstOf(u.Free)
	return w.write(KindStaffUrgent, o.Email, envelope{Lang: o.Lang, At: now, Expires: now.Add(24 * time.Hour), Letter: about})
}

func firstOf(list []string) (some []string, more int) {
	n := min(len(list), mostListed)
	return list[:n], len(list) - n
}
