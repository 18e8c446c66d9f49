package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// Printable returns s for a page or a terminal: characters that move a cursor,
// end a line or change the direction of text become \uXXXX.
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

// storable returns s without what some store cannot hold: NUL and invalid
// UTF-8. Otherwise a value from outside could keep an event, and so its
// change, from being written.
func storable[T ~string](s T) T {
	return T(strings.ReplaceAll(strings.ToValidUTF8(string(s), "\uFFFD"), "\x00", "\uFFFD"))
}

// Storable returns the event with only values that every store can hold.
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

// Append appends the JSON of the line and a line feed to to. It escapes U+007F
// to U+009F, which the encoder does not escape and some terminals execute.
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
