// Package limit defines what is counted: wrong passwords per address and lane,
// which must not be lost, and what strangers spend in a window, which may be
// lost.
//
//	a room ─► op/web.Limits ─► Windows.Spend(budget, key, amount) ─► within the budget?
//
// A budget (budget.go) is a figure of the table in deploy/decisions/015: how
// much one source, one address, one network or everybody together may spend.
//
// A lane is the counter of password tries for one address, from one browser
// that logged in before (a known device) or from all others together. A stranger
// who guesses uses up the lane of the strangers; the holder's own browser has
// another lane. A lock is not a state of an account: while a lane is locked,
// every password gets the answer of a wrong one.
package limit

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/secret"
)

// Tally is the count of one lane.
type Tally struct {
	Failures    int
	LockedUntil time.Time
	LastAt      time.Time
}

// Strangers is the lane of browsers that never logged in to the account.
const Strangers = "strangers"

const (
	freeTries  = 5
	firstLock  = time.Minute
	longest    = time.Hour
	forgetting = 24 * time.Hour
)

// Count reports whether a lane is open for one more try at now, and returns the
// tally to keep. The try is counted as wrong before anything is checked; a
// right password clears the lane afterwards. Tries while it is locked are not
// counted.
func Count(t Tally, now time.Time) (open bool, next Tally) {
	if now.Before(t.LockedUntil) {
		return false, t
	}
	if now.Sub(t.LastAt) >= forgetting {
		t = Tally{}
	}
	t.Failures++
	t.LastAt = now
	if over := t.Failures - freeTries; over >= 0 {
		lock := longest
		if over < 6 {
			lock = min(firstLock<<over, longest)
		}
		t.LockedUntil = now.Add(lock)
	}
	return true, t
}

// Key returns the key of the lanes and devices of an address in a realm: a MAC
// that does not reveal the address, and is computed in the same way whether or
// not an account has the address.
func Key(mac []byte, r realm.Realm, canonical string) string {
	return secret.MAC(mac, "lane", string(r), canonical)
}

// Lanes keeps tallies of wrong passwords. Keys are those of Key. It is durable
// (SQL).
type Lanes interface {
	// Try applies Count to the lane of this key in one transaction and reports
	// whether it was open. deviceHash names a browser: when it is known for
	// the key its own lane counts, else that of the strangers.
	Try(ctx context.Context, key, deviceHash string, now time.Time) (open bool, err error)
	// Clear empties the lane after a right password that Try found it open for.
	// The try itself may have locked the lane (it counts as wrong until it is
	// known to be right), so a lock is no reason to keep it.
	Clear(ctx context.Context, key, deviceHash string) error
	// Remember makes a device known for the key, and keeps when it was last used, to
	// the day.
	Remember(ctx context.Context, key, deviceHash string, now time.Time) error
	// Lend makes a device known for the key until a time, unless it is known.
	Lend(ctx context.Context, key, deviceHash string, now, until time.Time) error
}

// Locks opens locked lanes. Keys are those of Key. It is durable (SQL).
type Locks interface {
	// Open removes every lock of this key and writes the effects.
	Open(ctx context.Context, key string, rec effect.Effects) error
}

// Charge is an amount that is spent of a budget by one key. There is a counter for
// each pair of a budget's name and a key.
type Charge struct {
	Budget
	Key    string
	Amount int
}

// Windows counts what is spent in fixed windows, which begin with the first
// amount; it may forget.
type Windows interface {
	// Spend adds charges in their order, up to the first whose sum exceeds the most
	// of its budget: over is its index, or -1 if there is none, and wait is the
	// time until its window ends. With an error, over is not -1. What is refused
	// counts as well. A call with several charges shares its counters only with
	// other calls with several charges of which the first is the same.
	Spend(ctx context.Context, charges ...Charge) (over int, wait time.Duration, err error)
}
