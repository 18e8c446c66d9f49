package application

import (
	"time"
	_ "time/tzdata" // days are Dutch days, on machines without a time zone database too
)

// The terms, in days: each runs until the end of its last day in the
// Netherlands.
const (
	// DecisionDays is within how many days an applicant may expect a decision
	// (Awb 4:13). The days in which the applicant owes an answer do not count
	// (Awb 4:15).
	DecisionDays = 8 * 7
	// AnswerDays is within how many days a question has to be answered (Awb
	// 4:5).
	AnswerDays = 4 * 7
)

// Dutch is the time zone of the Netherlands.
var Dutch = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic("application: " + err.Error()) // the time zones are in the binary
	}
	return zone
}()

// Midnight begins the day that lies so many days behind t's.
func Midnight(t time.Time, days int) time.Time {
	y, m, d := t.In(Dutch).Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, Dutch).UTC()
}

// dayNumber counts the days of the calendar in the Netherlands, of which not
// all have 24 hours.
func dayNumber(t time.Time) int {
	y, m, d := t.In(Dutch).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// DecideBy is when the term to decide ends on what was sent at submitted.
func DecideBy(submitted time.Time) time.Time { return Midnight(submitted, DecisionDays+1) }

// AnswerBy is when the term to answer what was asked at asked ends.
func AnswerBy(asked time.Time) time.Time { return Midnight(asked, AnswerDays+1) }

// LastDay is the last day of a term that ends then, YYYY-MM-DD in the
// Netherlands.
func LastDay(end time.Time) string {
	return end.Add(-time.Millisecond).In(Dutch).Format(time.DateOnly)
}

// DaysLeft counts the days behind today's up to the last one of a term: 0 on
// its last day, less when it is over.
func DaysLeft(now, end time.Time) int {
	return dayNumber(end.Add(-time.Millisecond)) - dayNumber(now)
}

// DueAfter is when the term to decide ends if the open question is answered
// at answered: later by the days from the one after the question up to the
// one of the answer, and by no more than there were to answer in.
func (a Application) DueAfter(answered time.Time) time.Time {
	if answered.After(a.AnswerBy) {
		answered = a.AnswerBy
	}
	days := dayNumber(answered) - dayNumber(a.AskedAt) - 1
	return a.DueAt.In(Dutch).AddDate(0, 0, max(days, 0)).UTC()
}

// Late tells whether a decision should have been there by now. The term
// stands still while the applicant owes an answer.
func (a Application) Late(now time.Time) bool {
	return (a.State == Submitted || a.State == InReview) && !now.Before(a.DueAt)
}
