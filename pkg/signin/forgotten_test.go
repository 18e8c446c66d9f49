package signin_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/totp"
)

const (
	device  = secret.Text("olid_dev_of_anna")
	browser = secret.Text("olid_rst_of_anna")
)

var resetTime = account.DefaultLimits.ResetTime

// PW-05: every address gets one mail, after the same calls of the stores.
// PW-10: only an account that needs no more than mailbox and code gets a link.
func TestPW05_PW10_Forgotten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state  account.State
		change func(*account.Account)
		email  string
		road   account.Road
		from   time.Time
	}{
		"active":       {state: account.Active, road: account.RoadCode},
		"never active": {state: account.AwaitingEnrolment, road: account.RoadLink},
		"enrolling":    {state: account.QRShown, road: account.RoadLink},
		"blocked":      {state: account.Blocked, road: account.RoadHelpdesk},
		"closed":       {state: account.Closed, road: account.RoadNone},
		"unknown":      {state: account.Active, email: "nobody@example.com", road: account.RoadNone},
		"lost its phone": {
			state:  account.AwaitingEnrolment,
			change: func(a *account.Account) { a.LastLoginAt, a.Unblocks = noon, 1 },
			road:   account.RoadEnrol,
		},
		"lost both, a moment ago": {
			state: account.AwaitingEnrolment,
			change: func(a *account.Account) {
				a.LastLoginAt, a.Unblocks, a.UnblockedAt, a.Renewal = noon, 1, noon, account.RenewalLost
			},
			road: account.RoadWait, from: noon.Add(24 * time.Hour),
		},
		"lost both, a day ago": {
			state: account.AwaitingEnrolment,
			change: func(a *account.Account) {
				a.LastLoginAt, a.Unblocks, a.UnblockedAt, a.Renewal = noon, 1, noon.Add(-24*time.Hour), account.RenewalLost
			},
			road: account.RoadLink,
		},
	} {
		o := newHome(t, c.state)
		o.Limits.RecoveryDelay = 24 * time.Hour
		if c.change != nil {
			c.change(&o.house.account)
		}
		a, lang := o.house.account, "nl"
		asked := signin.Asked{Email: a.Email, Lang: "en", ClientID: "portal"}
		if c.email != "" {
			asked.Email = c.email
		}
		if c.road == account.RoadNone {
			lang = "en" // of the page: an account that cannot be used has no say
		}
		if err := o.Forgotten(t.Context(), asked); err != nil || !slices.Equal(o.house.asked, []string{"account", "send"}) {
			t.Errorf("%s: Forgotten() = %v after %q, want nil after account and send", name, err, o.house.asked)
		}
		if len(o.house.rec.Mails) != 1 || len(o.house.rec.Events) != 0 {
			t.Fatalf("%s: Forgotten() writes %+v, want one mail", name, o.house.rec)
		}
		m := o.house.rec.Mails[0]
		if until := noon.Add(o.Limits.ResetTime); m.Kind != string(c.road) || m.To != asked.Email || m.Lang != lang || !m.Expires.Equal(until) {
			t.Errorf("%s: Forgotten() mails %+v, want the road %q to %s in %s, until %v", name, m, c.road, asked.Email, lang, until)
		}
		if c.road == account.RoadWait && !m.At.Equal(c.from) {
			t.Errorf("%s: Forgotten() says that there can be a link from %v, want %v", name, m.At, c.from)
		}
		var links []account.PasswordLink
		for _, l := range o.post.links {
			links = append(links, l)
		}
		link, opens := links[0], c.road == account.RoadCode || c.road == account.RoadLink
		if len(links) != 1 || link.Hash == "" || (link.AccountID != "") != opens || (link.Epoch != 0) != opens || !link.SentAt.Equal(noon) {
			t.Errorf("%s: Forgotten() stores %+v, want one link, of an account: %t", name, links, opens)
		}
		switch {
		case opens:
			if err := o.Opens(t.Context(), m.Text); err != nil || link.Hash != m.Text.Hash() {
				t.Errorf("%s: Opens(the mailed link) = %v, want nil", name, err)
			}
		case c.road == account.RoadHelpdesk:
			if !o.Callback.Mailed(a, m.Text.Reveal(), noon) || m.Text.Reveal() == o.Callback.Code(a, noon) {
				t.Errorf("%s: the mail has no code for the helpdesk that proves the mailbox alone", name)
			}
		case m.Text != "":
			t.Errorf("%s: Forgotten() mails a text with a secret, want none", name)
		}
	}
}

// PW-05: a store that does not answer is not reported as an unknown address.
func TestForgottenUnavailable(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"account", "send"} {
		o := newHome(t, account.Active)
		away(call)(o)
		err := o.Forgotten(t.Context(), signin.Asked{Email: "anna@example.com"})
		if !errors.Is(err, errs.ErrUnavailable) || len(o.house.rec.Mails) > 0 {
			t.Errorf("%s away: Forgotten() = %v with the mails %+v, want errs.ErrUnavailable and none", call, err, o.house.rec.Mails)
		}
	}
}

// PW-06: within the pause no mail is written, and that is no error. PW-04: a link works
// until the next one is mailed.
func TestPW06_ForgottenIsSpaced(t *testing.T) {
	t.Parallel()
	o := newHome(t, account.Active)
	asked := signin.Asked{Email: o.house.account.Email}
	if n := atOnce(t, nil, func(int) error { return o.Forgotten(t.Context(), asked) }); n != 16 || len(o.house.rec.Mails) != 1 {
		t.Fatalf("of 16 calls of Forgotten() at once %d return nil, with %d mails, want 16 and 1", n, len(o.house.rec.Mails))
	}
	first := o.house.rec.Mails[0].Text
	pause := o.Limits.ResetTime / 3
	o.house.now = noon.Add(pause - 1)
	if err := o.Forgotten(t.Context(), asked); err != nil || len(o.house.rec.Mails) != 1 {
		t.Errorf("Forgotten() within the pause = %v with %d mails in all, want nil and 1", err, len(o.house.rec.Mails))
	}
	if err := o.Opens(t.Context(), first); err != nil {
		t.Errorf("Opens(first link) within the pause = %v, want nil", err)
	}
	o.house.now = noon.Add(pause)
	if err := o.Forgotten(t.Context(), asked); err != nil || len(o.house.rec.Mails) != 2 {
		t.Fatalf("Forgotten() after the pause = %v with %d mails in all, want nil and 2", err, len(o.house.rec.Mails))
	}
	if err := o.Opens(t.Context(), first); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("Opens(first link) after the second mail = %v, want errs.ErrNotFound", err)
	}
	if err := o.Opens(t.Context(), o.house.rec.Mails[1].Text); err != nil {
		t.Errorf("Opens(second link) = %v, want nil", err)
	}
}

// mailed returns the link of a mail about a forgotten password.
func (o *home) mailed(t *testing.T) secret.Text {
	t.Helper()
	err := o.Forgotten(t.Context(), signin.Asked{Email: o.house.account.Email, ClientID: "portal"})
	if err != nil || len(o.house.rec.Mails) != 1 {
		t.Fatalf("Forgotten() = %v with the mails %+v, want one", err, o.house.rec.Mails)
	}
	link := o.house.rec.Mails[0].Text
	o.wrote()
	o.house.asked = nil
	return link
}

// A link works until its end, for the account as it was when the link was mailed.
// OpenLink checks the same as Opens.
func TestPW02_Opens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change     func(*home)
		link       secret.Text // "" is the mailed one
		opens, use error       // of Opens and of OpenLink
	}{
		"at once":        {change: asIs},
		"before its end": {change: after(resetTime - 1)},
		"at its end":     {change: after(resetTime), opens: errs.ErrNotFound, use: errs.ErrNotFound},
		"another epoch":  {change: nextEpoch, opens: errs.ErrNotFound, use: errs.ErrNotFound},
		"blocked":        {change: in(account.Blocked), opens: errs.ErrNotFound, use: errs.ErrNotFound},
		"closed":         {change: in(account.Closed), opens: errs.ErrNotFound, use: errs.ErrNotFound},
		"another link":   {change: asIs, link: "olid_pwd_other", opens: errs.ErrNotFound, use: errs.ErrNotFound},
		"away to read":   {change: away("link"), opens: errs.ErrUnavailable},
		"away to use":    {change: away("open"), use: errs.ErrUnavailable},
	} {
		o := newHome(t, account.Active)
		link := o.mailed(t)
		if c.link != "" {
			link = c.link
		}
		c.change(o)
		if got := o.Opens(t.Context(), link); !errors.Is(got, c.opens) {
			t.Errorf("%s: Opens() = %v, want %v", name, got, c.opens)
		}
		if got := o.OpenLink(t.Context(), link, browser, signin.From{Device: device}); !errors.Is(got, c.use) {
			t.Errorf("%s: OpenLink() = %v, want %v", name, got, c.use)
		}
		wrote, begun := o.wrote(), c.use == nil
		if (len(o.post.resets) == 1) != begun || (len(o.lanes.known) == 1) != begun || (wrote == "account.password_link_used") != begun {
			t.Errorf("%s: OpenLink() writes %q, begins %+v and lends %v, want that: %t", name, wrote, o.post.resets, o.lanes.known, begun)
		}
	}
}

// PW-02: a link is used once, with one event. The browser has a lane of its own as long
// as the reset lasts, and no longer.
func TestPW02_OpenLinkOnce(t *testing.T) {
	t.Parallel()
	o := newHome(t, account.Active)
	o.house.account.Unblocks = 2
	link := o.mailed(t)
	handles := [16]secret.Text{}
	for i := range handles {
		handles[i] = secret.New(o.Rand, secret.KindReset)
	}
	if n := atOnce(t, errs.ErrNotFound, func(i int) error {
		return o.OpenLink(t.Context(), link, handles[i], signin.From{Device: device})
	}); n != 1 {
		t.Errorf("%d of 16 calls of OpenLink() at once succeed, want 1", n)
	}
	if got := o.wrote(); got != "account.password_link_used" || len(o.post.resets) != 1 {
		t.Errorf("OpenLink() writes %q and %d resets, want account.password_link_used and one", got, len(o.post.resets))
	}
	if err := o.Opens(t.Context(), link); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("Opens(a used link) = %v, want errs.ErrNotFound", err)
	}
	lent := []string{}
	for known, until := range o.lanes.known {
		if lent = append(lent, known); !until.Equal(noon.Add(o.Limits.ResetTime)) {
			t.Errorf("OpenLink() lends a lane until %v, want the end of the reset", until)
		}
	}
	if err := o.Remember(t.Context(), o.house.account, device); err != nil || len(o.lanes.known) != 1 {
		t.Errorf("Remember() = %v; known are %v and lent was %v, want the same browser under the same key", err, o.lanes.known, lent)
	}
	o = newHome(t, account.Active)
	if err := o.OpenLink(t.Context(), o.mailed(t), browser, signin.From{}); err != nil || slices.Contains(o.house.asked, "lend") {
		t.Errorf("OpenLink() of a browser without a handle = %v after %q, want nil and nothing lent", err, o.house.asked)
	}
}

// begun returns a home in which a browser has used a link, and its reset.
func begun(t *testing.T, state account.State) (*home, signin.Resetting) {
	t.Helper()
	o := newHome(t, state)
	if err := o.OpenLink(t.Context(), o.mailed(t), browser, signin.From{Device: device}); err != nil {
		t.Fatal(err)
	}
	v := o.resetting(t)
	o.wrote()
	o.house.asked = nil
	return o, v
}

func (o *home) resetting(t *testing.T) signin.Resetting {
	t.Helper()
	v, err := o.Resetting(t.Context(), browser)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A reset is over at its end, and when the account has changed. A store that does not
// answer has another error.
func TestResetting(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state  account.State
		change func(*home)
		handle secret.Text
		step   account.ResetStep
		want   error
	}{
		"active":            {account.Active, asIs, browser, account.ResetCode, nil},
		"never active":      {account.AwaitingEnrolment, asIs, browser, account.ResetPassword, nil},
		"before its end":    {account.Active, after(resetTime - 1), browser, account.ResetCode, nil},
		"at its end":        {account.Active, after(resetTime), browser, account.ResetOver, errs.ErrNotFound},
		"another epoch":     {account.Active, nextEpoch, browser, account.ResetOver, errs.ErrNotFound},
		"blocked":           {account.Active, in(account.Blocked), browser, account.ResetOver, errs.ErrNotFound},
		"another browser":   {account.Active, asIs, "olid_rst_other", "", errs.ErrNotFound},
		"the store is away": {account.Active, away("reset"), browser, "", errs.ErrUnavailable},
	} {
		o, _ := begun(t, c.state)
		c.change(o)
		v, err := o.Resetting(t.Context(), c.handle)
		if v.Step != c.step || !errors.Is(err, c.want) || errors.Is(err, errs.ErrNotFound) != errors.Is(c.want, errs.ErrNotFound) {
			t.Errorf("%s: Resetting() = %q, %v, want %q, %v", name, v.Step, err, c.step, c.want)
		}
		if err == nil && (v.ClientID != "portal" || !v.Until.Equal(noon.Add(o.Limits.ResetTime)) || v.Account.ID != o.house.account.ID) {
			t.Errorf("%s: Resetting() = %+v, want the account, the client and the end", name, v)
		}
	}
}

// PW-10: after a right code the password can be chosen. Codes of a reset are counted with
// those of a login, and have events of their own.
func TestPW10_ResetCode(t *testing.T) {
	t.Parallel()
	step := totp.Step(noon)
	right := codeOf(t, firstKey, step)
	code, prove := []string{"code"}, []string{"code", "prove"}
	for name, c := range map[string]struct {
		typed    string
		change   func(*home)
		step     account.ResetStep // as the caller says
		outcome  account.Outcome
		want     error
		wrote    string
		failures int
		asked    []string
	}{
		"right":       {right, asIs, account.ResetCode, account.Accepted, nil, "account.password_code_right", 0, prove},
		"wrong":       {codeOf(t, firstKey, step+1000), asIs, account.ResetCode, account.Wrong, nil, "account.code_wrong", 1, code},
		"no code":     {"12345", asIs, account.ResetCode, "", signin.ErrNoCode, "", 0, nil},
		"later epoch": {right, nextEpoch, account.ResetCode, "", errs.ErrConflict, "", 0, code},
		"spent at a login": {right, func(o *home) {
			o.house.account.Factor.LastStep = step
		}, account.ResetCode, account.Replayed, nil, "", 0, code},
		"after the code":    {right, asIs, account.ResetPassword, "", errs.ErrConflict, "", 0, nil},
		"when it is over":   {right, asIs, account.ResetOver, "", errs.ErrConflict, "", 0, nil},
		"codes are away":    {right, away("code"), account.ResetCode, "", errs.ErrUnavailable, "", 0, code},
		"the reset is away": {right, away("prove"), account.ResetCode, account.Accepted, errs.ErrUnavailable, "account.password_code_right", 0, prove},
	} {
		o, v := begun(t, account.Active)
		c.change(o)
		v.Step = c.step
		got, err := o.ResetCode(t.Context(), v, c.typed, signin.From{Device: device})
		if got.Outcome != c.outcome || !errors.Is(err, c.want) || !slices.Equal(o.house.asked, c.asked) {
			t.Errorf("%s: ResetCode() = %q, %v after %q, want %q, %v after %q", name, got.Outcome, err, o.house.asked, c.outcome, c.want, c.asked)
		}
		if wrote := o.wrote(); wrote != c.wrote || o.house.account.Factor.Failures != c.failures {
			t.Errorf("%s: ResetCode() writes %q and counts %d, want %q and %d", name, wrote, o.house.account.Factor.Failures, c.wrote, c.failures)
		}
		if reset, proven := o.post.resets[browser.Hash()], c.want == nil && c.outcome == account.Accepted; reset.CodeAt.IsZero() == proven {
			t.Errorf("%s: ResetCode() leaves the reset %+v, want it proven: %t", name, reset, proven)
		}
	}
}

// PW-10: an active account gets no new password without a code, also if the caller has
// another step; the step is judged again when the password is written.
func TestPW10_ChooseForgotten(t *testing.T) {
	t.Parallel()
	code := func(t *testing.T, o *home) signin.Resetting {
		t.Helper()
		result, err := o.ResetCode(t.Context(), o.resetting(t), codeOf(t, firstKey, totp.Step(noon)), signin.From{Device: device})
		if err != nil || result.Outcome != account.Accepted {
			t.Fatalf("ResetCode() = %+v, %v, want it accepted", result, err)
		}
		v := o.resetting(t)
		o.wrote()
		o.house.asked = nil
		return v
	}
	hash, use, remember := []string{"hash"}, []string{"hash", "use"}, []string{"hash", "use", "remember"}
	for name, c := range map[string]struct {
		state  account.State
		proven bool
		change func(*home)
		forced bool // the caller says that it is time for the password
		want   error
		asked  []string
	}{
		"with a code":                {account.Active, true, asIs, false, nil, remember},
		"never active":               {account.AwaitingEnrolment, false, asIs, false, nil, use},
		"without a code":             {account.Active, false, asIs, false, errs.ErrConflict, nil},
		"without one, step by force": {account.Active, false, asIs, true, errs.ErrConflict, use},
		"over since it was read":     {account.Active, true, after(resetTime), false, errs.ErrConflict, use},
		"just before":                {account.Active, true, after(resetTime - 1), false, nil, remember},
		"blocked since":              {account.Active, true, in(account.Blocked), false, errs.ErrConflict, use},
		"another epoch since":        {account.Active, true, nextEpoch, false, errs.ErrConflict, use},
		"hashing is away":            {account.Active, true, away("hash"), false, errs.ErrUnavailable, hash},
		"the store is away":          {account.Active, true, away("use"), false, errs.ErrUnavailable, use},
	} {
		o, v := begun(t, c.state)
		if c.proven {
			v = code(t, o)
		}
		if c.forced {
			v.Step = account.ResetPassword
		}
		c.change(o)
		was := o.house.account
		err := o.ChooseForgotten(t.Context(), v, "new", signin.From{Device: device})
		if !errors.Is(err, c.want) || !slices.Equal(o.house.asked, c.asked) {
			t.Errorf("%s: ChooseForgotten() = %v after %q, want %v after %q", name, err, o.house.asked, c.want, c.asked)
		}
		a, wrote := o.house.account, o.wrote()
		if c.want != nil {
			if !reflect.DeepEqual(a, was) || wrote != "" || !o.post.resets[browser.Hash()].UsedAt.IsZero() {
				t.Errorf("%s: a refused ChooseForgotten() writes %q and %+v", name, wrote, a)
			}
			continue
		}
		renewed := a.PasswordHash == "new hash" && a.PasswordAt.Equal(o.house.now) && a.Epoch == was.Epoch+1
		if !renewed || wrote != "account.password_reset, password changed" {
			t.Errorf("%s: ChooseForgotten() writes %q and %+v, want a new password in the next epoch", name, wrote, a)
		}
		// The new password ends the lane that was lent; only after a code the browser is known.
		if _, known := o.lanes.known[o.key()+" "+device.Hash()]; known != c.proven || len(o.lanes.known) > 1 {
			t.Errorf("%s: after ChooseForgotten() the known browsers are %v, want this one: %t", name, o.lanes.known, c.proven)
		}
		if _, err := o.Resetting(t.Context(), browser); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s: Resetting() after ChooseForgotten() = %v, want errs.ErrNotFound", name, err)
		}
	}
}

// PW-13: a reset is used once.
func TestPW13_ChooseForgottenOnce(t *testing.T) {
	t.Parallel()
	o, v := begun(t, account.AwaitingEnrolment)
	if n := atOnce(t, errs.ErrConflict, func(int) error { return o.ChooseForgotten(t.Context(), v, "new", signin.From{}) }); n != 1 {
		t.Errorf("%d of 16 calls of ChooseForgotten() at once succeed, want 1", n)
	}
	if got := o.wrote(); got != "account.password_reset, password changed" || o.house.account.Epoch != 2 {
		t.Errorf("ChooseForgotten() at once writes %q in epoch %d, want one event, one mail and epoch 2", got, o.house.account.Epoch)
	}
}

// The password of an account that has changed since it was read is not changed. A change
// ends the tries of passwords, and all known browsers but the one that it is made in.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*home)
		want   error
	}{
		"as it was read":    {asIs, nil},
		"another epoch":     {nextEpoch, errs.ErrConflict},
		"blocked":           {in(account.Blocked), errs.ErrConflict},
		"hashing is away":   {away("hash"), errs.ErrUnavailable},
		"the store is away": {away("renew"), errs.ErrUnavailable},
	} {
		o := newHome(t, account.Active)
		for _, known := range []secret.Text{device, "olid_dev_of_a_thief"} {
			if err := o.Remember(t.Context(), o.house.account, known); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = o.Password(t.Context(), "anna@example.com", "wrong", signin.From{})
		read := o.house.account
		c.change(o)
		was := o.house.account
		got, err := o.ChangePassword(t.Context(), read, "new", signin.From{Device: device})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: ChangePassword() = %v, want %v", name, err, c.want)
		}
		a, wrote := o.house.account, o.wrote()
		if c.want != nil {
			if got.ID != "" || !reflect.DeepEqual(a, was) || wrote != "" {
				t.Errorf("%s: a refused ChangePassword() returns %+v and writes %q and %+v", name, got, wrote, a)
			}
			if len(o.lanes.known) != 2 || len(o.lanes.tallies) != 1 {
				t.Errorf("%s: after a refused ChangePassword() %v are known and %v counted", name, o.lanes.known, o.lanes.tallies)
			}
			continue
		}
		if got.Epoch != 2 || a.Epoch != 2 || a.PasswordHash != "new hash" || wrote != "account.password_changed, password changed" {
			t.Errorf("%s: ChangePassword() returns %+v and writes %q and %+v, want a new password in epoch 2", name, got, wrote, a)
		}
		if _, known := o.lanes.known[o.key()+" "+device.Hash()]; !known || len(o.lanes.known) != 1 || len(o.lanes.tallies) != 0 {
			t.Errorf("%s: after ChangePassword() %v are known and %v counted, want this browser and none", name, o.lanes.known, o.lanes.tallies)
		}
	}
}
