package helpdesk

import (
	"maps"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/typed"
)

// Caller is what the caller of a request has proven so far.
type Caller struct {
	Answers   map[Question]bool // right or wrong, by question; without those not asked
	CodeRight bool              // the code on the blocked holder's page was right
	Right     int               // right answers
	Wrong     int               // wrong answers and codes of all tries
}

// Identified reports whether that identifies the caller. withCode says that a code
// is needed too: only the holder of a blocked account has a page that shows one.
func (c Caller) Identified(withCode bool) bool {
	return c.Right >= RightAnswers && (c.CodeRight || !withCode)
}

// check returns c with a code and answers judged. What was right before stays
// right; an empty text, and what cannot be a code, count as not asked.
func (c Caller) check(a account.Account, key signin.Callback, code string, said map[Question]string, now time.Time) Caller {
	c.Answers = maps.Clone(c.Answers)
	if c.Answers == nil {
		c.Answers = map[Question]bool{}
	}
	if typed.Code(code, signin.CallbackDigits) != "" && !c.CodeRight {
		if c.CodeRight = key.Right(a, code, now); !c.CodeRight {
			c.Wrong++
		}
	}
	for _, q := range Questions(a) {
		answer := typed.Line(said[q])
		if answer == "" || c.Answers[q] {
			continue
		}
		if c.Answers[q] = Right(a, q, answer); c.Answers[q] {
			c.Right++
		} else {
			c.Wrong++
		}
	}
	return c
}

// addDetails adds to the details of an event which answers were right, not the
// answers.
func (c Caller) addDetails(details map[string]string) {
	for q, right := range c.Answers {
		details["answer_"+string(q)] = map[bool]string{true: "right", false: "wrong"}[right]
	}
}
