package storagetest

import (
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/signin"
)

// Watching tests a signin.Refusals, a signin.Devices and a signin.Notices.
func Watching(t *testing.T, open func(*testing.T) (Stores, signin.Notices)) {
	stores, notices := open(t)
	w := world{stores, t}
	t.Run("X5: refusals", func(t *testing.T) { refusalsSummed(t, w.in(t)) })
	t.Run("X5: locks", func(t *testing.T) { refusalsLocks(t, w.in(t)) })
	t.Run("X8: mails", func(t *testing.T) { refusalsMails(t, w.in(t)) })
	t.Run("X18: devices", func(t *testing.T) { devicesKnown(t, w.in(t)) })
	t.Run("X18: notices", func(t *testing.T) { noticesGathered(t, w.in(t), notices) })
	w.unbroken()
}

// series returns the stored series of a key; none if nothing has to be reported.
func (w world) series(key string, now time.Time) *signin.Series {
	w.t.Helper()
	all := ok[[]signin.Series](w.t)(w.Refusals.Unreported(ctx(w.t), now, 1000))
	i := slices.IndexFunc(all, func(s signin.Series) bool { return s.Key == key })
	if i < 0 {
		return nil
	}
	return &all[i]
}

func refusalsSummed(t *testing.T, w world) {
	refusal := signin.Refusal{Realm: realm.Holder, Key: fresh("key"), Who: fresh("account"), Origin: "192.0.2.0/24"}
	nobody := refusal
	nobody.Key, nobody.Who = fresh("key"), ""
	for _, err := range atOnce(func(i int) error {
		if i%2 == 0 {
			return w.Refusals.Refuse(ctx(t), nobody, noon)
		}
		r := refusal
		r.Origin = "192.0.2.0/24"
		return w.Refusals.Refuse(ctx(t), r, noon)
	}) {
		must(t, err)
	}
	if s := w.series(nobody.Key, noon.Add(signin.SeriesTime)); s != nil {
		t.Errorf("the address of nobody is to be reported: %+v", s)
	}
	s := w.series(refusal.Key, noon)
	want := signin.Series{Refusal: refusal, Tries: crowd / 2, First: noon, Last: noon}
	if s == nil {
		t.Fatal("nothing to report")
	}
	same(t, *s, want)
	rec := note("account.password_refused", refusal.Who)
	told := *s
	told.Told = true
	exactlyOne(t, atOnce(func(int) error { return w.Refusals.Reported(ctx(t), *s, told, false, rec, noon) }), errs.ErrConflict)
	w.written(rec)
	if s := w.series(refusal.Key, noon); s != nil {
		t.Errorf("reported, and still to be reported: %+v", s)
	}
	must(t, w.Refusals.Refuse(ctx(t), refusal, noon.Add(time.Minute)))
	if s := w.series(refusal.Key, noon.Add(signin.SeriesTime-time.Millisecond)); s != nil {
		t.Errorf("another try, and to be reported: %+v", s)
	}
	end := w.series(refusal.Key, noon.Add(signin.SeriesTime))
	if end == nil {
		t.Fatal("the series does not end")
	}
	want.Tries, want.Last, want.Told = crowd/2+1, noon.Add(time.Minute), true
	same(t, *end, want)
	must(t, w.Refusals.Refuse(ctx(t), refusal, noon.Add(2*time.Minute)))
	late := note("account.passwords_refused", refusal.Who)
	w.refused(w.Refusals.Reported(ctx(t), *end, *end, true, late, noon.Add(signin.SeriesTime)), errs.ErrConflict, late) // a try came between
	end = w.series(refusal.Key, noon.Add(signin.SeriesTime))
	w.happened(w.Refusals.Reported(ctx(t), *end, *end, true, late, noon.Add(signin.SeriesTime)), late)
	if s := w.series(refusal.Key, noon.Add(48*time.Hour)); s != nil {
		t.Errorf("over, and still there: %+v", s)
	}
}

// Mails about an address are TellAgain apart; events are written each time.
func refusalsMails(t *testing.T, w world) {
	refusal := signin.Refusal{Realm: realm.Holder, Key: fresh("key"), Who: fresh("account")}
	must(t, w.Refusals.Refuse(ctx(t), refusal, noon))
	s := *w.series(refusal.Key, noon)
	for i, after := range []time.Duration{0, signin.TellAgain - time.Millisecond, signin.TellAgain} {
		next := s
		next.Told, next.Locks = true, i+1
		rec := note("account.locked", refusal.Who)
		must(t, w.Refusals.Reported(ctx(t), s, next, false, rec, noon.Add(after)))
		if i == 1 {
			if mails := w.mails(rec.Mails[0].ID); len(mails) > 0 {
				t.Error("a second mail within a day")
			}
			rec.Mails = nil
		}
		w.written(rec)
		s = next
	}
}

func refusalsLocks(t *testing.T, w world) {
	refusal := signin.Refusal{Realm: realm.Official, Key: fresh("key"), Who: fresh("member")}
	device := fresh("device")
	must(t, w.Lanes.Clear(ctx(t), refusal.Key, device))
	must(t, w.Lanes.Remember(ctx(t), refusal.Key, device, noon))
	must(t, w.Refusals.Refuse(ctx(t), refusal, noon))
	first := w.lock(refusal.Key, "", noon)
	second := w.lock(refusal.Key, device, noon.Add(time.Second))
	s := w.series(refusal.Key, noon.Add(time.Second))
	if s == nil || !slices.EqualFunc(s.NewLocks, []time.Time{first, second}, time.Time.Equal) {
		t.Fatalf("series %+v, want locks until %s and %s", s, first, second)
	}
	next := *s
	next.Told, next.Locks, next.Locked = true, 2, second
	rec := note("staff.passwords_locked", refusal.Who)
	w.happened(w.Refusals.Reported(ctx(t), *s, next, false, rec, noon), rec)
	if s := w.series(refusal.Key, noon.Add(time.Second)); s != nil {
		t.Errorf("reported, and still to be reported: %+v", s)
	}
	w.try(refusal.Key, "", first) // locks again
	s = w.series(refusal.Key, first)
	if s == nil || len(s.NewLocks) != 1 || s.Locks != 2 {
		t.Errorf("series %+v, want one more lock", s)
	}
}

func devicesKnown(t *testing.T, w world) {
	key, device := fresh("key"), fresh("device")
	known := func(key, device string) bool { return ok[bool](t)(w.Devices.Known(ctx(t), key, device)) }
	same(t, known(key, device), false)
	must(t, w.Lanes.Clear(ctx(t), key, device))
	same(t, known(key, device), false)
	must(t, w.Lanes.Clear(ctx(t), key, device))
	must(t, w.Lanes.Remember(ctx(t), key, device, noon))
	same(t, []bool{known(key, device), known(key, ""), known(fresh("key"), device)}, []bool{true, false, false})
}

func noticesGathered(t *testing.T, w world, notices signin.Notices) {
	who := fresh("account")
	happen := func(action audit.Action, at time.Time, details map[string]string) {
		must(t, w.Audit.Note(ctx(t), audit.Holder(who).Did(action, who, at).With(details)))
	}
	gather := func() {
		t.Helper()
		// Servers gather at the same moment; each event counts once.
		for _, err := range atOnce(func(int) error {
			_, err := notices.Gather(ctx(t), 2)
			return err
		}) {
			if err != nil {
				is(t, err, errs.ErrConflict)
			}
		}
		for {
			if n := ok[int](t)(notices.Gather(ctx(t), 2)); n < 2 {
				return
			}
		}
	}
	due := func(now time.Time) *signin.Notice {
		t.Helper()
		all := ok[[]signin.Notice](t)(notices.Gathered(ctx(t), now, 1000))
		i := slices.IndexFunc(all, func(n signin.Notice) bool { return n.Who == who })
		if i < 0 {
			return nil
		}
		return &all[i]
	}
	gather()
	for i := range 7 {
		happen(audit.AccountCodeWrong, noon.Add(time.Duration(i)*time.Second), nil)
		happen(audit.AccountBlocked, noon, nil) // not gathered
	}
	happen(audit.AccountLogin, noon.Add(time.Minute), map[string]string{"browser": "new"})
	happen(audit.AccountLogin, noon.Add(2*time.Minute), nil)
	gather()
	if n := due(noon.Add(signin.GatherTime - time.Millisecond)); n != nil {
		t.Errorf("due too early: %+v", n)
	}
	n := due(noon.Add(signin.GatherTime))
	if n == nil {
		t.Fatal("nothing is due")
	}
	same(t, *n, signin.Notice{Realm: realm.Holder, Who: who, Codes: 7, Browsers: 1, First: noon, Last: noon.Add(time.Minute)})
	happen(audit.AccountCodeWrong, noon.Add(3*time.Minute), nil)
	gather()
	sent := noon.Add(signin.GatherTime)
	early := note("account.login", who)
	w.refused(notices.Mailed(ctx(t), *n, sent, early), errs.ErrConflict, early) // more has happened
	n = due(sent)
	mails := effect.Effects{Mails: note("account.login", who).Mails}
	exactlyOne(t, atOnce(func(int) error { return notices.Mailed(ctx(t), *n, sent, mails) }), errs.ErrConflict)
	if got := w.mails(mails.Mails[0].ID); len(got) != 1 {
		t.Errorf("%d mails, want 1", len(got))
	}
	happen(audit.AccountCodeWrong, sent, nil)
	gather()
	if n := due(sent.Add(signin.NoticeSpacing - time.Millisecond)); n != nil {
		t.Errorf("due too soon after the previous mail: %+v", n)
	}
	n = due(sent.Add(signin.NoticeSpacing))
	if n == nil {
		t.Fatal("the second notice is lost")
	}
	same(t, *n, signin.Notice{Realm: realm.Holder, Who: who, Codes: 1, First: sent, Last: sent, Mailed: sent})
}
