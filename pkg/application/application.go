// Package application owns a person's request for an Omgevingsloket-ID: its
// states, its answers, its documents and its deadlines. (A relying party is
// always a client.)
//
//	draft ──code from the mail──► e-mail confirmed ──send──► submitted
//	  │ 72 h                        │ 72 h                      │
//	  └──────────► expired ◄────────┘          practice: approved at once
//	                                                            │
//	   production:  in review ◄──► more information ──► approved | rejected
//	                (withdrawn by the applicant at any moment before;
//	                 expired when a question stays unanswered)
//
// The applicant's side is package intake, the officials' package review, what
// happens with documents package custody.
package application

import (
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/secret"
)

// MostAccents is how many combining marks one letter carries in any script.
const MostAccents = 4

// State is where an application is.
type State string

// The states.
const (
	Draft           State = "draft"
	EmailConfirmed  State = "email_confirmed"
	Submitted       State = "submitted"
	InReview        State = "in_review"
	MoreInformation State = "more_information"
	Approved        State = "approved"
	Rejected        State = "rejected"
	Withdrawn       State = "withdrawn"
	Expired         State = "expired"
)

// Answers are what the applicant filled in; empty until then.
type Answers struct {
	account.Profile
	Stay         string `json:"stay,omitempty"`         // "abroad" or "temporarily_nl"; natural person
	Declared     bool   `json:"declared,omitempty"`     // filled in truthfully
	PersonDone   bool   `json:"person_done,omitempty"`  // the step was sent and right
	CompanyDone  bool   `json:"company_done,omitempty"` //
	AddressDone  bool   `json:"address_done,omitempty"` //
	DocumentDone bool   `json:"document_done,omitempty"`
}

// Application is one request.
type Application struct {
	ID           string
	Handle       string // hash of the handle in the applicant's cookie
	Kind         account.Kind
	Lang         string
	Email        string // canonical
	State        State
	Taken        bool   // the address has an account: no code was mailed that could be right
	CodeHash     string // keyed hash of the code in the last mail
	CodeExpires  time.Time
	CodeFailures int
	CodesSent    int
	PasswordHash secret.Text // PHC string; set once the address is confirmed
	Answers      Answers
	Reference    string // shown to people: set when submitted
	AccountID    string // when approved
	Version      int64
	CreatedAt    time.Time
	ExpiresAt    time.Time
	SubmittedAt  time.Time
	DueAt        time.Time // when the term to decide ends, without the open question's time; set when submitted
	AskedAt      time.Time // when the open question was asked; zero = there is none
	AnswerBy     time.Time // when the term to answer it ends
	DecidedAt    time.Time
}

// Open tells whether the applicant can still work on it.
func (a Application) Open(now time.Time) bool {
	return (a.State == Draft || a.State == EmailConfirmed) && now.Before(a.ExpiresAt)
}

// Document is one uploaded file; Sealed is nil where only the facts are read.
type Document struct {
	ID            string
	ApplicationID string
	Name          string // as the applicant named it, cleaned; only ever shown
	Type          string // by content: application/pdf, image/jpeg, image/png; application/octet-stream on practice
	Size          int64  // of the plain file, bytes
	SHA256        string // of the plain file, hex
	Sealed        []byte // under the key ring, DocumentAAD
	CreatedAt     time.Time
}

// DocumentAAD binds a sealed document to its row and its application.
func DocumentAAD(applicationID, documentID string) string {
	return "documents|content|" + applicationID + "|" + documentID
}

// Sent tells whether the applicant has sent it; a draft expires unsent.
func (a Application) Sent() bool {
	return a.State != Draft && a.State != EmailConfirmed && (a.State != Expired || a.Reference != "")
}

// Undecided tells whether a case can still go either way.
func (a Application) Undecided() bool {
	return a.State == Submitted || a.State == InReview || a.State == MoreInformation
}
