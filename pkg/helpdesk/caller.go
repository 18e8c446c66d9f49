package helpdesk

import (
	"maps"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/signin"
)

// Caller is what somebody who called has proven so far.
type Caller struct {
	Answers   map[Question]bool // right or wrong, by question; what was never asked is not there
	CodeRight bool              // the code on the caller's own page
	Right     int               // answers that were right
	Wrong     int               // answers and codes that were wrong, all tries together
}

// Identified tells whether that is enough. A code can be asked of the holder
// of a blocked account only: nobody else has a page that shows one.
func (c Caller) Identified(withCode bool) bool {
	return c.Right >= RightAnswers && (c.CodeRight || !withCode)
}

// hear judges a code and answers. What was right before stays; an empty text
// was not asked.
func (c Caller) hear(a account.Account, key signin.Callback, code string, said map[Question]string, now time.Time) Caller {
	c.Answers = maps.Clone(c.Answers)
	if c.Answers == nil {
		c.Answers = map[Question]bool{}
	}
	if code = strings.TrimSpace(code); code != "" && !c.CodeRight {
		if c.CodeRight = key.Right(a, code, now); !c.CodeRight {
			c.Wrong++
		}
	}
	for _, q := range Questions(a) {
		answer := strings.TrimSpace(said[q])
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

// tell adds to a record which questions were answered, never how.
func (c Caller) tell(details map[string]string) {
	for q, right := range c.Answers {
		details["answer_"+string(q)] = map[bool]string{true: "right", false: "wrong"}[right]
	}
}
