package helpdesk

import (
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

// NeedsSecond reports whether a colleague has to confirm a request: for a
// change of address always, for an account of a company, and soon after an
// unblock (SecondWithin). moved is Moved: a new address and an unblock together
// hand an account over, so that the second of the two needs a colleague too.
func NeedsSecond(kind Kind, a account.Account, moved bool, now time.Time) bool {
	return kind == Address || a.Kind == account.LegalPerson ||
		!a.UnblockedAt.IsZero() && now.Before(a.UnblockedAt.Add(SecondWithin)) || kind == Unblock && moved
}

// Moved reports whether one of an account's requests changed its address in the
// last time (SecondWithin).
func Moved(requests []Request, now time.Time) bool {
	return slices.ContainsFunc(requests, func(r Request) bool {
		return r.Kind == Address && r.State == Done && now.Before(r.DecidedAt.Add(SecondWithin))
	})
}

// Admit judges the beginning of a request at r.OpenedAt, by the account as it
// is stored and its requests that are under way or ended in the last time
// (SecondWithin). It returns the request as it is to be kept, and those that end
// by it, as they end.
//
// An account has one unblock at a time, and one change (of address, or a
// closing): errs.ErrConflict while a colleague works on one or one waits for a
// colleague, in the time after a refused one of the kind (Cooling), and when
// the account is not of r.Epoch, is closed or, for an unblock, not blocked. One
// that the same official left open ends by this, and one that is over.
//
// A request with a caller begins with as many wrong answers as were given about
// the account in the last time (Cooling), in requests of any kind that were not
// done: beginning anew gives no new tries. WrongAnswers of them are a conflict
// too. A closing that needs no colleague is done by this.
func Admit(r Request, a account.Account, requests []Request) (admitted Request, ended []Request, err error) {
	now := r.OpenedAt
	if !r.stands(a) {
		return r, nil, errs.ErrConflict
	}
	wrong := 0
	for _, e := range requests {
		if !e.Ends().IsZero() && (e.Kind == Unblock) == (r.Kind == Unblock) {
			if !e.Over(now) && e.Epoch == r.Epoch && (e.State != Open || e.OpenedBy != r.OpenedBy) {
				return r, nil, errs.ErrConflict
			}
			e = e.end(Cancelled, r.OpenedBy, now)
			ended = append(ended, e)
		}
		if e.Kind == r.Kind && e.State == Refused && now.Before(e.DecidedAt.Add(Cooling)) {
			return r, nil, errs.ErrConflict
		}
		last := e.DecidedAt
		if last.IsZero() {
			last = e.OpenedAt
		}
		if e.State != Done && now.Before(last.Add(Cooling)) {
			wrong = max(wrong, e.Wrong)
		}
	}
	if r.Kind != Closing {
		if wrong >= WrongAnswers {
			return r, nil, errs.ErrConflict
		}
		r.Wrong = wrong
	}
	r.Second = r.Second || NeedsSecond(r.Kind, a, Moved(requests, now), now)
	if r.Kind == Closing && !r.Second {
		r = r.done(r.OpenedBy, now)
	}
	return r, ended, nil
}

// Confirm judges the yes of an official: an unblock or a closing is done, a new
// address can be confirmed by its holder, after delay. errs.ErrConflict when
// the official may not give it (MayConfirm), or the request cannot go on.
func Confirm(r Request, a account.Account, official string, now time.Time, delay time.Duration) (Request, error) {
	if !MayConfirm(r, Next(r, r.Live(a, now), official)) {
		return r, errs.ErrConflict
	}
	if r.Kind != Address {
		return r.done(official, now), nil
	}
	r.State, r.ConfirmedBy = Confirmed, official
	r.From = now.Add(delay)
	r.Until = r.From.Add(HolderTime)
	return r, nil
}

// End judges the end of a request by an official: a colleague refuses a
// proposal, the official who began a request gives it up, and anybody does once
// the holder has objected. errs.ErrConflict when the official may not
// (MayEnd).
func End(r Request, a account.Account, official string, now time.Time) (Request, error) {
	at := Next(r, r.Live(a, now), official)
	if !MayEnd(at) {
		return r, errs.ErrConflict
	}
	if at == StepSecond {
		return r.end(Refused, official, now), nil
	}
	return r.end(Cancelled, official, now), nil
}

// Leave returns a request after the official who began it left, and reports
// whether that ends it: one that its holder may still confirm goes on.
func (r Request) Leave(by string, now time.Time) (Request, bool) {
	if r.State != Open && r.State != Proposed {
		return r, false
	}
	return r.end(Cancelled, by, now), true
}

// HolderVerdict is what became of a code for a new address.
type HolderVerdict string

// The verdicts.
const (
	CodeRight HolderVerdict = "right"
	CodeWrong HolderVerdict = "wrong"
	CodeOver  HolderVerdict = "over"  // wrong, and once too often
	CodeEarly HolderVerdict = "early" // right, but before From; not counted
)

// TakeCode judges a code for a new address, with the try already counted. The
// right one makes the request done, the last wrong one ends it.
// errs.ErrConflict when no code is awaited (any more).
func TakeCode(r Request, a account.Account, right bool, now time.Time) (Request, HolderVerdict, error) {
	switch {
	case r.Kind != Address || r.State != Confirmed || !r.Live(a, now):
		return r, "", errs.ErrConflict
	case right && now.Before(r.From):
		r.Tries--
		return r, CodeEarly, nil
	case right:
		return r.end(Done, "", now), CodeRight, nil
	case r.Tries >= HolderTries:
		return r.end(Cancelled, "", now), CodeOver, nil
	}
	return r, CodeWrong, nil
}

func (r Request) done(official string, now time.Time) Request {
	r.ConfirmedBy = official
	return r.end(Done, official, now)
}

func (r Request) end(state State, by string, now time.Time) Request {
	r.State, r.DecidedBy, r.DecidedAt = state, by, now
	return r
}
