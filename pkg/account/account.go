// Package account defines an account: its holder's data, its states and the
// transitions between them.
//
//	            ┌────────────────── unblock (helpdesk) ──────────────────┐
//	            ▼                                                        │
//	awaiting enrolment ──Toon QR-code──► QR shown ──first right code──► active
//	            │                          │ 5 wrong codes,              │ limit of
//	            │                          │ "niet gescand",             │ wrong codes,
//	            │                          │ 7 days                      │ report
//	            └──────────────────────────┴────────► blocked ◄──────────┘
//	active ──closed by its holder──► closed ──30 days──► erased
//	any    ──closed by the helpdesk──► closed ──reopened by it──► blocked
//
// After an unblock the QR is shown only after a code that was mailed to the holder
// and, for an account that was active before, a delay (recovery.go). An active
// account has one or two apps, each of which its holder can replace (apps.go).
//
// Each arrow is a method in moves.go. A store writes the account that the
// method returns, in one transaction with the event, provided that the row
// still has the state that the method was called on. Block, unblock, closing
// and changes of password or second factor raise the epoch; sessions and
// grants carry the epoch in which they were made and end with it.
package account

import (
	"context"
	"strconv"
	"strings"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

// State is the state of an account.
type State string

// The states.
const (
	AwaitingEnrolment State = "awaiting_enrolment" // approved, no QR shown yet
	QRShown           State = "qr_shown"           // QR code sent to the holder's browser; no right code yet
	Active            State = "active"             // second factor proven
	Blocked           State = "blocked"            // until the helpdesk unblocks or closes it
	Closed            State = "closed"             // by its holder or the helpdesk; erased after 30 days
)

// BlockReason says why an account is blocked.
type BlockReason string

// The reasons.
const (
	NotScanned     BlockReason = "not_scanned"     // the holder pressed 'QR-code niet gescand?'
	EnrolmentCodes BlockReason = "enrolment_codes" // five wrong codes before the first right one
	EnrolmentLate  BlockReason = "enrolment_late"  // seven days after the QR without a right code
	TooManyCodes   BlockReason = "too_many_codes"  // wrong codes on an active account
	Reported       BlockReason = "reported"        // by the helpdesk: loss, fraud, request
	Reopened       BlockReason = "reopened"        // reopened after closing; the helpdesk has to identify the holder
	RecoveryCodes  BlockReason = "recovery_codes"  // wrong mailed codes after an unblock
	Disavowed      BlockReason = "disavowed"       // by the link 'Was this not you?' in a mail
	Cancelled      BlockReason = "cancelled"       // the holder objected, by the link in a mail, to the enrolment after an unblock
	AddressUndone  BlockReason = "address_undone"  // a change of address was undone, by the link in a mail, after the password or the enrolment had changed too
)

// Kind says whether the holder is a person or acts for a company.
type Kind string

// The kinds; the values are those of the account_type claim.
const (
	NaturalPerson Kind = "natural_person"
	LegalPerson   Kind = "legal_person"
)

// Address is a foreign postal address: free lines and a country.
type Address struct {
	Line1   string `json:"line1"`
	Line2   string `json:"line2,omitempty"`
	Line3   string `json:"line3,omitempty"`
	Country string `json:"country"` // ISO 3166-1 alpha-2
}

// Lines returns the non-empty lines.
func (a Address) Lines() []string {
	var out []string
	for _, l := range []string{a.Line1, a.Line2, a.Line3} {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}

// Organization is the company a person acts for.
type Organization struct {
	Name                string  `json:"name"`
	Register            string  `json:"register,omitempty"`            // name of the trade register
	RegistrationNumber  string  `json:"registration_number,omitempty"` // empty: not registered
	RegistrationCountry string  `json:"registration_country"`          // ISO 3166-1 alpha-2
	NotRegistered       string  `json:"not_registered,omitempty"`      // reason why there is no number
	Address             Address `json:"address"`
	Role                string  `json:"role"` // "director" or "authorized"
}

// Profile holds the personal data of an account's holder.
type Profile struct {
	GivenName    string        `json:"given_name"`
	FamilyName   string        `json:"family_name"`
	Birthdate    string        `json:"birthdate"`       // YYYY-MM-DD, with 00 for a day and month that are not known
	Phone        string        `json:"phone,omitempty"` // phone.Number as text, or as typed if there is no such number
	Address      Address       `json:"address"`
	Organization *Organization `json:"organization,omitempty"`
}

// FullName returns the given name and the family name.
func (p Profile) FullName() string { return strings.TrimSpace(p.GivenName + " " + p.FamilyName) }

// Account is one Omgevingsloket-ID.
type Account struct {
	ID           string // random, never shown to a relying party and never reused
	Kind         Kind
	Email        string            // canonical, unique among accounts that are not erased
	Previous     []PreviousAddress // replaced less than PreviousTime ago; the oldest first
	Profile      Profile
	Lang         string      // "nl" or "en": the language of its mails
	PasswordHash secret.Text // PHC string
	PasswordAt   time.Time   // when the holder last replaced the password; zero if never
	Renewal      Renewal     // whether the password is to be replaced
	State        State
	BlockReason  BlockReason // only when Blocked
	BlockRef     string      // reference that the holder gives to the helpdesk; only when Blocked
	Epoch        int64
	Factor       Factor
	Apps         Apps
	Unblocks     int       // how often the helpdesk unblocked it
	UnblockedAt  time.Time // zero before the first
	CancelHash   string    // hash of the link by which the holder can cancel the last unblock; "" when there is none
	CreatedAt    time.Time
	LastLoginAt  time.Time // of the last right code; zero before the first
	ClosedAt     time.Time // only when Closed
	ChangedAt    time.Time // when the holder's data last changed; zero if never
}

// Owner returns what the sessions of an account depend on.
func (a Account) Owner() session.Owner {
	return session.Owner{Active: a.State == Active, Epoch: a.Epoch}
}

// Factor is the state of an account's second factor: of its first app, and the tries
// of codes that all its apps share.
type Factor struct {
	Sealed    []byte    // TOTP secret, sealed with FactorAAD; nil before QRShown
	LastStep  int64     // last accepted time step; 0 before the first right code
	Failures  int       // wrong codes in a row
	NextTryAt time.Time // codes before this moment are not checked
	ShownAt   time.Time // when the QR was shown
}

// FactorAAD returns the associated data of the sealed TOTP secret of an account's first
// app. It binds the secret to its account and enrolment (Account.Unblocks), so that
// a secret of an earlier enrolment cannot be put back. The secret of an app that
// replaces the first one is sealed with it too, because servers of an earlier version
// open only secrets with this data.
func FactorAAD(accountID string, enrolment int) string {
	return "accounts|totp|" + accountID + "|" + strconv.Itoa(enrolment)
}

// CodeTry is the input of a rule that judges one code: the locked row, with
// this try already counted in Factor.Failures.
type CodeTry struct {
	State     State
	Enrolment int // Account.Unblocks
	Factor    Factor
	Second    App // zero: there is no second app
}

// Verdict is the result of a rule that judges one code; the store writes it.
type Verdict struct {
	Outcome   Outcome
	Step      int64       // Accepted: the time step that is used up
	App       int         // Accepted: the app whose step that is, numbered as in Key
	NextTryAt time.Time   // Wrong: when the next code is checked
	Reason    BlockReason // BlockedNow
	BlockRef  string      // BlockedNow
	Effects   effect.Effects
}

// Outcome is the outcome of one try of a code.
type Outcome string

// The outcomes.
const (
	Accepted   Outcome = "accepted"
	Wrong      Outcome = "wrong"
	Replayed   Outcome = "replayed"    // a right code for a time step that its app used before; not counted
	TooSoon    Outcome = "too_soon"    // before Factor.NextTryAt; not checked, not counted
	BlockedNow Outcome = "blocked_now" // wrong, and the last one allowed
)

// Store stores accounts. All methods return errs.ErrUnavailable when the
// database cannot be reached.
type Store interface {
	// ByID and ByEmail return errs.ErrNotFound if there is no such account;
	// email is canonical.
	ByID(ctx context.Context, id string) (Account, error)
	ByEmail(ctx context.Context, email string) (Account, error)
	// Owner returns the account that has this address or, if there is none, the one
	// that had it less than PreviousTime before now; until then no other account can
	// take the address. The error is errs.ErrNotFound if the address is free.
	Owner(ctx context.Context, email string, now time.Time) (Account, error)
	// InSession is ByID for a session with this sid. It returns errs.ErrNotFound if
	// grant.Store has recorded the session's end.
	InSession(ctx context.Context, id, sid string) (Account, error)
	// ByBlockRef returns the blocked account with this BlockRef, or
	// errs.ErrNotFound.
	ByBlockRef(ctx context.Context, ref string) (Account, error)

	// ShowQR moves AwaitingEnrolment to QRShown and stores the sealed secret.
	// One of several concurrent calls succeeds; the others, and those of a
	// previous epoch, return errs.ErrConflict.
	ShowQR(ctx context.Context, id string, epoch int64, sealed []byte, now time.Time, rec effect.Effects) error

	// TryCode counts a try, calls judge on the locked row and writes its
	// verdict, in one transaction: parallel tries wait for each other. The
	// time step of an accepted code is never accepted again for the same app (RFC
	// 6238 §5.2).
	// It returns errs.ErrConflict unless the account is QRShown or Active and
	// of this epoch. judge must not call the store.
	TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(CodeTry) Verdict) (Verdict, error)

	// Block moves any state but Blocked and Closed to Blocked, with a new
	// epoch. It returns errs.ErrConflict when the account is blocked or closed
	// or not of this epoch (0 = any), or when another account has this
	// reference.
	Block(ctx context.Context, id string, epoch int64, reason BlockReason, ref string, now time.Time, rec effect.Effects) error

	// Change writes the account that judge returns for the locked row, with the
	// effects, in one transaction. It returns the error of judge, which must not call
	// a store, and errs.ErrConflict if there is no such account.
	Change(ctx context.Context, id string, judge func(Account) (Account, effect.Effects, error)) error

	// Rehash replaces a password hash by one of the same password under newer
	// parameters, unless it changed in between.
	Rehash(ctx context.Context, id string, old, fresh secret.Text) error
}
