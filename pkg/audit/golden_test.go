package audit_test

import (
	"encoding/json"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
)

// The hash and the JSON of a stored event never change, so that existing
// chains and exports stay verifiable.
func TestStoredEventsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	full := audit.Event{
		Seq: 42, At: time.UnixMilli(1_760_000_000_123).UTC(), ActorKind: audit.ActorStaff, ActorID: "olga", Origin: "198.51.100.0/24", Action: "account.blocked",
		ObjectKind: "account", ObjectID: "account-17", Outcome: audit.Refused, Reason: "rëason <&> \u2028", RequestID: "0a1b2c3d4e5f",
		Details: map[string]string{"ticket": "M-1", "case": "c-9"}, PrevHash: "aa", Hash: "bb",
	}
	for name, c := range map[string]struct {
		event      audit.Event
		prev       string
		hash, json string
	}{
		"full": {full, "aa", "8f9082cbb498e04ee211763983507cde451b32c9c2511b2c298c560813d95ed2",
			`{"seq":42,"at":"2025-10-09T08:53:20.123Z","actor_kind":"staff","actor_id":"olga","origin":"198.51.100.0/24","action":"account.blocked",` +
				`"object_kind":"account","object_id":"account-17","outcome":"refused","reason":"rëason \u003c\u0026\u003e \u2028","request_id":"0a1b2c3d4e5f",` +
				`"details":{"case":"c-9","ticket":"M-1"},"prev_hash":"aa","hash":"bb"}`},
		"bare": {
			audit.Event{Seq: 1, At: time.UnixMilli(0).UTC(), ActorKind: audit.ActorSystem, Action: "an action of another version", ObjectKind: "thing", Outcome: "odd"},
			"", "1d82e43d85da50b26abb5c4da42ebec7d237191fa6cef484161eb91582f89a82",
			`{"seq":1,"at":"1970-01-01T00:00:00Z","actor_kind":"system","actor_id":"","origin":"","action":"an action of another version",` +
				`"object_kind":"thing","object_id":"","outcome":"odd","reason":"","request_id":"","details":null,"prev_hash":"","hash":""}`,
		},
	} {
		if got := audit.ChainHash(c.prev, c.event); got != c.hash {
			t.Errorf("%s: ChainHash(%q, %+v) = %s, want %s", name, c.prev, c.event, got, c.hash)
		}
		text, err := json.Marshal(c.event)
		if err != nil || string(text) != c.json {
			t.Errorf("%s: json.Marshal(%+v) = %s, %v, want %s", name, c.event, text, err, c.json)
		}
	}
}
