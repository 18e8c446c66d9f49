package application

import (
	"testing"
	"time"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// A deadline is the end of a day in the Netherlands, in summer and winter.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"2026-03-02T12:00:00Z":      "2026-04-27", // over the change to summer time
		"2026-03-01T23:30:00Z":      "2026-04-27", // 00:30 on 2 March in the Netherlands
		"2026-03-02T23:59:59+01:00": "2026-04-27",
		"2026-10-01T10:00:00Z":      "2026-11-26",
	} {
		due := DecideBy(at(t, sent))
		if got := LastDay(due); got != want {
			t.Errorf("LastDay(DecideBy(%s)) = %s, want %s", sent, got, want)
		}
		if h, m, s := due.In(time.FixedZone("", 0)).Clock(); h != 22 && h != 23 || m != 0 || s != 0 {
			t.Errorf("DecideBy(%s) = %v, want midnight in the Netherlands", sent, due)
		}
	}
	if got := LastDay(AnswerBy(at(t, "2026-03-10T08:00:00+01:00"))); got != "2026-04-07" {
		t.Errorf("LastDay(AnswerBy(10 March)) = %s, want 2026-04-07", got)
	}
}

func TestDaysLeft(t *testing.T) {
	t.Parallel()
	end := DecideBy(at(t, "2026-03-02T12:00:00+01:00")) // the last day is 27 April
	for now, want := range map[string]int{
		"2026-03-02T12:00:00+01:00": 56, "2026-03-28T12:00:00+01:00": 30, "2026-03-30T12:00:00+02:00": 28, "2026-04-26T23:59:59+02:00": 1,
		"2026-04-27T00:00:00+02:00": 0, "2026-04-27T23:59:59+02:00": 0, "2026-04-28T00:00:00+02:00": -1,
	} {
		if got := DaysLeft(at(t, now), end); got != want {
			t.Errorf("DaysLeft(%s) = %d, want %d", now, got, want)
		}
	}
}

// Awb 4:15: days between a question and its answer do not count.
func TestDeadlineSuspended(t *testing.T) {
	t.Parallel()
	asked := at(t, "2026-03-10T08:00:00+01:00")
	a := Application{
		State: MoreInformation, DueAt: DecideBy(at(t, "2026-03-02T12:00:00Z")), AskedAt: asked, AnswerBy: AnswerBy(asked),
	}
	for answered, want := range map[string]string{
		"2026-03-09T00:00:00+01:00": "2026-04-27", // a clock that went back
		"2026-03-10T09:00:00+01:00": "2026-04-27", // at once
		"2026-03-11T23:00:00+01:00": "2026-04-27", // no day between
		"2026-03-12T00:00:00+01:00": "2026-04-28",
		"2026-03-31T23:00:00+02:00": "2026-05-17", // 20 days, one of them an hour short
		"2026-04-07T23:59:59+02:00": "2026-05-24",
		"2026-05-20T12:00:00+02:00": "2026-05-25", // 28 days, and no more
	} {
		if got := LastDay(a.DueAfter(at(t, answered))); got != want {
			t.Errorf("LastDay(DueAfter(%s)) = %s, want %s", answered, got, want)
		}
	}
	for state, late := range map[State]bool{
		Submitted: true, InReview: true, MoreInformation: false, Approved: false, Expired: false,
	} {
		a.State = state
		if a.Late(a.DueAt) != late || a.Late(a.DueAt.Add(-time.Second)) {
			t.Errorf("Late() of a %s application = %t at its deadline and %t before, want %t and false", state, a.Late(a.DueAt), a.Late(a.DueAt.Add(-time.Second)), late)
		}
	}
}
