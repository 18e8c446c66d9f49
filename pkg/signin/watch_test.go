package signin_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/signin"
)

// refused remembers what it was told.
type refused struct {
	signin.Refusals
	all []signin.Refusal
	err error
}

func (r *refused) Refuse(_ context.Context, refusal signin.Refusal, _ time.Time) error {
	r.all = append(r.all, refusal)
	return r.err
}

// X5: each refused password is counted by its reason and stored by one call, also for
// an address that is nobody's; a right password is neither.
func TestX5_RefusedPasswordsAreCounted(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		change   func(*house)
		email    string
		password string
		why      signin.Reason
		who      string
	}{
		"right":              {func(*house) {}, "anna@example.com", "right", "", ""},
		"wrong":              {func(*house) {}, "anna@example.com", "wrong", signin.WrongPassword, "a"},
		"unknown":            {func(*house) {}, "nobody@example.com", "right", signin.UnknownAddress, ""},
		"no address":         {func(*house) {}, "nobody", "right", signin.UnknownAddress, ""},
		"locked, right":      {func(h *house) { h.open = false }, "anna@example.com", "right", signin.LockedLane, "a"},
		"locked and unknown": {func(h *house) { h.open = false }, "nobody@example.com", "right", signin.LockedLane, ""},
		"closed":             {func(h *house) { h.account.State = account.Closed }, "anna@example.com", "right", signin.NotAdmitted, "a"},
	} {
		h := newHouse()
		c.change(h)
		store, counted := &refused{}, []signin.Reason{}
		rules := h.rules()
		rules.Watch = signin.Watch{Refusals: store, Count: func(r realm.Realm, why signin.Reason) {
			if r != realm.Holder {
				t.Errorf("%s: counted for %s, want %s", what, r, realm.Holder)
			}
			counted = append(counted, why)
		}}
		_, _ = rules.Password(t.Context(), c.email, c.password, signin.From{Origin: "192.0.2.0/24"})
		var want []signin.Reason
		var stored []signin.Refusal
		if c.why != "" {
			want = []signin.Reason{c.why}
			stored = []signin.Refusal{{Realm: realm.Holder, Key: limit.Key([]byte("key"), realm.Holder, c.email), Who: c.who, Origin: "192.0.2.0/24"}}
		}
		if !slices.Equal(counted, want) || !reflect.DeepEqual(store.all, stored) {
			t.Errorf("%s: counted %q and stored %+v, want %q and %+v", what, counted, store.all, want, stored)
		}
	}
}

// X5: a series has an event about its first refusal, one about each lock, and one with
// the sum, however many passwords were tried; an address of nobody has none.
func TestX5_SeriesIsSummed(t *testing.T) {
	t.Parallel()
	for _, r := range []realm.Realm{realm.Holder, realm.Official} {
		s := signin.Series{Refusal: signin.Refusal{Realm: r, Key: "k", Who: "a", Origin: "192.0.2.0/24"}, Tries: 1, First: noon, Last: noon}
		prefix := map[realm.Realm]string{realm.Holder: "account.", realm.Official: "staff."}[r]
		var all []string
		report := func(now time.Time, wantOver bool) {
			t.Helper()
			next, over, events := s.Report(now)
			for _, e := range events {
				if e.ObjectID != "a" || e.Outcome != audit.Refused || e.Origin != "192.0.2.0/24" || e.ActorKind != audit.ActorSystem {
					t.Errorf("event %+v, want one about a by the system", e)
				}
				all = append(all, string(e.Action)+" "+e.Details["tries"])
			}
			if over != wantOver {
				t.Errorf("over = %t at %s, want %t", over, now, wantOver)
			}
			s = next
		}
		report(noon, false)
		for range 100 {
			s.Tries++
			s.Last = s.Last.Add(time.Minute)
			report(s.Last, false)
		}
		s.NewLocks = []time.Time{noon.Add(time.Hour), noon.Add(2 * time.Hour)} // two lanes
		report(noon.Add(time.Hour), false)
		if !s.Locked.Equal(noon.Add(2*time.Hour)) || s.Locks != 2 || s.NewLocks != nil {
			t.Errorf("after two locks: %+v", s)
		}
		report(noon.Add(signin.SeriesTime-time.Millisecond), false)
		report(noon.Add(signin.SeriesTime), true)
		if want := []string{prefix + "password_refused ", prefix + "passwords_locked 101", prefix + "passwords_locked 101", prefix + "passwords_refused 101"}; !slices.Equal(all, want) {
			t.Errorf("%s: events %q, want %q", r, all, want)
		}
	}
	once := signin.Series{Refusal: signin.Refusal{Realm: realm.Holder, Who: "a"}, Tries: 1, First: noon, Last: noon, Told: true}
	if _, over, events := once.Report(noon.Add(signin.SeriesTime)); !over || len(events) != 0 {
		t.Errorf("the end of a single refusal: %t, %+v, want true and no event", over, events)
	}
	nobody := signin.Series{Refusal: signin.Refusal{Realm: realm.Holder}, Tries: 9, First: noon, Last: noon, NewLocks: []time.Time{noon}}
	if _, over, events := nobody.Report(noon.Add(signin.SeriesTime)); !over || len(events) != 0 {
		t.Errorf("the end of a series of nobody's address: %t, %+v, want true and no event", over, events)
	}
}

// X18: what a person is told of, and when.
func TestX18_Notices(t *testing.T) {
	t.Parallel()
	fresh := map[string]string{"browser": "new"}
	for what, c := range map[string]struct {
		event           audit.Event
		realm           realm.Realm
		codes, browsers int
	}{
		"wrong code":               {audit.Holder("a").Did(audit.AccountCodeWrong, "a", noon), realm.Holder, 1, 0},
		"login, known browser":     {audit.Holder("a").Did(audit.AccountLogin, "a", noon), realm.Holder, 0, 0},
		"login, new browser":       {audit.Holder("a").Did(audit.AccountLogin, "a", noon).With(fresh), realm.Holder, 0, 1},
		"official's wrong code":    {audit.Official("a").Did(audit.StaffCodeWrong, "a", noon), realm.Official, 1, 0},
		"official's login":         {audit.Official("a").Did(audit.StaffLogin, "a", noon), realm.Official, 0, 0},
		"official, new browser":    {audit.Official("a").Did(audit.StaffLogin, "a", noon).With(fresh), realm.Official, 0, 1},
		"official's code, a while": {audit.Official("a").Did(audit.StaffProven, "a", noon).With(fresh), realm.Official, 0, 1},
	} {
		n, ok := signin.NoticeOf(c.event)
		want := signin.Notice{Realm: c.realm, Who: "a", Codes: c.codes, Browsers: c.browsers, First: noon, Last: noon}
		if ok != (c.codes+c.browsers > 0) || ok && n != want {
			t.Errorf("%s: NoticeOf() = %+v, %t, want %+v", what, n, ok, want)
		}
		if !slices.Contains(signin.Noticed, c.event.Action) {
			t.Errorf("%s: %s is not gathered", what, c.event.Action)
		}
	}
	for _, c := range []struct {
		n    signin.Notice
		at   time.Duration
		want bool
	}{
		{signin.Notice{Codes: 1, First: noon}, signin.GatherTime - 1, false},
		{signin.Notice{Codes: 1, First: noon}, signin.GatherTime, true},
		{signin.Notice{Browsers: 1, First: noon}, signin.GatherTime, true},
		{signin.Notice{First: noon}, time.Hour, false},
		{signin.Notice{Codes: 1, First: noon, Mailed: noon.Add(-time.Minute)}, signin.GatherTime, false},
		{signin.Notice{Codes: 1, First: noon, Mailed: noon.Add(-time.Minute)}, signin.NoticeSpacing - time.Minute, true},
	} {
		if got := c.n.Due(noon.Add(c.at)); got != c.want {
			t.Errorf("%+v.Due(%s) = %t, want %t", c.n, c.at, got, c.want)
		}
	}
}
