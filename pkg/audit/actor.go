package audit

import (
	"maps"
	"time"
)

// ActorKind is the kind of person or thing that did something.
type ActorKind string

// The actor kinds.
const (
	ActorApplicant ActorKind = "applicant" // no id
	ActorHolder    ActorKind = "holder"    // of an account; id of the account
	ActorStaff     ActorKind = "staff"     // an official; id of the member
	ActorClient    ActorKind = "client"    // id of the client
	ActorOperator  ActorKind = "operator"  // at the command line; operating-system user
	ActorSystem    ActorKind = "system"    // a rule, such as a limit or a deadline; its name, or ""
)

// ActorKinds are all actor kinds, in the order of lists.
var ActorKinds = []ActorKind{ActorApplicant, ActorHolder, ActorStaff, ActorClient, ActorOperator, ActorSystem}

// Actor says who did something and from where.
type Actor struct {
	Kind      ActorKind
	ID        string // see the actor kinds
	Origin    string // network prefix of the caller (/24, /48), "cli", or "" for what the program does by itself
	RequestID string // "" outside a request
}

// Applicant returns the actor for a person who fills in an application.
func Applicant() Actor { return Actor{Kind: ActorApplicant} }

// Holder returns the actor for the holder of an account.
func Holder(accountID string) Actor { return Actor{Kind: ActorHolder, ID: accountID} }

// Official returns the actor for a member of staff.
func Official(memberID string) Actor { return Actor{Kind: ActorStaff, ID: memberID} }

// ClientActor returns the actor for a client.
func ClientActor(clientID string) Actor { return Actor{Kind: ActorClient, ID: clientID} }

// Operator returns the actor for an operating-system user at the command line.
func Operator(user string) Actor { return Actor{Kind: ActorOperator, ID: user, Origin: "cli"} }

// System returns the actor for a rule of this program; its name may be "".
func System(rule string) Actor { return Actor{Kind: ActorSystem, ID: rule} }

// At returns the actor as seen in a request.
func (a Actor) At(origin, requestID string) Actor {
	a.Origin, a.RequestID = origin, requestID
	return a
}

// Did returns the event that the actor did something, with outcome OK.
// objectID names an object of the kind action.Object(); it may be "" where
// there is only one.
func (a Actor) Did(action Action, objectID string, at time.Time) Event {
	return Event{
		At: at, ActorKind: a.Kind, ActorID: a.ID, Origin: a.Origin, RequestID: a.RequestID,
		Action: action, ObjectKind: action.Object(), ObjectID: objectID, Outcome: OK,
	}
}

// Actor returns the actor of the event.
func (e Event) Actor() Actor {
	return Actor{Kind: e.ActorKind, ID: e.ActorID, Origin: e.Origin, RequestID: e.RequestID}
}

// Refused returns the event with outcome Refused.
func (e Event) Refused() Event {
	e.Outcome = Refused
	return e
}

// Because returns the event with a reason: a code or a few words, never
// personal data.
func (e Event) Because(reason string) Event {
	e.Reason = reason
	return e
}

// With returns the event with these details added; never personal data.
func (e Event) With(details map[string]string) Event {
	if len(details) == 0 {
		return e
	}
	all := make(map[string]string, len(e.Details)+len(details))
	maps.Copy(all, e.Details)
	maps.Copy(all, details)
	e.Details = all
	return e
}
