// Package account owns the account: who it belongs to, which state it is in
// and what moves it from one state to the next.
//
//	            ┌────────────────── unblock (helpdesk) ──────────────────┐
//	            ▼                                                        │
//	awaiting enrolment ──Toon QR-code──► QR shown ──first right code──► active
//	            │                          │ 5 wrong codes,              │ limit of
//	            │                          │ "niet gescand",             │ wrong codes,
//	            │                          │ 7 days                      │ report
//	            └──────────────────────────┴────────► blocked ◄──────────┘
//	active ──closed by its owner──► closed ──30 days──► erased
//	any    ──closed by the helpdesk──► closed ──reopened by it──► blocked
//
// Each arrow is a function of moves.go; a store writes what it returns over the
// state that was judged, in one transaction with its event in the audit log. The
// epoch grows with block,
// unblock, password and factor changes; sessions and grants carry the epoch
// they were made under and die with it.
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

// State is where an account is in its life.
type State string

// The states.
const (
	AwaitingEnrolment State = "awaiting_enrolment" // approved, no QR shown yet
	QRShown           State = "qr_shown"           // the QR left the server; no right code yet
	Active            State = "active"             // second factor proven
	Blocked           State = "blocked"            // only the helpdesk moves it on
	Closed            State = "closed"             // by its owner or the helpdesk; erased after 30 days
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
	Reopened       BlockReason = "reopened"        // closed before; the helpdesk has to be sure who it is
)

// Kind is what the account stands for.
type Kind string

// The kinds; the values are those of the account_type claim.
const (
	NaturalPerson Kind = "natural_person"
	LegalPerson   Kind = "legal_person"
)

// Address is a postal address as the Omgevingsloket takes foreign ones: free
// lines and a country.
type Address struct {
	Line1   string `json:"line1"`
	Line2   string `json:"line2,omitempty"`
	Line3   string `json:"line3,omitempty"`
	Country string `json:"country"` // ISO 3166-1 alpha-2
}

// Lines are the non-empty lines.
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
	NotRegistered       string  `json:"not_registered,omitempty"`      // explanation when there is no number
	Address             Address `json:"address"`
	Role                string  `json:"role"` // "director" or "authorized"
}

// Profile is what an account holds about its owner.
type Profile struct {
	GivenName    string        `json:"given_name"`
	FamilyName   string        `json:"family_name"`
	Birthdate    string        `json:"birthdate"` // YYYY-MM-DD
	Phone        string        `json:"phone,omitempty"`
	Address      Address       `json:"address"`
	Organization *Organization `json:"organization,omitempty"`
}

// FullName is how the person is addressed.
func (p Profile) FullName() string { return strings.TrimSpace(p.GivenName + " " + p.FamilyName) }

// Account is one Omgevingsloket-ID.
type Account struct {
	ID           string // random, never shown to a relying party and never reused
	Kind         Kind
	Email        string // canonical, unique among accounts that are not erased
	Profile      Profile
	Lang         string      // "nl" or "en": the language of its mails
	PasswordHash secret.Text // PHC string
	State        State
	BlockReason  BlockReason // only when Blocked
	BlockRef     string      // what the holder tells the helpdesk; only when Blocked
	Epoch        int64
	Factor       Factor
	Unblocks     int       // how often the helpdesk gave a fresh start
	UnblockedAt  time.Time // zero before the first
	CreatedAt    time.Time
	LastLoginAt  time.Time // zero before the first
	ClosedAt     time.Time // only when Closed
}

// Owner returns what the sessions of an account depend on.
func (a Account) Owner() session.Owner {
	return session.Owner{Active: a.State == Active, Epoch: a.Epoch}
}

// Factor is the second factor's side of an account.
type Factor struct {
	Sealed    []byte    // TOTP secret under the key ring, FactorAAD of the account; nil before the QR
	LastStep  int64     // last accepted time step; 0 before the first right code
	Failures  int       // wrong codes in a row
	NextTryAt time.Time // before this moment no code is looked at
	ShownAt   time.Time // when the QR was shown
}

// FactorAAD binds a sealed TOTP secret to its account and to the enrolment it
// was made for (Account.Unblocks): an old secret cannot be put back.
func FactorAAD(accountID string, enrolment int) string {
	return "accounts|totp|" + accountID + "|" + strconv.Itoa(enrolment)
}

// CodeTry is what a store hands to a rule that judges one code: the locked
// row, with this try already counted in Factor.Failures.
type CodeTry struct {
	State     State
	Enrolment int // Account.Unblocks
	Factor    Factor
}

// Verdict is what the rule decided; the store writes it.
type Verdict struct {
	Outcome   Outcome
	Step      int64       // Accepted: the step that is spent
	NextTryAt time.Time   // Wrong: when the next code is looked at
	Reason    BlockReason // BlockedNow
	BlockRef  string      // BlockedNow
	Record    effect.Effects
}

// Outcome of one code.
type Outcome string

// The outcomes.
const (
	Accepted   Outcome = "accepted"
	Wrong      Outcome = "wrong"
	Replayed   Outcome = "replayed"    // a right code whose step was spent; not counted
	TooSoon    Outcome = "too_soon"    // within the delay; not looked at, not counted
	BlockedNow Outcome = "blocked_now" // wrong, and once too often
)

// Store is the account contract. All methods answer errs.ErrUnavailable when
// the store does not answer; the rest is said at each.
type Store interface {
	// ByID and ByEmail (canonical address) answer errs.ErrNotFound.
	ByID(ctx context.Context, id string) (Account, error)
	ByEmail(ctx context.Context, email string) (Account, error)
	// ByBlockRef finds a blocked account by the reference its holder was shown.
	ByBlockRef(ctx context.Context, ref string) (Account, error)

	// ShowQR moves AwaitingEnrolment to QRShown and keeps the sealed secret.
	// Of any number of callers one succeeds; errs.ErrConflict for the rest
	// and for an epoch that has passed.
	ShowQR(ctx context.Context, id string, epoch int64, sealed []byte, now time.Time, rec effect.Effects) error

	// TryCode counts a try, lets judge decide on the locked row, and writes
	// its verdict: all in one transaction, so parallel tries queue up. The
	// step of an accepted code is spent for good (RFC 6238 §5.2). Only
	// QRShown and Active accounts of this epoch have codes: errs.ErrConflict
	// for others. judge must not call the store.
	TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(CodeTry) Verdict) (Verdict, error)

	// Block moves any state but Blocked and Closed to Blocked, with a new
	// epoch. errs.ErrConflict when it is blocked or closed, or past epoch
	// (0 = any), or when another account has this reference.
	Block(ctx context.Context, id string, epoch int64, reason BlockReason, ref string, now time.Time, rec effect.Effects) error

	// Unblock moves Blocked to AwaitingEnrolment: new epoch, secret, step
	// and counters gone. errs.ErrConflict when it is not blocked.
	Unblock(ctx context.Context, id string, now time.Time, rec effect.Effects) error

	// Rehash replaces a password hash by one of the same password under
	// newer parameters, unless it changed in between.
	Rehash(ctx context.Context, id string, old, fresh secret.Text) error
}
