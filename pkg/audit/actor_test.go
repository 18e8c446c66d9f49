package audit_test

import (
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
)

func TestActorsMakeWholeEvents(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	details := map[string]string{"a": "1"}
	for name, c := range map[string]struct{ got, want audit.Event }{
		"holder in a request": {
			audit.Holder("a1").At("198.51.100.0/24", "req").Did(audit.AccountLogin, "a1", at),
			audit.Event{At: at, ActorKind: audit.ActorHolder, ActorID: "a1", Origin: "198.51.100.0/24", RequestID: "req", Action: audit.AccountLogin, ObjectKind: audit.ObjectAccount, ObjectID: "a1", Outcome: audit.OK},
		},
		"operator": {
			audit.Operator("root").Did(audit.ClientAdded, "web", at),
			audit.Event{At: at, ActorKind: audit.ActorOperator, ActorID: "root", Origin: "cli", Action: audit.ClientAdded, ObjectKind: audit.ObjectClient, ObjectID: "web", Outcome: audit.OK},
		},
		"client refused": {
			audit.ClientActor("web").Did(audit.GrantCodeReplayed, "web", at).Refused().Because("why"),
			audit.Event{At: at, ActorKind: audit.ActorClient, ActorID: "web", Action: audit.GrantCodeReplayed, ObjectKind: audit.ObjectClient, ObjectID: "web", Outcome: audit.Refused, Reason: "why"},
		},
		"official with details": {
			audit.Official("m").Did(audit.AccountViewed, "a1", at).With(details).With(map[string]string{"b": "2"}),
			audit.Event{At: at, ActorKind: audit.ActorStaff, ActorID: "m", Action: audit.AccountViewed, ObjectKind: audit.ObjectAccount, ObjectID: "a1", Outcome: audit.OK, Details: map[string]string{"a": "1", "b": "2"}},
		},
		"system": {
			audit.System("terms").Did(audit.StaffTold, "m", at),
			audit.Event{At: at, ActorKind: audit.ActorSystem, ActorID: "terms", Action: audit.StaffTold, ObjectKind: audit.ObjectStaff, ObjectID: "m", Outcome: audit.OK},
		},
		"applicant": {
			audit.Applicant().Did(audit.ApplicationStarted, "x", at),
			audit.Event{At: at, ActorKind: audit.ActorApplicant, Action: audit.ApplicationStarted, ObjectKind: audit.ObjectApplication, ObjectID: "x", Outcome: audit.OK},
		},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, c.got, c.want)
		}
	}
	if len(details) != 1 {
		t.Errorf("With changed the map that it was given: %v", details)
	}
	by := audit.Official("m").At("o", "r")
	if got := by.Did(audit.AccountViewed, "a1", at).Actor(); got != by {
		t.Errorf("Did(…).Actor() = %+v, want %+v", got, by)
	}
}
