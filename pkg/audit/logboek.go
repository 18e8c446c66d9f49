package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"

	"omgevingsloket-id/pkg/secret"
)

// Logboek writes the audit log in the form of the Dutch standard Logboek
// Dataverwerkingen 1.0.0 (§3.2.2), for an organization's own log. It is made
// on demand from the same events; the chain does not contain it
// (deploy/decisions/008).
type Logboek struct {
	Activities string // URL of the register of processing activities; the name of an activity is appended
	Key        []byte // key of the pseudonyms of people
	Issuer     string
	Version    string // of this program
}

// LogLine is one line: an act of processing of one person's data.
type LogLine struct {
	TraceID    string            `json:"trace_id"` // 16 bytes, hex: one request
	SpanID     string            `json:"span_id"`  // 8 bytes, hex: this event
	Status     string            `json:"status"`   // always "Unset": a refusal is no failure of the system
	Name       string            `json:"name"`
	StartTime  int64             `json:"start_time"` // milliseconds since 1970
	EndTime    int64             `json:"end_time"`
	Resource   LogResource       `json:"resource"`
	Attributes map[string]string `json:"attributes"`
}

// LogResource names the system that processed the data.
type LogResource struct {
	Attributes map[string]string `json:"attributes"`
}

// Line returns the line of an event. It reports false for an event that
// concerns no person's data, such as one about keys, clients or the log
// itself. Officials are not named (§2.3.4); the audit log does that.
func (l Logboek) Line(e Event) (LogLine, bool) {
	subject, id := e.ObjectKind, e.ObjectID
	if subject != ObjectAccount && subject != ObjectApplication || id == "" {
		if e.ActorKind != ActorHolder || e.ActorID == "" {
			return LogLine{}, false
		}
		subject, id = ObjectAccount, e.ActorID
	}
	span, _ := hex.DecodeString(e.Hash)
	trace := sha256.Sum256([]byte("request " + e.RequestID))
	if e.RequestID == "" {
		trace = sha256.Sum256([]byte("event " + e.Hash))
	}
	return LogLine{
		TraceID: hex.EncodeToString(trace[:16]), SpanID: hex.EncodeToString(append(span, make([]byte, 8)...)[:8]), Status: "Unset", Name: string(e.Action),
		StartTime: e.At.UnixMilli(), EndTime: e.At.UnixMilli(),
		Resource: LogResource{map[string]string{"service.name": "omgevingsloket-id", "service.version": l.Version, "service.instance.id": l.Issuer}},
		Attributes: map[string]string{
			"dpl.core.processing_activity_id": strings.TrimSuffix(l.Activities, "/") + "/" + string(cmp.Or(e.Action.Group(), "other")),
			"dpl.core.data_subject_id":        secret.MAC(l.Key, "data subject", string(subject), id), "dpl.core.data_subject_id_type": "omgevingsloket-id:" + string(subject),
		},
	}, true
}

// Write writes the lines of the events with a higher Seq than after, as JSON.
func (l Logboek) Write(ctx context.Context, out io.Writer, store Store, heads Heads, after int64) error {
	head, err := heads.Head(ctx)
	if err != nil {
		return err
	}
	begin, err := heads.Anchor(ctx)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(out)
	return eachEvent(ctx, store, max(after, begin.Seq), head.Seq, func(e Event) error {
		line, ok := l.Line(e)
		if !ok {
			return nil
		}
		return lines.Encode(line)
	})
}
