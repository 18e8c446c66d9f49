package audit_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
)

func TestLogboekLines(t *testing.T) {
	t.Parallel()
	l := audit.Logboek{Activities: "https://register.example/omgevingsloket-id/", Key: []byte("key"), Issuer: "https://id.example", Version: "1"}
	e := audit.Event{
		Seq: 1, At: time.UnixMilli(1_760_000_000_123), ActorKind: audit.ActorStaff, ActorID: "olga-the-official", Origin: "198.51.100.0/24", Action: "account.unblocked",
		ObjectKind: "account", ObjectID: "account-17", Outcome: audit.OK, Reason: "lost phone", RequestID: "0a1b2c3d4e5f",
	}
	e.Hash = audit.ChainHash("", e)
	line, ok := l.Line(e)
	if !ok || len(line.TraceID) != 32 || len(line.SpanID) != 16 || line.SpanID != e.Hash[:16] || line.Status != "Unset" || line.Name != string(e.Action) ||
		line.StartTime != 1_760_000_000_123 || line.EndTime < line.StartTime ||
		line.Attributes["dpl.core.processing_activity_id"] != "https://register.example/omgevingsloket-id/account" || line.Attributes["dpl.core.data_subject_id_type"] != "omgevingsloket-id:account" {
		t.Errorf("Line() = %+v", line)
	}
	text, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	// Metadata only: no official, reason, source or id of a person.
	for _, secret := range []string{"olga", "account-17", "lost phone", "198.51.100"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("Line() contains %q: %s", secret, text)
		}
	}
	// A person has one pseudonym under one key; a request is one trace.
	second := e
	second.Action, second.Hash = "account.viewed", strings.Repeat("ab", 32)
	same, _ := l.Line(second)
	if same.TraceID != line.TraceID || same.SpanID == line.SpanID || same.Attributes["dpl.core.data_subject_id"] != line.Attributes["dpl.core.data_subject_id"] {
		t.Errorf("Line() of another event of the request = %+v, want the same trace and pseudonym, and another span", same)
	}
	second.ObjectKind, second.RequestID = "application", ""
	if other, _ := l.Line(second); other.TraceID == line.TraceID || other.Attributes["dpl.core.data_subject_id"] == line.Attributes["dpl.core.data_subject_id"] {
		t.Errorf("Line() of another object = %+v, want another trace and pseudonym", other)
	}
	l.Key = []byte("another")
	if other, _ := l.Line(e); other.Attributes["dpl.core.data_subject_id"] == line.Attributes["dpl.core.data_subject_id"] {
		t.Error("the pseudonym does not depend on the key")
	}
	if _, ok := l.Line(audit.Event{ActorKind: audit.ActorOperator, Action: "key.moved", ObjectKind: "key", ObjectID: "k"}); ok {
		t.Error("Line(key.moved) reports a line, want none")
	}
	if holder, ok := l.Line(audit.Event{ActorKind: audit.ActorHolder, ActorID: "account-17", Action: "account.logout"}); !ok || holder.Attributes["dpl.core.data_subject_id_type"] != "omgevingsloket-id:account" {
		t.Errorf("Line() of a holder's event = %+v, want the account as subject", holder)
	}
}
