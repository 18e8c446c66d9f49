package account

import "time"

// Limits are the numbers of the second factor. Two time steps are accepted, each
// with one of a million codes; 16 tries before a block and two unblocks a year then
// give an attacker who knows the password a chance below 1 in 10,000 a year. With two
// apps, twice as many codes are right, so half as many tries are allowed.
type Limits struct {
	EnrolmentCodes int           // wrong codes before the first right one, of an account and of a new app: 5
	Codes          int           // wrong codes in a row on an active account: at most 16
	EnrolmentTime  time.Duration // from the QR to the first right code: 7 days
	RecoveryDelay  time.Duration // from an unblock to the QR, for an account that was active before
	ResetTime      time.Duration // of a mailed link for a new password, and then of the browser that used it: 30 minutes
	NewAppTime     time.Duration // from the QR of a new app to its first right code: 1 hour
	UndoTime       time.Duration // of the link that undoes a change of address: at most PreviousTime, in which the address is kept
}

// DefaultLimits are the limits of DESIGN.md §3.7 and §8.4.
var DefaultLimits = Limits{EnrolmentCodes: 5, Codes: 10, EnrolmentTime: 7 * 24 * time.Hour, ResetTime: 30 * time.Minute, NewAppTime: time.Hour, UndoTime: PreviousTime}

// Delay returns how long codes are not checked after n wrong ones in a row. There
// is no delay after the first two: a typing error, or a code that just expired.
func Delay(n int) time.Duration {
	switch {
	case n < 3:
		return 0
	case n < 5:
		return 5 * time.Second
	case n < 7:
		return 30 * time.Second
	default:
		return 2 * time.Minute
	}
}

// mostCodes is the most wrong codes that may block an account with one app.
const mostCodes = 16

// Limit returns the number of wrong codes that blocks an account in this state, with
// this number of apps.
func (l Limits) Limit(s State, apps int) int {
	if s == QRShown {
		return l.EnrolmentCodes
	}
	return min(l.Codes, mostCodes/apps)
}

// EnrolmentLapsed reports whether the QR was shown too long ago without a right
// code since. It is judged at the next login.
func (l Limits) EnrolmentLapsed(a Account, now time.Time) bool {
	return a.State == QRShown && !now.Before(a.Factor.ShownAt.Add(l.EnrolmentTime))
}
