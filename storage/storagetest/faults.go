package storagetest

import (
	"errors"
	"maps"
	"sync"

	"omgevingsloket-id/pkg/errs"
)

// Fault is a way in which a store does not answer.
type Fault int

// The faults. A caller cannot tell them apart, and must come out right after
// each.
const (
	NotWritten Fault = iota + 1 // unavailable, and nothing was done
	Written                     // unavailable, and yet it was done: the reply got lost
)

var errInjected = errors.New("injected fault")

// Faults counts the calls that go through the stores it wraps, and lets some
// fail. Calls are named by the field of Stores and the method:
// "Accounts.ShowQR". The zero value is ready; it is safe for concurrent use.
type Faults struct {
	mu     sync.Mutex
	faults map[string]planned
	calls  map[string]int
}

type planned struct {
	fault Fault
	times int // how many calls still fail; below nought: all
}

// Always lets every call of this name fail until Heal.
func (f *Faults) Always(name string, fault Fault) { f.plan(name, planned{fault, -1}) }

// Once lets the next call of this name fail.
func (f *Faults) Once(name string, fault Fault) { f.plan(name, planned{fault, 1}) }

func (f *Faults) plan(name string, p planned) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.faults == nil {
		f.faults = map[string]planned{}
	}
	f.faults[name] = p
}

// Heal ends all faults. The counts stay.
func (f *Faults) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Calls tells how often each call was made since the last Reset.
func (f *Faults) Calls() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.calls)
}

// Reset forgets the counts.
func (f *Faults) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = nil
}

// come counts a call and tells what happens to it.
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

// pass makes one call, or not. What a lost reply held is lost.
func pass[T any](f *Faults, name string, do func() (T, error)) (T, error) {
	var nothing T
	switch f.come(name) {
	case NotWritten:
		return nothing, errs.Unavailable(name, errInjected)
	case Written:
		_, _ = do() // success, conflict or not found: the caller does not hear it
		return nothing, errs.Unavailable(name, errInjected)
	}
	return do()
}

// tell is pass for calls that give no value.
func tell(f *Faults, name string, do func() error) error {
	_, err := pass(f, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// Wrap puts f in front of the stores that are there.
func (f *Faults) Wrap(s Stores) Stores {
	if s.Accounts != nil {
		s.Accounts = accounts{f, s.Accounts}
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
	if s.Outbox != nil {
		s.Outbox = outbox{f, s.Outbox}
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
