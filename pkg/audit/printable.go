package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// Printable writes a value for a page or a terminal: what moves a cursor, ends
// a line or turns the direction of text is spelt out.
func Printable(s string) string {
	var out strings.Builder
	for _, r := range s {
		if unicode.IsGraphic(r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// storable is a text that every store can hold, as it is hashed: no NUL, and
// nothing that is not UTF-8. Otherwise a value from outside could keep a
// change from being recorded, and so from happening.
func storable[T ~string](s T) T {
	return T(strings.ReplaceAll(strings.ToValidUTF8(string(s), "\uFFFD"), "\x00", "\uFFFD"))
}

// Storable gives the event with only values that every store can hold.
func (e Event) Storable() Event {
	e.ActorKind, e.Action, e.ObjectKind, e.Outcome = storable(e.ActorKind), storable(e.Action), storable(e.ObjectKind), storable(e.Outcome)
	for _, v := range []*string{&e.ActorID, &e.Origin, &e.ObjectID, &e.Reason, &e.RequestID} {
		*v = storable(*v)
	}
	details := make(map[string]string, len(e.Details))
	for name, value := range e.Details {
		details[storable(name)] = storable(value)
	}
	if e.Details = details; len(details) == 0 {
		e.Details = nil
	}
	return e
}

// Append adds a line to an export, with its end. The encoder leaves the upper
// control characters as they are; some terminals obey those.
func (l Line) Append(to []byte) ([]byte, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return to, err
	}
	for _, r := range bytes.Runes(text) {
		if r >= 0x7f && r <= 0x9f {
			to = fmt.Appendf(to, `\u%04x`, r)
			continue
		}
		to = append(to, string(r)...)
	}
	return append(to, '\n'), nil
}
