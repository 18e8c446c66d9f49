package letter

import (
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/review"
)

// Kinds of mails about deadlines.
const (
	KindAnswerReminder = "answer-reminder"
	KindUnanswered     = "unanswered"
	KindStaffUrgent    = "staff-urgent"
)

var _ review.DeadlineLetters = (*Writer)(nil)

// AnswerReminder returns the mail that repeats an official's question with its
// deadline, and expires then.
func (w *Writer) AnswerReminder(a application.Application, question string, now time.Time) mail.Message {
	e := toApplicant(a, now, map[string]string{"Words": question, "AnswerBy": application.LastDay(a.AnswerBy)})
	e.Expires = a.AnswerBy
	return w.aboutApplication(KindAnswerReminder, a, e)
}

// Unanswered returns the mail that an application expired because no answer
// came in time (Awb 4:5), with how to apply again and how to object.
func (w *Writer) Unanswered(a application.Application, now time.Time) mail.Message {
	return w.aboutApplication(KindUnanswered, a, toApplicant(a, now, nil))
}

// mostListed is the most references in a list of a mail.
const mostListed = 20

// urgent is the data of Urgent.
type urgent struct {
	review.Urgency
	Count, Days        int
	MineMore, FreeMore int // how many are not listed
}

// Urgent returns the mail to an official about urgent cases. It holds only
// their references, because mail is not confidential.
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
