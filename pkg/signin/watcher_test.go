package signin_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/signin"
)

// watchRound is how much a Watcher reads at once.
const watchRound = 200

// watchtower stores series of refused passwords and notices in memory.
type watchtower struct {
	signin.Refusals
	row     sync.Mutex
	series  map[string]signin.Series // by key
	events  []audit.Event            // of which notices are gathered
	read    int
	notices map[string]signin.Notice // by realm and id
	fail    map[string]error         // by call
	asked   []string
	rec     effect.Effects
	between func(call string) // called at the beginning of each call
}

func newWatchtower() (*signin.Watcher, *watchtower) {
	w := &watchtower{series: map[string]signin.Series{}, notices: map[string]signin.Notice{}, fail: map[string]error{}}
	told := func(r realm.Realm) signin.Told {
		mails := func(what, who string) ([]mail.Message, error) {
			if who == "gone" {
				return nil, errs.ErrNotFound
			}
			return []mail.Message{{Subject: what, To: string(r) + " " + who}}, w.fail[what]
		}
		return signin.Told{
			Notice: func(_ context.Context, n signin.Notice, _ time.Time) ([]mail.Message, error) {
				return mails(fmt.Sprintf("%d codes, %d browsers", n.Codes, n.Browsers), n.Who)
			},
			Tries: func(_ context.Context, who string, _ time.Time) ([]mail.Message, error) { return mails("tries", who) },
		}
	}
	return &signin.Watcher{
		Refusals: w, Notices: w, Now: func() time.Time { return noon },
		People: map[realm.Realm]signin.Told{realm.Holder: told(realm.Holder), realm.Official: told(realm.Official)},
	}, w
}

// ask writes a call down. It is made before the lock of a row is taken.
func (w *watchtower) ask(call string) error {
	if w.between != nil {
		w.between(call)
	}
	w.row.Lock()
	defer w.row.Unlock()
	if w.asked = append(w.asked, call); len(w.asked) > 20_000 {
		return errors.New("the watcher does not end")
	}
	return w.fail[call]
}

func (w *watchtower) record(rec effect.Effects) {
	w.rec.Events, w.rec.Mails = append(w.rec.Events, rec.Events...), append(w.rec.Mails, rec.Mails...)
}

func (w *watchtower) wrote() (out []string) {
	for _, e := range w.rec.Events {
		out = append(out, string(e.Action)+" "+e.ObjectID)
	}
	for _, m := range w.rec.Mails {
		out = append(out, m.Subject+" to "+m.To)
	}
	w.rec = effect.Effects{}
	return out
}

func (w *watchtower) Unreported(_ context.Context, now time.Time, n int) (out []signin.Series, _ error) {
	if err := w.ask("unreported"); err != nil {
		return nil, err
	}
	w.row.Lock()
	defer w.row.Unlock()
	for _, key := range slices.Sorted(maps.Keys(w.series)) {
		s := w.series[key]
		if _, over, events := s.Report(now); (over || len(events) > 0) && len(out) < n {
			out = append(out, s)
		}
	}
	return out, nil
}

func (w *watchtower) Reported(_ context.Context, was, next signin.Series, over bool, rec effect.Effects, _ time.Time) error {
	if err := w.ask("reported"); err != nil {
		return err
	}
	w.row.Lock()
	defer w.row.Unlock()
	now, ok := w.series[was.Key]
	if !ok || now.Told != was.Told || now.Locks != was.Locks || over && now.Tries != was.Tries {
		return errs.ErrConflict
	}
	if w.series[was.Key] = next; over {
		delete(w.series, was.Key)
	}
	w.record(rec)
	return nil
}

func (w *watchtower) Gather(_ context.Context, n int) (int, error) {
	if err := w.ask("gather"); err != nil {
		return 0, err
	}
	w.row.Lock()
	defer w.row.Unlock()
	events := w.events[w.read:min(w.read+n, len(w.events))]
	w.read += len(events)
	for _, e := range events {
		if add, ok := signin.NoticeOf(e); ok {
			key := string(add.Realm) + " " + add.Who
			sum := w.notices[key]
			add.Codes, add.Browsers, add.Mailed = sum.Codes+add.Codes, sum.Browsers+add.Browsers, sum.Mailed
			w.notices[key] = add
		}
	}
	return len(events), nil
}

func (w *watchtower) Gathered(_ context.Context, now time.Time, n int) (out []signin.Notice, _ error) {
	if err := w.ask("gathered"); err != nil {
		return nil, err
	}
	w.row.Lock()
	defer w.row.Unlock()
	for _, key := range slices.Sorted(maps.Keys(w.notices)) {
		if notice := w.notices[key]; notice.Due(now) && len(out) < n {
			out = append(out, notice)
		}
	}
	return out, nil
}

func (w *watchtower) Mailed(_ context.Context, n signin.Notice, now time.Time, rec effect.Effects) error {
	if err := w.ask("mailed"); err != nil {
		return err
	}
	w.row.Lock()
	defer w.row.Unlock()
	key := string(n.Realm) + " " + n.Who
	if w.notices[key] != n {
		return errs.ErrConflict
	}
	w.notices[key] = signin.Notice{Realm: n.Realm, Who: n.Who, Mailed: now}
	w.record(rec)
	return nil
}

// refuse stores a series of refused passwords.
func (w *watchtower) refuse(r realm.Realm, who string, change func(*signin.Series)) {
	s := signin.Series{Refusal: signin.Refusal{Realm: r, Key: "key of " + who, Who: who}, Tries: 1, First: noon.Add(-time.Minute), Last: noon}
	change(&s)
	w.series[s.Key] = s
}

// X5: the first refusal of a series has one event, each lock has one event and one mail,
// and the end has one event.
func TestX5_WatcherReports(t *testing.T) {
	t.Parallel()
	lock := func(s *signin.Series) { s.Told, s.NewLocks = true, []time.Time{noon.Add(time.Minute)} }
	for name, c := range map[string]struct {
		realm  realm.Realm
		who    string
		change func(*signin.Series)
		fail   map[string]error
		wrote  []string
		kept   int // series afterwards
		want   error
	}{
		"the first":      {realm.Holder, "a", func(*signin.Series) {}, nil, []string{"account.password_refused a"}, 1, nil},
		"told":           {realm.Holder, "a", func(s *signin.Series) { s.Told = true }, nil, nil, 1, nil},
		"a lock":         {realm.Holder, "a", lock, nil, []string{"account.passwords_locked a", "tries to holder a"}, 1, nil},
		"of an official": {realm.Official, "o", lock, nil, []string{"staff.passwords_locked o", "tries to official o"}, 1, nil},
		"of one gone":    {realm.Holder, "gone", lock, nil, []string{"account.passwords_locked gone"}, 1, nil},
		"over": {
			realm.Holder, "a", func(s *signin.Series) { s.Told, s.Tries, s.First = true, 7, noon.Add(-signin.SeriesTime) }, nil,
			[]string{"account.passwords_refused a"}, 0, nil,
		},
		"of nobody, over":   {realm.Holder, "", func(s *signin.Series) { s.First = noon.Add(-signin.SeriesTime) }, nil, nil, 0, nil},
		"another server":    {realm.Holder, "a", func(*signin.Series) {}, map[string]error{"reported": errs.ErrConflict}, nil, 1, nil},
		"people are away":   {realm.Holder, "a", lock, map[string]error{"tries": errs.ErrUnavailable}, nil, 1, errs.ErrUnavailable},
		"refusals are away": {realm.Holder, "a", lock, map[string]error{"unreported": errs.ErrUnavailable}, nil, 1, errs.ErrUnavailable},
		"away to write":     {realm.Holder, "a", lock, map[string]error{"reported": errs.ErrUnavailable}, nil, 1, errs.ErrUnavailable},
	} {
		watcher, w := newWatchtower()
		w.fail = c.fail
		w.refuse(c.realm, c.who, c.change)
		err := watcher.Run(t.Context())
		if wrote := w.wrote(); !errors.Is(err, c.want) || !slices.Equal(wrote, c.wrote) || len(w.series) != c.kept {
			t.Errorf("%s: Run() = %v, writes %q and leaves %d series, want %v, %q and %d",
				name, err, wrote, len(w.series), c.want, c.wrote, c.kept)
		}
		if !slices.Contains(w.asked, "gathered") {
			t.Errorf("%s: Run() asks %q, want the notices too, whatever becomes of the refusals", name, w.asked)
		}
		if c.want != nil {
			continue
		}
		if err := watcher.Run(t.Context()); err != nil || len(w.wrote()) > 0 {
			t.Errorf("%s: Run() again = %v and writes again, want nothing", name, err)
		}
	}
}

// X5: a run reports all series, also more than it reads at once, each once, also on several
// servers. It ends when another server reports all that it reads.
func TestX5_WatcherReportsAll(t *testing.T) {
	t.Parallel()
	const all = 2*watchRound + 50
	for name, run := range map[string]func(*signin.Watcher){
		"one server": func(w *signin.Watcher) {
			if err := w.Run(t.Context()); err != nil {
				t.Errorf("Run() = %v, want nil", err)
			}
		},
		"several": func(w *signin.Watcher) { atOnce(t, nil, func(int) error { return w.Run(t.Context()) }) },
	} {
		watcher, w := newWatchtower()
		for i := range all {
			w.refuse(realm.Holder, fmt.Sprintf("a%03d", i), func(*signin.Series) {})
		}
		run(watcher)
		wrote := w.wrote()
		slices.Sort(wrote)
		if n := len(wrote); n != all || len(slices.Compact(wrote)) != n {
			t.Errorf("%s: Run() writes %d events, want one for each of %d series", name, n, all)
		}
	}
	watcher, w := newWatchtower()
	for i := range watchRound {
		w.refuse(realm.Holder, fmt.Sprintf("a%03d", i), func(*signin.Series) {})
	}
	w.fail["reported"] = errs.ErrConflict
	err := watcher.Run(t.Context())
	if reads := strings.Count(strings.Join(w.asked, " "), "unreported"); err != nil || reads != 1 {
		t.Errorf("Run() beside a server that is quicker = %v, and reads %d times, want nil and once", err, reads)
	}
}

// X18: all events are gathered before a notice is mailed, and each person gets one mail. A
// notice that changes meanwhile waits for the next run.
func TestX18_WatcherNotifies(t *testing.T) {
	t.Parallel()
	early := noon.Add(-signin.GatherTime)
	wrong := func(who string, n int) (out []audit.Event) {
		for range n {
			out = append(out, audit.Holder(who).Did(audit.AccountCodeWrong, who, early))
		}
		return out
	}
	login := audit.Official("o").Did(audit.StaffLogin, "o", early).With(map[string]string{"browser": "new"})
	for name, c := range map[string]struct {
		events []audit.Event
		fail   map[string]error
		change func(*watchtower, string)
		wrote  []string
		waits  int // notices that are still to be mailed
		want   error
	}{
		"none": {nil, nil, nil, nil, 0, nil},
		"of both realms": {
			append(wrong("a", 2), login), nil, nil,
			[]string{"2 codes, 0 browsers to holder a", "0 codes, 1 browsers to official o"}, 0, nil,
		},
		"more than one read": {wrong("a", 2*watchRound+50), nil, nil, []string{"450 codes, 0 browsers to holder a"}, 0, nil},
		"exactly one read":   {wrong("a", watchRound), nil, nil, []string{"200 codes, 0 browsers to holder a"}, 0, nil},
		"of one gone":        {append(wrong("gone", 1), login), nil, nil, []string{"0 codes, 1 browsers to official o"}, 0, nil},
		"one more meanwhile": {wrong("a", 1), nil, func(w *watchtower, call string) {
			if call == "mailed" {
				n := w.notices["holder a"]
				n.Codes++
				w.notices["holder a"] = n
			}
		}, nil, 1, nil},
		"events are away":  {wrong("a", 1), map[string]error{"gather": errs.ErrUnavailable}, nil, nil, 0, errs.ErrUnavailable},
		"a quicker server": {wrong("a", 1), map[string]error{"gather": errs.ErrConflict}, nil, nil, 0, nil},
		"notices are away": {wrong("a", 1), map[string]error{"gathered": errs.ErrUnavailable}, nil, nil, 1, errs.ErrUnavailable},
		"people are away":  {wrong("a", 1), map[string]error{"1 codes, 0 browsers": errs.ErrUnavailable}, nil, nil, 1, errs.ErrUnavailable},
		"away to write":    {wrong("a", 1), map[string]error{"mailed": errs.ErrUnavailable}, nil, nil, 1, errs.ErrUnavailable},
	} {
		watcher, w := newWatchtower()
		w.events, w.fail = c.events, c.fail
		if c.change != nil {
			w.between = func(call string) { c.change(w, call) }
		}
		err, waits := watcher.Run(t.Context()), 0
		for _, n := range w.notices {
			if n.Codes+n.Browsers > 0 {
				waits++
			}
		}
		if wrote := w.wrote(); !errors.Is(err, c.want) || !slices.Equal(wrote, c.wrote) || waits != c.waits {
			t.Errorf("%s: Run() = %v, writes %q and leaves %d notices, want %v, %q and %d", name, err, wrote, waits, c.want, c.wrote, c.waits)
		}
		if !slices.Contains(w.asked, "unreported") {
			t.Errorf("%s: Run() asks %q, want the refusals too, whatever becomes of the notices", name, w.asked)
		}
	}
}

// X18: several servers mail each notice once.
func TestX18_WatchersAtOnce(t *testing.T) {
	t.Parallel()
	watcher, w := newWatchtower()
	for _, who := range []string{"a", "b", "c"} {
		w.events = append(w.events, audit.Holder(who).Did(audit.AccountCodeWrong, who, noon.Add(-signin.GatherTime)))
	}
	atOnce(t, nil, func(int) error { return watcher.Run(t.Context()) })
	if wrote := w.wrote(); len(wrote) != 3 {
		t.Errorf("16 servers write the mails %q, want one for each of three people", wrote)
	}
}

// X5: a wrong password that cannot be stored is answered as unavailable; otherwise it would
// be missing from the audit log.
func TestX5_RefusalsAreAway(t *testing.T) {
	t.Parallel()
	o := newHome(t, account.Active)
	o.Watch.Refusals = &refused{err: errs.ErrUnavailable}
	_, err := o.Password(t.Context(), "anna@example.com", "wrong", signin.From{})
	if !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, signin.ErrRefused) {
		t.Errorf("Password(wrong) with refusals away = %v, want errs.ErrUnavailable", err)
	}
	if _, err := o.Password(t.Context(), "anna@example.com", "right", signin.From{}); err != nil {
		t.Errorf("Password(right) with refusals away = %v, want nil", err)
	}
}
