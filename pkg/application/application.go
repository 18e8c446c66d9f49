// Package application defines a person's request for an Omgevingsloket-ID: its
// states, answers, documents and deadlines.
//
//	draft ──code from the mail──► e-mail confirmed ──send──► submitted
//	  │ 72 h                        │ 72 h                      │
//	  └──────────► expired ◄────────┘          practice: approved at once
//	                                                            │
//	   production:  in review ◄──► more information ──► approved | rejected
//	                (withdrawn by the applicant at any moment before;
//	                 expired when a question stays unanswered)
//
// A change request (change.go), by which the holder of an account asks to change
// data that an official approves, begins at e-mail confirmed and goes the same way.
//
// The applicant's journey is in package intake, the officials' work in package
// review, the storage of documents in package custody.
package application

import (
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/secret"
)

// MostAccents is the most combining marks that a letter of any script carries.
const MostAccents = 4

// State is the state of an application.
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

// Answers holds what the applicant filled in.
type Answers struct {
	account.Profile
	Stay         string `json:"stay,omitempty"`         // "abroad" or "temporarily_nl"; natural person
	Declared     bool   `json:"declared,omitempty"`     // the applicant declared that the answers are true
	PersonDone   bool   `json:"person_done,omitempty"`  // the step was submitted and is valid
	CompanyDone  bool   `json:"company_done,omitempty"` //
	AddressDone  bool   `json:"address_done,omitempty"` //
	DocumentDone bool   `json:"document_done,omitempty"`
	Base         *Base  `json:"base,omitempty"` // change requests only
}

// Application is a request for an account.
type Application struct {
	ID           string
	Handle       string // hash of the handle in the applicant's browser
	Kind         account.Kind
	Lang         string
	Email        string // canonical
	State        State
	Taken        bool   // the address already has an account, so no valid code was mailed
	CodeHash     string // keyed hash of the code in the last mail
	MailboxCode  string // keyed hash of the code in the latest mail to the mailbox; only where a code is judged
	MailboxTries int    // how often it was tried, this try included; only where a code is judged
	CodeExpires  time.Time
	CodeFailures int
	CodesSent    int
	PasswordHash secret.Text // PHC string; set once the address is confirmed
	Answers      Answers
	Reference    string // shown to people; set when submitted
	AccountID    string // the account that was made of it, when approved
	Changes      string // the account that it asks to change; "" = it asks for a new one
	Version      int64
	CreatedAt    time.Time
	ExpiresAt    time.Time
	SubmittedAt  time.Time
	DueAt        time.Time // deadline for the decision, not extended yet for the open question; set when submitted
	AskedAt      time.Time // when the open question was asked; zero without one
	AnswerBy     time.Time // deadline for its answer
	DecidedAt    time.Time
}

// Open reports whether the applicant can still change it.
func (a Application) Open(now time.Time) bool {
	return (a.State == Draft || a.State == EmailConfirmed) && now.Before(a.ExpiresAt)
}

// Document is an uploaded file. Sealed is nil in lists.
type Document struct {
	ID            string
	ApplicationID string
	Name          string // the applicant's file name, cleaned; for display only
	Type          string // by content: application/pdf, image/jpeg, image/png; application/octet-stream on practice
	Size          int64  // of the plain file, bytes
	SHA256        string // of the plain file, hex
	Sealed        []byte // encrypted content, sealed with DocumentAAD
	CreatedAt     time.Time
}

// DocumentAAD returns the associated data that binds a sealed document to its
// row and its application.
func DocumentAAD(applicationID, documentID string) string {
	return "documents|content|" + applicationID + "|" + documentID
}

// Sent reports whether the applicant submitted it; a draft that expired was
// not.
func (a Application) Sent() bool {
	return a.State != Draft && a.State != EmailConfirmed && (a.State != Expired || a.Reference != "")
}

// Undecided reports whether it was submitted and not decided on.
func (a Application) Undecided() bool {
	return a.State == Submitted || a.State == InReview || a.State == MoreInformation
}
