package signin_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// warned returns a home whose holder got a mail with a link that works for three days.
func warned(t *testing.T, state account.State) (*home, secret.Text) {
	t.Helper()
	o := newHome(t, state)
	o.house.now = noon.Add(time.Second) // the end of a link is a full hour
	o.Disavowal = signin.Disavowal{Key: []byte("disavow"), Time: 72 * time.Hour}
	return o, o.Disavowal.Link(o.house.account, o.house.now)
}

// A link has the form of a handle. There is none without a key, or without an account.
func TestDisavowLink(t *testing.T) {
	t.Parallel()
	o, link := warned(t, account.Active)
	if parsed, ok := secret.Parse(secret.KindDisavow, link.Reveal()); !ok || parsed != link {
		t.Error("Parse(Link()) is no handle of its kind")
	}
	if again := o.Disavowal.Link(o.house.account, o.house.now.Add(time.Minute)); again != link {
		t.Error("Link() in the same hour is another one")
	}
	if link := (signin.Disavowal{Time: time.Hour}).Link(o.house.account, noon); link != "" {
		t.Error("Link() without a key is one")
	}
	for _, id := range []string{"", "a", "0123456789abcdef", "x123456789abcdef0123456789abcdef"} {
		if link := o.Disavowal.Link(account.Account{ID: id}, noon); link != "" {
			t.Errorf("Link(account %q) is one, want none", id)
		}
	}
}

// ML-02: a link works until its end, while its account can be blocked, and not after an
// unblock. That a store does not answer is not reported as a link that does not work.
func TestML02_Disavowable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state  account.State
		change func(*home)
		want   error
	}{
		"active":              {account.Active, asIs, nil},
		"enrolling":           {account.QRShown, asIs, nil},
		"awaiting enrolment":  {account.AwaitingEnrolment, asIs, nil},
		"blocked":             {account.Blocked, asIs, errs.ErrNotFound},
		"closed":              {account.Closed, asIs, errs.ErrNotFound},
		"another epoch":       {account.Active, nextEpoch, nil}, // a thief may have raised it
		"another address":     {account.Active, func(o *home) { o.house.account.Email = "thief@example.com" }, nil},
		"unblocked since":     {account.Active, func(o *home) { o.house.account.Unblocks++ }, errs.ErrNotFound},
		"another account":     {account.Active, func(o *home) { o.house.account.ID = strings.Repeat("0", 32) }, errs.ErrNotFound},
		"another key":         {account.Active, func(o *home) { o.Disavowal.Key = []byte("other") }, errs.ErrNotFound},
		"before its end":      {account.Active, after(73*time.Hour - time.Second), nil},
		"at its end":          {account.Active, after(73 * time.Hour), errs.ErrNotFound},
		"accounts are away":   {account.Active, away("account by id"), errs.ErrUnavailable},
		"away, of no account": {account.Blocked, away("account by id"), errs.ErrUnavailable},
	} {
		o, link := warned(t, c.state)
		c.change(o)
		a, err := o.Disavowable(t.Context(), link)
		if !errors.Is(err, c.want) || c.want == nil && a.ID != o.house.account.ID || o.wrote() != "" {
			t.Errorf("%s: Disavowable() = %s, %v, want %v and nothing written", name, a.ID, err, c.want)
		}
		err = o.Disavow(t.Context(), link, signin.From{})
		if reason := o.house.account.BlockReason; !errors.Is(err, c.want) || (reason == account.Disavowed) != (c.want == nil) {
			t.Errorf("%s: Disavow() = %v with the block %q, want %v", name, err, reason, c.want)
		}
	}
}

// ML-02: no altered link works. A text of another shape is refused without a call.
func TestML02_AlteredDisavowLink(t *testing.T) {
	t.Parallel()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	o, link := warned(t, account.Active)
	text, prefix := link.Reveal(), len(secret.KindDisavow)+1
	for i := prefix; i < len(text); i++ {
		digit := strings.IndexByte(alphabet, text[i]) ^ 1<<(i%6)
		if i == len(text)-1 {
			digit = strings.IndexByte(alphabet, text[i]) ^ 4 // its last two bits are padding
		}
		altered := secret.Text(text[:i] + string(alphabet[digit]) + text[i+1:])
		if _, err := o.Disavowable(t.Context(), altered); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("Disavowable(a link with another character %d) = %v, want errs.ErrNotFound", i, err)
		}
	}
	// A link that was made with an empty key works nowhere, not even without a key.
	forged := signin.Disavowal{Key: []byte{}, Time: o.Disavowal.Time}.Link(o.house.account, o.house.now)
	key := o.Disavowal.Key
	o.Disavowal.Key = nil
	if _, err := o.Disavowable(t.Context(), forged); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("Disavowable() without a key = %v, want errs.ErrNotFound", err)
	}
	o.Disavowal.Key = key
	o.house.asked = nil
	for _, typed := range []string{
		"", text[:prefix], text[:len(text)-1], text + "A", text[:prefix] + "!" + text[prefix+1:], "olid_rcv_" + text[prefix:],
	} {
		if _, err := o.Disavowable(t.Context(), secret.Text(typed)); !errors.Is(err, errs.ErrNotFound) || len(o.house.asked) > 0 {
			t.Errorf("Disavowable(%q) = %v after %q, want errs.ErrNotFound at once", typed, err, o.house.asked)
		}
	}
}

// A link blocks its account once: the event of the holder comes before that of the block,
// both mails go out, and the password is to be replaced.
func TestDisavow(t *testing.T) {
	t.Parallel()
	o, link := warned(t, account.Active)
	from := signin.From{Origin: "192.0.2.0/24", RequestID: "r1"}
	if n := atOnce(t, errs.ErrNotFound, func(int) error { return o.Disavow(t.Context(), link, from) }); n != 1 {
		t.Errorf("%d of 16 calls of Disavow() at once succeed, want 1", n)
	}
	a := o.house.account
	if a.State != account.Blocked || a.BlockReason != account.Disavowed || a.Renewal != account.RenewalDue || a.Epoch != 2 {
		t.Errorf("Disavow() leaves %+v, want it blocked in epoch 2, with a new password due", a)
	}
	for _, e := range o.house.rec.Events {
		if e.ObjectID != a.ID || e.RequestID != "r1" || e.Origin != "192.0.2.0/24" {
			t.Errorf("Disavow() logs %+v, want it about the account, from its request", e)
		}
	}
	if got, want := o.wrote(), "account.disavowed, account.blocked, blocked disavowed, disavowed"; got != want {
		t.Errorf("Disavow() writes %q, want %q", got, want)
	}
}

// A reference that another account has is drawn again, three times at most.
func TestDisavowReference(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		taken  int
		away   string
		want   error
		blocks int // calls
	}{
		"reference taken":    {taken: 2, blocks: 3},
		"taken three times":  {taken: 3, want: errs.ErrNotFound, blocks: 3},
		"away for the block": {away: "change", want: errs.ErrUnavailable, blocks: 1},
	} {
		o, link := warned(t, account.Active)
		o.house.taken = c.taken
		away(c.away)(o)
		err := o.Disavow(t.Context(), link, signin.From{})
		blocks := len(slices.DeleteFunc(slices.Clone(o.house.asked), func(call string) bool { return call != "change" }))
		if !errors.Is(err, c.want) || blocks != c.blocks || (o.wrote() != "") != (c.want == nil) {
			t.Errorf("%s: Disavow() = %v after %d tries, want %v after %d", name, err, blocks, c.want, c.blocks)
		}
	}
}
