package application

import (
	"time"
	_ "time/tzdata" // days are Dutch days, on machines without a time zone database too
)

// The deadlines, in days. Each is the end of its last day in the Netherlands.
const (
	// DecisionDays is the number of days for a decision (Awb 4:13). Days in
	// which the applicant owes an answer do not count (Awb 4:15).
	DecisionDays = 8 * 7
	// AnswerDays is the number of days for the answer to a question (Awb 4:5).
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

// Midnight returns the start of the day in the Netherlands that is days after
// that of t, in UTC.
func Midnight(t time.Time, days int) time.Time {
	y, m, d := t.In(Dutch).Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, Dutch).UTC()
}

// dayNumber returns the number of t's day in the Netherlands since 1970. It
// counts calendar days, some of which have 23 or 25 hours.
func dayNumber(t time.Time) int {
	y, m, d := t.In(Dutch).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// DecideBy returns the deadline for a decision on an application that was
// submitted at submitted.
func DecideBy(submitted time.Time) time.Time { return Midnight(submitted, DecisionDays+1) }

// AnswerBy returns the deadline for the answer to a question asked at asked.
func AnswerBy(asked time.Time) time.Time { return Midnight(asked, AnswerDays+1) }

// LastDay returns the last day before a deadline, as YYYY-MM-DD in the
// Netherlands.
func LastDay(end time.Time) string {
	return end.Add(-time.Millisecond).In(Dutch).Format(time.DateOnly)
}

// DaysLeft returns the number of days after today up to the last day before a
// deadline: 0 on that day, negative later.
func DaysLeft(now, end time.Time) int {
	return dayNumber(end.Add(-time.Millisecond)) - dayNumber(now)
}

// DueAfter returns the deadline for the decision if the open question is
// answered at answered: DueAt and the days between the question and the
// answer, at most those up to AnswerBy (Awb 4:15).
func (a Application) DueAfter(answered time.Time) time.Time {
	if answered.After(a.AnswerBy) {
		answered = a.AnswerBy
	}
	days := dayNumber(answered) - dayNumber(a.AskedAt) - 1
	return a.DueAt.In(Dutch).AddDate(0, 0, max(days, 0)).UTC()
}

// Late reports whether the deadline for the decision has passed. It does not
// run while the applicant owes an answer.
func (a Application) Late(now time.Time) bool {
	return (a.State == Submitted || a.State == InReview) && !now.Before(a.DueAt)
}
