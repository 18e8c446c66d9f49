package grant

import (
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// code returns a grant whose code is not redeemed yet, at its first try.
func code() Grant {
	return Grant{ID: "g", ClientID: "portal", AccountID: "a", Epoch: 7, RedirectURI: "https://portal.example/cb", Challenge: "c", IssuedAt: noon, CodeExpires: noon.Add(CodeLifetime), Tries: 1}
}

func redemption() Redemption {
	return Redemption{ClientID: "portal", RedirectURI: "https://portal.example/cb", Challenge: "c", Now: noon.Add(time.Second), Expires: noon.Add(time.Hour)}
}

func TestRedeem(t *testing.T) {
	t.Parallel()
	now, before := noon.Add(time.Second), noon.Add(time.Millisecond)
	spent := func(g *Grant) { g.RedeemedAt, g.Expires = before, noon.Add(time.Hour) }
	dead := func(g *Grant) { spent(g); g.RevokedAt = before }
	uncounted := func(g *Grant) { g.Tries-- }
	revoked := func(g *Grant) { g.RevokedAt = now; g.Tries-- }
	for _, test := range []struct {
		name  string
		g     func(*Grant)
		a     func(*account.Account)
		r     func(*Redemption)
		want  Refusal
		after func(*Grant) // nil = unchanged
		ended bool         // the session
	}{
		{name: "right", after: func(g *Grant) { g.RedeemedAt, g.Expires = now, noon.Add(time.Hour) }},
		{name: "right, at the last moment", r: func(r *Redemption) { r.Now = noon.Add(CodeLifetime - time.Millisecond) },
			after: func(g *Grant) { g.RedeemedAt, g.Expires = noon.Add(CodeLifetime-time.Millisecond), noon.Add(time.Hour) }},
		{name: "right, after wrong proofs", g: func(g *Grant) { g.Tries = WrongVerifiers },
			after: func(g *Grant) { g.RedeemedAt, g.Expires = now, noon.Add(time.Hour) }},
		{name: "right, without a challenge", g: func(g *Grant) { g.Challenge = "" }, r: func(r *Redemption) { r.Challenge = "" },
			after: func(g *Grant) { g.RedeemedAt, g.Expires = now, noon.Add(time.Hour) }},

		{name: "expired", r: func(r *Redemption) { r.Now = noon.Add(CodeLifetime) }, want: RefusedExpired, after: uncounted},
		{name: "revoked", g: func(g *Grant) { g.RevokedAt = before }, want: RefusedRevoked, after: uncounted},
		{name: "another client", r: func(r *Redemption) { r.ClientID = "other" }, want: RefusedMismatch, after: uncounted},
		{name: "another address", r: func(r *Redemption) { r.RedirectURI += "/" }, want: RefusedMismatch, after: uncounted},
		{name: "blocked", a: func(a *account.Account) { a.State = account.Blocked }, want: RefusedAccount, after: uncounted},
		{name: "closed", a: func(a *account.Account) { a.State = account.Closed }, want: RefusedAccount, after: uncounted},
		{name: "not enrolled", a: func(a *account.Account) { a.State = account.QRShown }, want: RefusedAccount, after: uncounted},
		{name: "an older epoch", a: func(a *account.Account) { a.Epoch++ }, want: RefusedAccount, after: uncounted},

		{name: "wrong proof", r: func(r *Redemption) { r.Challenge = "x" }, want: RefusedVerifier},
		{name: "no proof", r: func(r *Redemption) { r.Challenge = "" }, want: RefusedVerifier},
		{name: "a proof that was not asked for", g: func(g *Grant) { g.Challenge = "" }, want: RefusedVerifier},
		{name: "wrong proof, one before the last", g: func(g *Grant) { g.Tries = WrongVerifiers - 1 }, r: func(r *Redemption) { r.Challenge = "x" }, want: RefusedVerifier},
		{name: "wrong proof, the last", g: func(g *Grant) { g.Tries = WrongVerifiers }, r: func(r *Redemption) { r.Challenge = "x" }, want: RefusedVerifier,
			after: func(g *Grant) { g.RevokedAt = now }},
		{name: "wrong proof, blocked", a: func(a *account.Account) { a.State = account.Blocked }, r: func(r *Redemption) { r.Challenge = "x" }, want: RefusedVerifier},

		{name: "replay", g: spent, want: RefusedReplay, after: revoked},
		{name: "replay, late", g: spent, r: func(r *Redemption) { r.Now = noon.Add(time.Hour) }, want: RefusedReplay,
			after: func(g *Grant) { g.RevokedAt = noon.Add(time.Hour); g.Tries-- }},
		{name: "replay, without proof", g: spent, r: func(r *Redemption) { r.Challenge = "" }, want: RefusedReplay, after: revoked},
		{name: "replay, for another address", g: spent, r: func(r *Redemption) { r.RedirectURI = "" }, want: RefusedReplay, after: revoked},
		{name: "replay, again", g: dead, want: RefusedReplay, after: uncounted},

		{name: "session ended", ended: true, want: RefusedRevoked, after: revoked},
		{name: "session ended, wrong proof", ended: true, r: func(r *Redemption) { r.Challenge = "x" }, want: RefusedRevoked, after: revoked},
		{name: "session ended, revoked before", ended: true, g: func(g *Grant) { g.RevokedAt = before }, want: RefusedRevoked, after: uncounted},
		{name: "session ended, replay", ended: true, g: spent, want: RefusedReplay, after: revoked},
		{name: "replay by another client", g: spent, r: func(r *Redemption) { r.ClientID = "other" }, want: RefusedMismatch, after: uncounted},
	} {
		g, a, r := code(), account.Account{ID: "a", State: account.Active, Epoch: 7}, redemption()
		if test.g != nil {
			test.g(&g)
		}
		if test.a != nil {
			test.a(&a)
		}
		if test.r != nil {
			test.r(&r)
		}
		want := g
		if test.after != nil {
			test.after(&want)
		}
		if got, refused := g.Redeem(a, test.ended, r); refused != test.want || !reflect.DeepEqual(got, want) {
			t.Errorf("Redeem(%s) = %+v, %q, want %+v, %q", test.name, got, refused, want, test.want)
		}
	}
}

func TestPending(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Grant)
		after  time.Duration
		want   bool
	}{
		"new":                {func(*Grant) {}, 0, true},
		"at the last moment": {func(*Grant) {}, CodeLifetime - time.Millisecond, true},
		"expired":            {func(*Grant) {}, CodeLifetime, false},
		"redeemed":           {func(g *Grant) { g.RedeemedAt = noon }, 0, false},
		"revoked":            {func(g *Grant) { g.RevokedAt = noon }, 0, false},
	} {
		g := code()
		c.change(&g)
		if got := g.Pending(noon.Add(c.after)); got != c.want {
			t.Errorf("%s: Pending() = %t, want %t", name, got, c.want)
		}
	}
}

func TestAlive(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*Grant, *account.Account, *time.Time)
		want   bool
	}{
		{"redeemed", func(*Grant, *account.Account, *time.Time) {}, true},
		{"at the last moment", func(g *Grant, _ *account.Account, now *time.Time) { *now = g.Expires.Add(-time.Millisecond) }, true},
		{"expired", func(g *Grant, _ *account.Account, now *time.Time) { *now = g.Expires }, false},
		{"not redeemed", func(g *Grant, _ *account.Account, _ *time.Time) { g.RedeemedAt = time.Time{} }, false},
		{"revoked", func(g *Grant, _ *account.Account, _ *time.Time) { g.RevokedAt = noon }, false},
		{"blocked", func(_ *Grant, a *account.Account, _ *time.Time) { a.State = account.Blocked }, false},
		{"enrolling anew", func(_ *Grant, a *account.Account, _ *time.Time) { a.State = account.QRShown }, false},
		{"a newer epoch", func(_ *Grant, a *account.Account, _ *time.Time) { a.Epoch++ }, false},
		{"an older epoch", func(_ *Grant, a *account.Account, _ *time.Time) { a.Epoch-- }, false},
	} {
		g, a, now := code(), account.Account{ID: "a", State: account.Active, Epoch: 7}, noon.Add(time.Minute)
		g.RedeemedAt, g.Expires = noon, noon.Add(time.Hour)
		test.change(&g, &a, &now)
		if got := g.Alive(a, now); got != test.want {
			t.Errorf("Alive(%s) = %t, want %t", test.name, got, test.want)
		}
	}
}
