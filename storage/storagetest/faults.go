package storagetest

import (
	"errors"
	"maps"
	"sync"

	"omgevingsloket-id/pkg/errs"
)

// Fault is a way in which a store fails.
type Fault int

// The faults. A caller cannot distinguish them and must handle both.
const (
	NotWritten Fault = iota + 1 // errs.ErrUnavailable, and nothing was done
	Written                     // errs.ErrUnavailable, but it was done: the reply was lost
)

var errInjected = errors.New("injected fault")

// Faults counts the calls to the stores it wraps, and makes some fail. Calls are
// named by the field of Stores and the method: "Accounts.ShowQR". The zero value
// is ready to use; it is safe for concurrent use.
type Faults struct {
	mu     sync.Mutex
	faults map[string]planned
	calls  map[string]int
}

type planned struct {
	fault Fault
	times int // the number of calls that will fail; negative means all
}

// Always makes every call of this name fail until Heal.
func (f *Faults) Always(name string, fault Fault) { f.plan(name, planned{fault, -1}) }

// Once makes the next call of this name fail.
func (f *Faults) Once(name string, fault Fault) { f.plan(name, planned{fault, 1}) }

func (f *Faults) plan(name string, p planned) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.faults == nil {
		f.faults = map[string]planned{}
	}
	f.faults[name] = p
}

// Heal ends all faults and keeps the counts.
func (f *Faults) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Calls returns the number of calls by name since the last Reset.
func (f *Faults) Calls() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.calls)
}

// Reset sets the counts to zero.
func (f *Faults) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

// come counts a call and returns its fault, 0 if it has none.
func (f *Faults) come(name string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[name]++
	p := f.faults[name]
	if p.times == 0 {
		return 0
	}
	p.times--
	f.faults[name] = p
	return p.fault
}

// pass makes one call unless it fails before it is done. It drops the result of
// a call with a lost reply.
func pass[T any](f *Faults, name string, do func() (T, error)) (T, error) {
	var nothing T
	switch f.come(name) {
	case NotWritten:
		return nothing, errs.Unavailable(name, errInjected)
	case Written:
		_, _ = do() // the result is lost
		return nothing, errs.Unavailable(name, errInjected)
	}
	return do()
}

// tell is like pass, for calls that return only an error.
func tell(f *Faults, name string, do func() error) error {
	_, err := pass(f, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// Wrap returns s with each store that is not nil wrapped by f.
func (f *Faults) Wrap(s Stores) Stores {
	if s.Accounts != nil {
		s.Accounts = accounts{f, s.Accounts}
	}
	if s.Recoveries != nil {
		s.Recoveries = recoveries{f, s.Recoveries}
	}
	if s.Addresses != nil {
		s.Addresses = addresses{f, s.Addresses}
	}
	if s.Applications != nil {
		s.Applications = applications{f, s.Applications}
	}
	if s.Clients != nil {
		s.Clients = clients{f, s.Clients}
	}
	if s.Consents != nil {
		s.Consents = consents{f, s.Consents}
	}
	if s.Grants != nil {
		s.Grants = grants{f, s.Grants}
	}
	if s.Keys != nil {
		s.Keys = keys{f, s.Keys}
	}
	if s.Lanes != nil {
		s.Lanes = lanes{f, s.Lanes}
	}
	if s.Locks != nil {
		s.Locks = locks{f, s.Locks}
	}
	if s.Refusals != nil {
		s.Refusals = refusals{f, s.Refusals}
	}
	if s.Devices != nil {
		s.Devices = devices{f, s.Devices}
	}
	if s.Resets != nil {
		s.Resets = resets{f, s.Resets}
	}
	if s.Logins != nil {
		s.Logins = logins{f, s.Logins}
	}
	if s.Outbox != nil {
		s.Outbox = outbox{f, s.Outbox}
	}
	if s.Bounces != nil {
		s.Bounces = bouncesStore{f, s.Bounces}
	}
	if s.Audit != nil {
		s.Audit = auditLog{f, s.Audit}
	}
	if s.Requests != nil {
		s.Requests = requests{f, s.Requests}
	}
	if s.Sessions != nil {
		s.Sessions = sessions{f, s.Sessions}
	}
	if s.Windows != nil {
		s.Windows = windows{f, s.Windows}
	}
	return s
}
