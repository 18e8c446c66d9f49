// Package application owns a person's request for an Omgevingsloket-ID. (A
// relying party is always a client.)
//
//	draft ──code from the mail──► e-mail confirmed ──send──► submitted
//	  │ 72 h                        │ 72 h                      │
//	  └──────────► expired ◄────────┘          practice: approved at once
//	                                                            │
//	   production:  in review ◄──► more information ──► approved | rejected
//	                (withdrawn by the applicant at any moment before;
//	                 expired when a question stays unanswered)
//
// No personal data is stored before the e-mail address is confirmed. Each
// decision has an official, a time, a reason and a mail.
package application

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/secret"
)

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

const (
	// DraftLifetime is how long a draft waits for its applicant.
	DraftLifetime = 72 * time.Hour
	// CodeLifetime is how long the code in the mail is right.
	CodeLifetime = time.Hour
	// CodeTries is how many wrong codes a mail's code survives.
	CodeTries = 5
	// CodesPerDraft is how many mails with a code one draft may ask for.
	CodesPerDraft = 5
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

// CodeVerdict is what the rule says of one mailed code.
type CodeVerdict string

// The verdicts.
const (
	CodeRight   CodeVerdict = "right"
	CodeWrong   CodeVerdict = "wrong"
	CodeExpired CodeVerdict = "expired"
	CodeSpent   CodeVerdict = "spent" // too many wrong ones: ask for a new mail
)

// JudgeCode decides on a mailed code, with the try already counted.
func JudgeCode(a Application, codeHash string, now time.Time) CodeVerdict {
	switch {
	case a.CodeFailures > CodeTries:
		return CodeSpent
	case !now.Before(a.CodeExpires):
		return CodeExpired
	case a.Taken || a.CodeHash == "" || !secret.Text(a.CodeHash).Equal(codeHash):
		return CodeWrong
	}
	return CodeRight
}

// Store is the application contract. errs.ErrUnavailable when it does not
// answer; errs.ErrNotFound for unknown handles and ids.
type Store interface {
	// Start keeps a new draft, with the mail that confirms its address.
	Start(ctx context.Context, a Application, rec record.Record) error
	// ByHandle gives the application of an applicant's cookie.
	ByHandle(ctx context.Context, handleHash string) (Application, error)
	// ByReference finds a submitted application.
	ByReference(ctx context.Context, reference string) (Application, error)

	// Renew replaces the code of a draft, at most CodesPerDraft times;
	// errs.ErrConflict beyond that or when it is no draft.
	Renew(ctx context.Context, id, codeHash string, expires time.Time, rec record.Record) error
	// TryCode counts a try, judges it on the locked row, and on CodeRight
	// moves Draft to EmailConfirmed: once, of any number of callers.
	TryCode(ctx context.Context, id, codeHash string, now time.Time) (CodeVerdict, error)

	// Save writes answers and password hash while EmailConfirmed, if the
	// version is still a.Version; errs.ErrConflict otherwise.
	Save(ctx context.Context, a Application) (Application, error)

	// PutDocument keeps the document of an open application, instead of an
	// earlier one; errs.ErrConflict when it is no longer open.
	PutDocument(ctx context.Context, d Document) error
	// Documents lists the documents of an application, without content.
	Documents(ctx context.Context, applicationID string) ([]Document, error)
	// DocumentContent gives one document with its sealed content.
	DocumentContent(ctx context.Context, documentID string) (Document, error)

	// Submit moves EmailConfirmed to Submitted under a reference, once, and
	// sets its term (DecideBy). With
	// an account it goes on to Approved in the same transaction and makes
	// that account. errs.ErrConflict when it was submitted before, changed
	// meanwhile, or when the address has an account by now.
	Submit(ctx context.Context, a Application, approve *account.Account, rec record.Record) error

	// Expire closes what nobody finished in time, wipes its answers and
	// documents, and tells how many.
	Expire(ctx context.Context, now time.Time) (int, error)
}
