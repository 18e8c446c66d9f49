package account

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
)

const sid = "session"

// waiting returns an active account with a new app that replaces app replaces (0: a
// second one), shown at noon.
func waiting(t *testing.T, a Account, replaces int) Account {
	t.Helper()
	next, err := DefaultLimits.ShowApp(a, a.Epoch, NewApp{Number: a.NextApp(), Replaces: replaces, Name: "new", Sealed: []byte("new"), SID: sid}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// two returns an active account with two apps, of the numbers 1 and 2.
func two(t *testing.T) Account {
	t.Helper()
	a := waiting(t, in(Active), 0)
	a, err := DefaultLimits.LinkApp(a, 7, sid, 200, []byte("second"), noon)
	if err != nil || a.Epoch != 8 {
		t.Fatal(a, err)
	}
	return a
}

// TP-05: one wrong code fewer for each code that is right: a guesser who knows the
// password is right less than once in 10,000 years.
func TestTP05_GuessesWithTwoApps(t *testing.T) {
	t.Parallel()
	const steps, codes, unblocks, most = 2, 1e6, 2, 1e-4 // accepted steps, codes of six digits, unblocks a year
	for configured := 1; configured <= mostCodes; configured++ {
		for apps := 1; apps <= MostApps; apps++ {
			tries := Limits{Codes: configured}.Limit(Active, apps)
			chance := 1 - math.Pow(1-float64(steps*apps)/codes, float64(tries*(1+unblocks)))
			if tries < 1 || tries > configured || chance >= most {
				t.Errorf("%d wrong codes, %d apps: %d tries, a chance of %g a year", configured, apps, tries, chance)
			}
		}
	}
	if got := DefaultLimits.Limit(Active, 2); got != 8 {
		t.Errorf("by default, with two apps: %d", got)
	}
	if got := DefaultLimits.Limit(QRShown, 1); got != 5 {
		t.Errorf("enrolling: %d", got)
	}
}

func TestShowApp(t *testing.T) {
	t.Parallel()
	l := DefaultLimits
	for name, c := range map[string]struct {
		a        Account
		epoch    int64
		replaces int
		number   int
		want     error
	}{
		"a second app":              {in(Active), 7, 0, 2, nil},
		"a new phone":               {in(Active), 7, 1, 2, nil},
		"of two, the first":         {two(t), 8, 1, 3, nil},
		"of two, the second":        {two(t), 8, 2, 3, nil},
		"a third app":               {two(t), 8, 0, 3, errs.ErrConflict},
		"an app that is none":       {in(Active), 7, 2, 2, errs.ErrConflict},
		"a number that was given":   {two(t), 8, 1, 2, errs.ErrConflict},
		"another epoch":             {in(Active), 6, 1, 2, errs.ErrConflict},
		"while one waits":           {waiting(t, in(Active), 1), 7, 1, 3, errs.ErrConflict},
		"while one waits, a second": {waiting(t, in(Active), 1), 7, 0, 3, errs.ErrConflict},
		"before the first code":     {in(QRShown), 7, 1, 2, errs.ErrConflict},
		"awaiting enrolment":        {in(AwaitingEnrolment), 7, 1, 2, errs.ErrConflict},
		"blocked":                   {in(Blocked), 7, 1, 2, errs.ErrConflict},
		"closed":                    {in(Closed), 7, 1, 2, errs.ErrConflict},
	} {
		got, err := l.ShowApp(c.a, c.epoch, NewApp{Number: c.number, Replaces: c.replaces, Sealed: []byte("s"), SID: sid, Failures: 3}, noon.Add(time.Minute))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if n, waits := l.NewApp(got, noon); !waits || n.Failures != 0 || n.Epoch != c.a.Epoch || got.Epoch != c.a.Epoch || got.NextApp() != c.number+1 {
			t.Errorf("%s: %+v", name, got)
		}
		if !reflect.DeepEqual(got.Factor, c.a.Factor) || !reflect.DeepEqual(got.Apps.Second, c.a.Apps.Second) {
			t.Errorf("%s: the old apps changed: %+v", name, got)
		}
	}
}

// EN-13, EN-14: a new app lapses after an hour, after five wrong codes, and with
// every new epoch; the account stays as it was.
func TestEN13_EN14_NewAppLapses(t *testing.T) {
	t.Parallel()
	l := DefaultLimits
	a := waiting(t, in(Active), 1)
	end := noon.Add(time.Hour)
	for at, want := range map[time.Time]error{end.Add(-time.Nanosecond): nil, end: errs.ErrConflict, end.Add(time.Hour): errs.ErrConflict} {
		if _, err := l.LinkApp(a, 7, sid, 200, []byte("x"), at); !errors.Is(err, want) {
			t.Errorf("at %s: %v, want %v", at, err, want)
		}
		if _, _, err := l.RefuseApp(a, 7, sid, at); !errors.Is(err, want) {
			t.Errorf("a wrong code at %s: %v, want %v", at, err, want)
		}
	}
	if again, err := l.ShowApp(a, 7, NewApp{Number: a.NextApp(), Replaces: 1, SID: sid}, end); err != nil || again.Apps.New.Number != 3 {
		t.Errorf("after it has lapsed: %+v, %v", again.Apps, err)
	}
	guessed := a
	for want := 4; want >= 0; want-- {
		var left int
		var err error
		if guessed, left, err = l.RefuseApp(guessed, 7, sid, noon); err != nil || left != want {
			t.Fatalf("%d left, %v, want %d", left, err, want)
		}
	}
	if guessed.State != Active || guessed.Epoch != 7 || guessed.Apps.New.Number != 0 || !reflect.DeepEqual(guessed.Factor, a.Factor) {
		t.Errorf("after five wrong codes: %+v", guessed)
	}
	if _, err := l.LinkApp(guessed, 7, sid, 200, []byte("x"), noon); !errors.Is(err, errs.ErrConflict) {
		t.Error("the sixth:", err)
	}
	for name, move := range map[string]func(Account) (Account, error){
		"Block":       func(a Account) (Account, error) { return a.Block(7, Reported, "REF") },
		"Close":       func(a Account) (Account, error) { return a.Close(7, noon) },
		"ChangeEmail": func(a Account) (Account, error) { return a.ChangeEmail(7, "new@example.org", noon) },
		"SetPassword": func(a Account) (Account, error) { return a.SetPassword(7, "hash", noon) },
		"EndSessions": func(a Account) (Account, error) { return a.EndSessions(7) },
		"DropApp":     func(a Account) (Account, error) { return a.DropApp(7) },
	} {
		got, err := move(a)
		if err != nil || got.Apps.New.Number != 0 {
			t.Errorf("after %s: %+v, %v", name, got.Apps.New, err)
		}
	}
	moved := a // by a server that does not know of new apps
	moved.Epoch++
	if _, waits := l.NewApp(moved, noon); waits || moved.Apps.Of(moved).New.Number != 0 {
		t.Error("it waits in another epoch")
	}
	if _, err := l.LinkApp(moved, 8, sid, 200, []byte("x"), noon); !errors.Is(err, errs.ErrConflict) {
		t.Error("linked in another epoch:", err)
	}
}

// EN-11: only the session that was shown the QR confirms, in the epoch in which it was.
func TestEN11_NewAppOfOneSession(t *testing.T) {
	t.Parallel()
	a := waiting(t, in(Active), 1)
	for _, c := range []struct {
		sid   string
		epoch int64
		want  error
	}{{sid, 7, nil}, {"other", 7, errs.ErrConflict}, {"", 7, errs.ErrConflict}, {sid, 6, errs.ErrConflict}, {sid, 8, errs.ErrConflict}} {
		if _, err := DefaultLimits.LinkApp(a, c.epoch, c.sid, 200, []byte("x"), noon); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
		if _, _, err := DefaultLimits.RefuseApp(a, c.epoch, c.sid, noon); !errors.Is(err, c.want) {
			t.Errorf("%+v, wrong: %v", c, err)
		}
	}
	none := in(Active)
	if _, err := DefaultLimits.LinkApp(none, 7, "", 200, []byte("x"), noon); !errors.Is(err, errs.ErrConflict) {
		t.Error("without a new app:", err)
	}
}

func TestLinkApp(t *testing.T) {
	t.Parallel()
	l, later := DefaultLimits, noon.Add(time.Minute)
	link := func(a Account, replaces int) Account {
		t.Helper()
		a, err := l.LinkApp(waiting(t, a, replaces), a.Epoch, sid, 300, []byte("sealed"), later)
		if err != nil || a.State != Active || a.Apps.New.Number != 0 || !a.Apps.ChangedAt.Equal(later) {
			t.Fatal(a, err)
		}
		return a
	}
	was := in(Active)
	got := link(was, 1)
	if string(got.Factor.Sealed) != "sealed" || got.Factor.LastStep != 300 || got.Epoch != 8 || len(got.AppList()) != 1 || got.AppList()[0].Number != 2 || !got.AppList()[0].Since.Equal(later) {
		t.Errorf("a new phone: %+v", got)
	}
	if got.Factor.Failures != was.Factor.Failures || !got.Factor.ShownAt.Equal(was.Factor.ShownAt) {
		t.Errorf("the tries and the time of the enrolment: %+v", got.Factor)
	}
	got = link(was, 0)
	if !reflect.DeepEqual(got.Factor, was.Factor) || got.Apps.Second.Number != 2 || got.Apps.Second.LastStep != 300 || string(got.Apps.Second.Sealed) != "sealed" || got.Apps.Second.Name != "new" {
		t.Errorf("a second app: %+v", got)
	}
	named, err := two(t).RenameApp(8, 2, "tablet")
	if err != nil || named.Epoch != 8 {
		t.Fatal(named, err)
	}
	got = link(named, 2)
	if !reflect.DeepEqual(got.Factor, was.Factor) || got.Apps.Second.Number != 3 || got.Apps.Second.Name != "tablet" {
		t.Errorf("the second one replaced: %+v", got)
	}
	if got = link(named, 1); string(got.Factor.Sealed) != "sealed" || got.Apps.Second.Number != 2 || got.Apps.First.Number != 3 {
		t.Errorf("the first one of two replaced: %+v", got)
	}
}

func TestRemoveApp(t *testing.T) {
	t.Parallel()
	both := two(t)
	for name, c := range map[string]struct {
		a      Account
		epoch  int64
		number int
		want   error
	}{
		"the first": {both, 8, 1, nil}, "the second": {both, 8, 2, nil}, "none": {both, 8, 3, errs.ErrConflict}, "number 0": {both, 8, 0, errs.ErrConflict},
		"another epoch": {both, 7, 1, errs.ErrConflict}, "the last": {in(Active), 7, 1, ErrLastApp}, "the last, while one waits": {waiting(t, in(Active), 0), 7, 1, ErrLastApp},
		"blocked": {in(Blocked), 7, 1, errs.ErrConflict},
	} {
		got, err := c.a.RemoveApp(c.epoch, c.number, []byte("moved"), noon)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil {
			continue
		}
		left := got.AppList()
		if got.Epoch != 9 || len(left) != 1 || left[0].Number != 3-c.number || got.Apps.Second.Number != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if moved := string(got.Factor.Sealed) == "moved"; moved != (c.number == 1) || moved && got.Factor.LastStep != 200 {
			t.Errorf("%s: %+v", name, got.Factor)
		}
		if _, err := got.RemoveApp(9, left[0].Number, nil, noon); !errors.Is(err, ErrLastApp) {
			t.Errorf("%s, and then the other: %v", name, err)
		}
		if got.NextApp() != 3 {
			t.Errorf("%s: the next number is %d", name, got.NextApp())
		}
	}
}

func TestRenameApp(t *testing.T) {
	t.Parallel()
	a, err := in(Active).RenameApp(7, 1, "phone")
	if err != nil || a.Epoch != 7 || a.AppList()[0].Name != "phone" || a.Apps.Given != 1 {
		t.Fatal(a, err)
	}
	for _, c := range []struct {
		epoch  int64
		number int
	}{{7, 2}, {7, 0}, {8, 1}} {
		if _, err := a.RenameApp(c.epoch, c.number, "x"); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TP-01, TP-04: each app has its own last step; the tries are shared.
func TestTP01_StepOfEachApp(t *testing.T) {
	t.Parallel()
	a := two(t)
	try, err := a.Try()
	if err != nil || len(try.Keys()) != 2 || try.Keys()[0].App != 0 || try.Keys()[1].App != 2 || try.Keys()[1].LastStep != 200 {
		t.Fatal(try, err)
	}
	got, err := a.Judged(Verdict{Outcome: Accepted, Step: 201, App: 2}, noon)
	if err != nil || got.Apps.Second.LastStep != 201 || got.Factor.LastStep != 100 || got.Factor.Failures != 0 || !got.Factor.NextTryAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = a.Judged(Verdict{Outcome: Accepted, Step: 150}, noon)
	if err != nil || got.Apps.Second.LastStep != 200 || got.Factor.LastStep != 150 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, v := range []Verdict{{Outcome: Accepted, Step: 200, App: 2}, {Outcome: Accepted, Step: 199, App: 2}, {Outcome: Accepted, Step: 500, App: 3}, {Outcome: Accepted, Step: 100}} {
		if _, err := a.Judged(v, noon); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%+v: %v", v, err)
		}
	}
	wrong, err := a.Judged(Verdict{Outcome: Replayed}, noon)
	if err != nil || wrong.Factor.Failures != a.Factor.Failures-1 {
		t.Errorf("%+v, %v", wrong, err)
	}
}

// EN-20: nothing of an enrolment is left in the next one, also if a server that does not
// know of apps unblocked the account.
func TestEN20_AppsOfAnEarlierEnrolment(t *testing.T) {
	t.Parallel()
	a := waiting(t, two(t), 1)
	blocked, err := a.Block(8, Reported, "REF")
	if err != nil || blocked.AppList() != nil {
		t.Fatal(blocked, err)
	}
	next, err := blocked.Unblock(9, "link", noon)
	if err != nil || !reflect.DeepEqual(next.Apps, Apps{}) {
		t.Errorf("after an unblock: %+v, %v", next.Apps, err)
	}
	earlier := next
	earlier.Apps = a.Apps
	if got := earlier.Apps.Of(earlier); !reflect.DeepEqual(got, Apps{}) {
		t.Errorf("left by an earlier version: %+v", got)
	}
	shown, err := earlier.ShowQR(10, []byte("s"), noon)
	if err != nil || !reflect.DeepEqual(shown.Apps, Apps{}) {
		t.Errorf("after the QR: %+v, %v", shown.Apps, err)
	}
}

// A secret belongs to one account, enrolment, app and place.
func TestAppAAD(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	add := func(aad string) {
		if seen[aad] {
			t.Error("twice:", aad)
		}
		seen[aad] = true
	}
	for _, id := range []string{"a", "a|1", "b"} {
		for enrolment := range 3 {
			add(FactorAAD(id, enrolment))
			for app := range 3 {
				add(AppAAD(id, enrolment, app))
				add(NewAppAAD(id, enrolment, app))
			}
		}
	}
}

func TestAppName(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		" tablet  thuis ": "tablet thuis", "ｔａｂ１": "tab1", "x\ny": "x y", strings.Repeat("é", 40): strings.Repeat("é", 40), "تبلت\u200cمن": "تبلت\u200cمن",
		"": "", "   ": "", "\u200b": "", strings.Repeat("x", 41): "", "a\u202eb": "", "\ue000": "", "a\ufffdb": "",
	} {
		got, ok := AppName(typed)
		if ok != (want != "") || ok && got != want {
			t.Errorf("AppName(%q) = %q, %t, want %q", typed, got, ok, want)
		}
	}
}
