package authreq_test

import (
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/secret"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// ages of a proof: none, new, a second before its end, at its end, expired.
var ages = []time.Duration{-1, 0, 30*time.Minute - time.Second, 30 * time.Minute, 50 * time.Minute}

func ago(age time.Duration) time.Time {
	if age < 0 {
		return time.Time{}
	}
	return noon.Add(-age)
}

// Every combination of what can be stored. The rules here follow DESIGN.md, not
// the code.
func TestLG04_EN15_Next(t *testing.T) {
	t.Parallel()
	seen := map[authreq.Step]int{}
	states := []account.State{"none", account.AwaitingEnrolment, account.QRShown, account.Active, account.Blocked, account.Closed}
	bools := []bool{false, true}
	for _, state := range states {
		for _, epoch := range []int64{6, 7, 8} {
			for _, named := range []string{"", "a", "another"} {
				for _, password := range ages {
					for _, both := range ages {
						for i := range 1 << 5 {
							bit := func(n int) bool { return bools[i>>n&1] }
							f := authreq.Facts{Now: noon, NeedsConsent: bit(0), Request: authreq.Request{
								AccountID: named, Epoch: epoch, PasswordAt: ago(password), AuthTime: ago(both), CreatedAt: noon.Add(-55 * time.Minute),
								Consented: bit(1), Finished: bit(2),
							}}
							if bit(3) {
								f.Request.Refusal = "access_denied"
							}
							if bit(4) {
								f.Request.CreatedAt = noon.Add(-authreq.Lifetime)
							}
							if state != "none" {
								f.Account = &account.Account{ID: "a", State: state, Epoch: 7}
							}
							step := authreq.Next(f)
							seen[step]++
							judge(t, f, step)
						}
					}
				}
			}
		}
	}
	for _, step := range []authreq.Step{authreq.StepPassword, authreq.StepEnrol, authreq.StepCode, authreq.StepBlocked, authreq.StepConsent, authreq.StepFinish, authreq.StepRestart} {
		if seen[step] == 0 {
			t.Errorf("Next never returns %q", step)
		}
	}
}

func judge(t *testing.T, f authreq.Facts, step authreq.Step) {
	t.Helper()
	r, a := f.Request, f.Account
	over := r.Finished || !f.Now.Before(r.CreatedAt.Add(time.Hour))
	known := a != nil && r.AccountID == a.ID && a.State != account.Closed
	current := known && r.Epoch == a.Epoch
	password := !r.PasswordAt.IsZero() && f.Now.Before(r.PasswordAt.Add(30*time.Minute))
	both := current && a.State == account.Active && !r.AuthTime.IsZero()
	var want authreq.Step
	switch {
	case over:
		want = authreq.StepRestart
	case r.Refusal != "":
		want = authreq.StepFinish
	case both && f.NeedsConsent && !r.Consented:
		want = authreq.StepConsent
	case both:
		want = authreq.StepFinish
	case known && password && a.State == account.Blocked:
		want = authreq.StepBlocked
	case current && password && a.State == account.AwaitingEnrolment:
		want = authreq.StepEnrol
	case current && password && (a.State == account.QRShown || a.State == account.Active):
		want = authreq.StepCode
	default:
		want = authreq.StepPassword
	}
	if step != want {
		t.Fatalf("Next(%+v, account %+v) = %s, want %s", r, a, step, want)
	}
}

// X4: after an unblock a login waits, then asks for the mailed code, and only then
// comes to the QR. A code of another epoch, or without a fresh password, is none.
func TestX4_NextAfterAnUnblock(t *testing.T) {
	t.Parallel()
	const delay = 24 * time.Hour
	for _, since := range []time.Duration{0, delay - 1, delay, 90 * delay} {
		for _, proven := range []bool{false, true} {
			for _, mailbox := range ages {
				for _, password := range ages {
					for _, epoch := range []int64{6, 7} {
						a := &account.Account{ID: "a", State: account.AwaitingEnrolment, Epoch: 7, Unblocks: 1, UnblockedAt: noon.Add(-since)}
						if proven {
							a.LastLoginAt = noon.Add(-100 * delay)
						}
						f := authreq.Facts{Now: noon, Account: a, Limits: account.Limits{RecoveryDelay: delay}, Request: authreq.Request{
							AccountID: "a", Epoch: epoch, PasswordAt: ago(password), MailboxAt: ago(mailbox), CreatedAt: noon.Add(-55 * time.Minute),
						}}
						var want authreq.Step
						switch {
						case epoch != 7 || password < 0 || password >= 30*time.Minute:
							want = authreq.StepPassword
						case proven && since < delay:
							want = authreq.StepWait
						case mailbox < 0:
							want = authreq.StepMailbox
						default:
							want = authreq.StepEnrol
						}
						if got := authreq.Next(f); got != want {
							t.Errorf("%v after the unblock, active before: %t, password %v ago, mailbox %v, epoch %d: Next() = %s, want %s", since, proven, password, mailbox, epoch, got, want)
						}
					}
				}
			}
		}
	}
}

// AZ-33: an hour, its end excluded.
func TestRequestExpires(t *testing.T) {
	t.Parallel()
	r := authreq.Request{CreatedAt: noon}
	if r.Expired(noon.Add(time.Hour-time.Nanosecond)) || !r.Expired(noon.Add(time.Hour)) {
		t.Error("Expired() does not change at exactly an hour")
	}
	if r.TTL(noon) != time.Hour || r.TTL(noon.Add(59*time.Minute)) != time.Minute || r.TTL(noon.Add(2*time.Hour)) != 0 {
		t.Error("TTL() after 0, 59 and 120 minutes is not an hour, a minute and 0")
	}
}

// W9: what is stored of a request that has ended is small, of one browser, and says
// how it ended.
func TestW9_Ended(t *testing.T) {
	t.Parallel()
	browser, code := secret.Text("b").Hash(), secret.Text("c").Hash()
	r := authreq.Request{
		Key: "k", Browser: browser, ClientID: "omgevingsloket", RedirectURI: "https://rp.example/cb", State: strings.Repeat("s", 32), Nonce: "n", Claims: []byte("{}"),
		Scopes: []string{"openid"}, AccountID: "a", Epoch: 7, AuthTime: noon, PasswordAt: noon, SID: "sid", Session: "ses", CreatedAt: noon, Version: 3,
	}
	for name, c := range map[string]struct{ refusal, code string }{"a code": {"", code}, "a refusal": {"access_denied", ""}, "the portals": {"", ""}} {
		ended := r.Ended(c.refusal, c.code)
		stored, err := ended.Stored()
		if size := len(stored) - len(ended.RedirectURI); err != nil || size > 150+len(`"refusal":"",`)+len(`"redirect_uri":"",`)+len(c.refusal) || c.refusal == "" && size > 150 {
			t.Errorf("%s: %d bytes, want at most 150: %s, %v", name, size, stored, err)
		}
		for other, d := range map[string]struct{ refusal, code string }{"a code": {"", code}, "another code": {"", secret.Text("d").Hash()}, "a refusal": {"access_denied", ""}, "the portals": {"", ""}} {
			if got := ended.EndsWith(d.refusal, d.code); got != (other == name) {
				t.Errorf("EndsWith(%s) after %s = %t", other, name, got)
			}
		}
		if !ended.Of(browser) || ended.Of(secret.Text("x").Hash()) || ended.Of("") || ended.Of(browser[:16]+strings.Repeat("0", 48)) != true {
			t.Errorf("%s: Of() is wrong", name)
		}
		if ended.Key != r.Key || ended.Version != r.Version || authreq.Next(authreq.Facts{Now: noon, Request: ended}) != authreq.StepRestart {
			t.Errorf("%s: Ended() = %+v, want the same key and version, and no next step", name, ended)
		}
	}
	for name, other := range map[string]authreq.Request{
		"one under way, with a short hash": {Browser: browser[:16]}, "one without a browser": {Finished: true}, "a shorter hash": {Finished: true, Browser: browser[:8]},
	} {
		if other.Of(browser) {
			t.Errorf("Of() = true for %s", name)
		}
	}
	if r.EndsWith("", "") || !r.Of(browser) || r.Of(browser[:16]) {
		t.Error("a request under way has ended, or is of another browser")
	}
}

// Nothing proven about one person is left for another.
func TestForget(t *testing.T) {
	t.Parallel()
	r := authreq.Request{
		Key: "k", Browser: "b", ClientID: "c", State: "s", Hinted: "h", ForceConsent: true, CreatedAt: noon, Version: 3,
		AccountID: "a", Epoch: 7, PasswordAt: noon, MailboxAt: noon, AuthTime: noon, SID: "sid", Session: "ses", Consented: true,
	}
	r.Forget()
	if r.AccountID != "" || r.Epoch != 0 || !r.PasswordAt.IsZero() || !r.MailboxAt.IsZero() || !r.AuthTime.IsZero() || r.SID != "" || r.Session != "" || r.Consented {
		t.Errorf("Forget() leaves %+v, want nothing proven", r)
	}
	if r.ClientID != "c" || r.State != "s" || r.Hinted != "h" || !r.ForceConsent || r.Version != 3 || r.Browser != "b" {
		t.Errorf("Forget() leaves %+v, want the request itself unchanged", r)
	}
}

// What a holder is told after the login comes before the client's questions, one after
// the other.
func TestNextTellsBeforeConsent(t *testing.T) {
	t.Parallel()
	f := authreq.Facts{Now: noon, NeedsConsent: true, Account: &account.Account{ID: "a", State: account.Active, Epoch: 7}, Request: authreq.Request{
		AccountID: "a", Epoch: 7, PasswordAt: noon, AuthTime: noon, CreatedAt: noon, Nudge: true, Unreachable: noon.Add(-time.Hour),
	}}
	for _, step := range []struct {
		want authreq.Step
		done func()
	}{
		{authreq.StepRenew, func() { f.Request.Nudge = false }},
		{authreq.StepMail, func() { f.Request.Unreachable = time.Time{} }},
		{authreq.StepConsent, func() { f.Request.Consented = true }},
		{authreq.StepFinish, func() {}},
	} {
		if got := authreq.Next(f); got != step.want {
			t.Errorf("Next() = %s, want %s", got, step.want)
		}
		step.done()
	}
	f.Request.Nudge, f.Request.Unreachable = true, noon
	f.Request.Forget()
	if f.Request.Nudge || !f.Request.Unreachable.IsZero() {
		t.Errorf("after Forget: %+v", f.Request)
	}
}

// The password is valid until PasswordUntil, and no longer than the request.
func TestPasswordUntil(t *testing.T) {
	t.Parallel()
	const lasts = 30 * time.Minute
	for _, c := range []struct{ begun, password, want time.Duration }{ // the last one from noon
		{0, 0, lasts},
		{20 * time.Minute, 0, lasts},
		{20 * time.Minute, 20 * time.Minute, 10 * time.Minute},
		{30 * time.Minute, 0, lasts},
		{30*time.Minute + 1, 0, lasts - 1},
		{59 * time.Minute, 0, time.Minute},
		{59 * time.Minute, 29 * time.Minute, time.Minute},
	} {
		r := authreq.Request{AccountID: "a", Epoch: 7, CreatedAt: ago(c.begun), PasswordAt: ago(c.password)}
		until := r.PasswordUntil()
		if got := until.Sub(noon); got != c.want {
			t.Errorf("PasswordUntil(begun %v ago, password %v ago) = %v from now, want %v", c.begun, c.password, got, c.want)
		}
		for _, state := range []account.State{account.AwaitingEnrolment, account.QRShown, account.Active, account.Blocked} {
			f := authreq.Facts{Now: until.Add(-1), Request: r, Account: &account.Account{ID: "a", State: state, Epoch: 7}}
			if got := authreq.Next(f); got == authreq.StepPassword || got == authreq.StepRestart {
				t.Errorf("%s, %+v: Next(before PasswordUntil) = %s, want a step after the password", state, c, got)
			}
			f.Now = until
			if got := authreq.Next(f); got != authreq.StepPassword && got != authreq.StepRestart {
				t.Errorf("%s, %+v: Next(at PasswordUntil) = %s, want the password or a restart", state, c, got)
			}
		}
	}
}

// A password that somebody else knows is replaced before the QR is shown and before the
// client gets an answer, once the rest is proven: the mailbox after an unblock, or the
// second factor. A login does not replace one that is lost (account.RenewalLost).
func TestNextRenewal(t *testing.T) {
	t.Parallel()
	const delay = 24 * time.Hour
	proven := noon.Add(-100 * delay)
	first := account.Account{State: account.AwaitingEnrolment}
	again := account.Account{State: account.AwaitingEnrolment, LastLoginAt: proven, Unblocks: 1, UnblockedAt: noon.Add(-delay)}
	waits := again
	waits.UnblockedAt = noon.Add(1 - delay)
	active, shown := account.Account{State: account.Active}, account.Account{State: account.QRShown}
	blocked, closed := account.Account{State: account.Blocked}, account.Account{State: account.Closed}
	password := authreq.Request{PasswordAt: noon}
	both := authreq.Request{PasswordAt: noon, AuthTime: noon}
	with := func(change func(*authreq.Request)) authreq.Request {
		r := both
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		account   account.Account
		request   authreq.Request
		want, due authreq.Step // without a renewal or with one for a lost password; with one that is due
	}{
		"first enrolment":           {first, password, authreq.StepEnrol, authreq.StepRenew},
		"first enrolment, too late": {first, authreq.Request{PasswordAt: ago(30 * time.Minute)}, authreq.StepPassword, authreq.StepPassword},
		"unblocked, in the delay":   {waits, authreq.Request{PasswordAt: noon, MailboxAt: noon}, authreq.StepWait, authreq.StepWait},
		"unblocked":                 {again, password, authreq.StepMailbox, authreq.StepMailbox},
		"unblocked, right mailbox":  {again, authreq.Request{PasswordAt: noon, MailboxAt: noon}, authreq.StepEnrol, authreq.StepRenew},
		"unblocked, another factor": {again, both, authreq.StepMailbox, authreq.StepMailbox},
		"QR shown":                  {shown, password, authreq.StepCode, authreq.StepCode},
		"QR shown, another factor":  {shown, both, authreq.StepCode, authreq.StepCode},
		"active":                    {active, password, authreq.StepCode, authreq.StepCode},
		"active, single sign-on":    {active, authreq.Request{AuthTime: noon}, authreq.StepFinish, authreq.StepRenew},
		"active, both, refused":     {active, with(func(r *authreq.Request) { r.Refusal = "access_denied" }), authreq.StepFinish, authreq.StepFinish},
		"active, both, known":       {active, with(func(r *authreq.Request) { r.Nudge = true }), authreq.StepRenew, authreq.StepRenew},
		"active, both, unreachable": {active, with(func(r *authreq.Request) { r.Unreachable = noon }), authreq.StepMail, authreq.StepRenew},
		"active, both, older epoch": {active, with(func(r *authreq.Request) { r.Epoch = -1 }), authreq.StepPassword, authreq.StepPassword},
		"blocked, both":             {blocked, both, authreq.StepBlocked, authreq.StepBlocked},
		"blocked, single sign-on":   {blocked, authreq.Request{AuthTime: noon}, authreq.StepPassword, authreq.StepPassword},
		"closed, both":              {closed, both, authreq.StepPassword, authreq.StepPassword},
		"unblocked, mailbox alone":  {again, authreq.Request{MailboxAt: noon}, authreq.StepPassword, authreq.StepPassword},
	} {
		for renewal, want := range map[account.Renewal]authreq.Step{"": c.want, account.RenewalLost: c.want, account.RenewalDue: c.due} {
			a, r := c.account, c.request
			a.ID, a.Epoch, a.Renewal = "a", 7, renewal
			r.AccountID, r.Epoch, r.CreatedAt = "a", r.Epoch+7, noon.Add(-30*time.Minute)
			if got := authreq.Next(authreq.Facts{Now: noon, Request: r, Account: &a, Limits: account.Limits{RecoveryDelay: delay}}); got != want {
				t.Errorf("%s, renewal %q: Next() = %s, want %s", name, renewal, got, want)
			}
		}
	}
}
