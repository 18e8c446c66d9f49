package storagetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
)

func grantVerifiers(t *testing.T, w world) {
	a := w.active()
	wrong := func(g grant.Grant) grant.Redemption {
		r := redemption(g)
		r.Challenge = "wrong"
		return r
	}
	t.Run("TK-08: a wrong proof leaves the code until the last try", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		for range grant.WrongVerifiers - 1 {
			same(t, w.redeem(wrong(g), effect.Effects{}), grant.RefusedVerifier)
		}
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.Refusal(""))
	})
	t.Run("TK-08: no proof is a wrong proof", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		none := redemption(g)
		none.Challenge = ""
		same(t, w.redeem(none, effect.Effects{}), grant.RefusedVerifier)
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.Refusal(""))
	})
	t.Run("TK-08: the last wrong proof kills the code", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		for range grant.WrongVerifiers {
			same(t, w.redeem(wrong(g), effect.Effects{}), grant.RefusedVerifier)
		}
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.RefusedRevoked)
	})
	t.Run("TK-09: a proof for a code without challenge", func(t *testing.T) {
		w, g := w.in(t), grantOf(a)
		g.Challenge = ""
		must(t, w.Grants.Issue(ctx(t), g, effect.Effects{}))
		same(t, w.redeem(wrong(g), effect.Effects{}), grant.RefusedVerifier)
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.Refusal(""))
	})
	t.Run("TK-08: a crowd of guesses gets no more tries", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		exactly(t, grant.WrongVerifiers, atOnce(func(int) error {
			_, _, refused, err := w.Grants.Redeem(ctx(t), wrong(g), effect.Effects{})
			if err == nil && refused == grant.RefusedRevoked {
				err = errTooMany
			}
			return err
		}), errTooMany)
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.RefusedRevoked)
	})
}

func grantLive(t *testing.T, w world) {
	a := w.active()
	g := w.issued(a)
	if w.live(g.ID) || w.live(fresh("grt")) || w.live("") {
		t.Error("live before it was redeemed")
	}
	r := redemption(g)
	same(t, w.redeem(r, effect.Effects{}), grant.Refusal(""))
	got, who, err := w.Grants.Live(ctx(t), g.ID, r.Expires.Add(-time.Millisecond))
	must(t, err)
	same(t, who, a)
	if got.SID != g.SID || got.ClientID != g.ClientID || !slices.Equal(got.Scopes, g.Scopes) || !got.Expires.Equal(r.Expires) || !got.AuthTime.Equal(g.AuthTime) {
		t.Errorf("live: %+v", got)
	}
	_, _, err = w.Grants.Live(ctx(t), g.ID, r.Expires) // over at the moment it expires
	is(t, err, errs.ErrNotFound)
	must(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, "R", noon, effect.Effects{}))
	if w.live(g.ID) {
		t.Error("live although the account is blocked")
	}
	must(t, w.unblock(a.ID, "", effect.Effects{}))
	w.enrolled(a.ID)
	if w.live(g.ID) {
		t.Error("live although it is of another epoch")
	}
}

func grantRevoke(t *testing.T, w world) {
	a := w.active()
	g := w.issued(a)
	same(t, w.redeem(redemption(g), effect.Effects{}), grant.Refusal(""))
	rec := note("grant.revoked", a.ID)
	w.refused(w.Grants.Revoke(ctx(t), g.ID, "other", noon, rec), errs.ErrNotFound, rec)
	w.refused(w.Grants.Revoke(ctx(t), fresh("grt"), g.ClientID, noon, rec), errs.ErrNotFound, rec)
	if !w.live(g.ID) {
		t.Fatal("revoked by somebody else")
	}
	w.happened(w.Grants.Revoke(ctx(t), g.ID, g.ClientID, noon, rec), rec)
	if w.live(g.ID) {
		t.Error("the grant lives on")
	}
	again := note("grant.revoked", a.ID)
	must(t, w.Grants.Revoke(ctx(t), g.ID, g.ClientID, noon, again))
	w.notWritten(again)

	unspent := w.issued(a)
	must(t, w.Grants.Revoke(ctx(t), unspent.ID, unspent.ClientID, noon, effect.Effects{}))
	same(t, w.redeem(redemption(unspent), effect.Effects{}), grant.RefusedRevoked)

	crowded := w.issued(a)
	rec = note("grant.revoked", a.ID)
	exactly(t, crowd, atOnce(func(int) error { return w.Grants.Revoke(ctx(t), crowded.ID, crowded.ClientID, noon, rec) }), nil)
	w.written(rec)
}

func grantEndSession(t *testing.T, w world) {
	a := w.active()
	one, two, more, other := grantOf(a), grantOf(a), grantOf(a), grantOf(a)
	two.SID, two.ClientID = one.SID, "second"
	more.SID = one.SID // a second grant of the same client
	for _, g := range []grant.Grant{one, two, more, other} {
		must(t, w.Grants.Issue(ctx(t), g, effect.Effects{}))
	}
	for _, g := range []grant.Grant{one, two, other} {
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.Refusal(""))
	}
	rec := note("session.ended", a.ID)
	until := noon.Add(time.Hour)
	clients, err := w.Grants.EndSession(ctx(t), one.SID, noon, until, rec)
	w.happened(err, rec)
	slices.Sort(clients)
	same(t, clients, []string{"portal", "second"})
	if w.live(one.ID) || w.live(two.ID) || !w.live(other.ID) {
		t.Errorf("live: %t, %t; of another session: %t", w.live(one.ID), w.live(two.ID), w.live(other.ID))
	}
	same(t, w.redeem(redemption(more), effect.Effects{}), grant.RefusedRevoked)
	for _, sid := range []string{fresh("sid"), one.SID} { // unknown, and a second time
		_, err = w.Grants.EndSession(ctx(t), sid, noon, until, note("session.ended", a.ID))
		must(t, err)
		same(t, ok[bool](t)(w.Grants.Ended(ctx(t), sid)), true)
	}
	same(t, ok[bool](t)(w.Grants.Ended(ctx(t), other.SID)), false)
	late := grantOf(a)
	late.SID = one.SID
	rec = note("grant.issued", a.ID)
	w.refused(w.Grants.Issue(ctx(t), late, rec), errs.ErrConflict, rec)
}

func grantUseOnce(t *testing.T, w world) {
	id, jti := fresh("client"), fresh("jti")
	must(t, w.Grants.UseOnce(ctx(t), id, jti, noon.Add(time.Minute)))
	is(t, w.Grants.UseOnce(ctx(t), id, jti, noon.Add(time.Hour)), errs.ErrConflict)
	must(t, w.Grants.UseOnce(ctx(t), id+"2", jti, noon.Add(time.Minute)))
	must(t, w.Grants.UseOnce(ctx(t), id, jti+"2", noon.Add(time.Minute)))
	t.Run("TK-17: of a crowd one uses it", func(t *testing.T) {
		jti := fresh("jti")
		exactlyOne(t, atOnce(func(int) error { return w.Grants.UseOnce(ctx(t), id, jti, noon.Add(time.Minute)) }), errs.ErrConflict)
	})
}

// clientRemoval is a test of Clients that needs a grant.
func clientRemoval(t *testing.T, w world) {
	a := w.active()
	g, stranger := grantOf(a), w.issued(a)
	g.ClientID = fresh("client")
	must(t, w.Clients.Add(ctx(t), client.Client{ID: g.ClientID, Name: "x"}, effect.Effects{}))
	must(t, w.Grants.Issue(ctx(t), g, effect.Effects{}))
	unspent := grantOf(a)
	unspent.ClientID = g.ClientID
	must(t, w.Grants.Issue(ctx(t), unspent, effect.Effects{}))
	same(t, w.redeem(redemption(g), effect.Effects{}), grant.Refusal(""))
	same(t, w.redeem(redemption(stranger), effect.Effects{}), grant.Refusal(""))
	must(t, w.Clients.Remove(ctx(t), g.ClientID, effect.Effects{}))
	if w.live(g.ID) || !w.live(stranger.ID) {
		t.Errorf("live: %t; of another client: %t", w.live(g.ID), w.live(stranger.ID))
	}
	same(t, w.redeem(redemption(unspent), effect.Effects{}), grant.RefusedRevoked)
}

// consentWithdrawn is a test of Consents that needs grants.
func consentWithdrawn(t *testing.T, w world) {
	a, b := w.active(), w.active()
	portal, other := fresh("client"), fresh("client")
	issue := func(a account.Account, client string) grant.Grant {
		t.Helper()
		must(t, w.Consents.Give(ctx(t), consent.Consent{AccountID: a.ID, ClientID: client, Claims: []string{"email"}, GivenAt: noon}, effect.Effects{}))
		g := grantOf(a)
		g.ClientID = client
		must(t, w.Grants.Issue(ctx(t), g, effect.Effects{}))
		return g
	}
	redeemed, unspent, elsewhere, stranger := issue(a, portal), issue(a, portal), issue(a, other), issue(b, portal)
	for _, g := range []grant.Grant{redeemed, elsewhere, stranger} {
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.Refusal(""))
	}
	of := func(id string) (clients []string) {
		t.Helper()
		for _, c := range ok[[]consent.Consent](t)(w.Consents.Of(ctx(t), id)) {
			same(t, c, consent.Consent{AccountID: id, ClientID: c.ClientID, Claims: []string{"email"}, GivenAt: noon})
			clients = append(clients, c.ClientID)
		}
		return clients
	}
	same(t, len(of(a.ID)), 2)
	rec := note("consent.withdrawn", a.ID)
	exactlyOne(t, atOnce(func(int) error { return w.Consents.Withdraw(ctx(t), a.ID, portal, noon, rec) }), errs.ErrNotFound)
	w.written(rec)
	if w.live(redeemed.ID) || !w.live(elsewhere.ID) || !w.live(stranger.ID) {
		t.Errorf("live: %t; of another client: %t; of another account: %t", w.live(redeemed.ID), w.live(elsewhere.ID), w.live(stranger.ID))
	}
	same(t, w.redeem(redemption(unspent), effect.Effects{}), grant.RefusedRevoked)
	// A withdrawal that ended before it had revoked what was issued meanwhile is repeated.
	missed := grantOf(a)
	missed.ClientID = portal
	must(t, w.Grants.Issue(ctx(t), missed, effect.Effects{}))
	same(t, w.redeem(redemption(missed), effect.Effects{}), grant.Refusal(""))
	is(t, w.Consents.Withdraw(ctx(t), a.ID, portal, noon, effect.Effects{}), errs.ErrNotFound)
	if w.live(missed.ID) {
		t.Error("a grant outlives a repeated withdrawal")
	}
	// A client that needs no consent is not stopped by one that does (TK-05).
	free, thief := grantOf(a), redemption(grantOf(a))
	must(t, w.Grants.Issue(ctx(t), free, effect.Effects{}))
	thief.CodeHash, thief.ClientID, thief.Consent = free.CodeHash, portal, true
	same(t, w.redeem(thief, effect.Effects{}), grant.RefusedMismatch)
	same(t, w.redeem(redemption(free), effect.Effects{}), grant.Refusal(""))
	// A login that was under way issues a grant after the withdrawal.
	late := grantOf(a)
	late.ClientID = portal
	must(t, w.Grants.Issue(ctx(t), late, effect.Effects{}))
	r := redemption(late)
	r.Consent = true
	same(t, w.redeem(r, effect.Effects{}), grant.RefusedRevoked)
	r.Consent = false // it stays revoked if the client needs no consent any more
	same(t, w.redeem(r, effect.Effects{}), grant.RefusedRevoked)
	for name, g := range map[string]grant.Grant{"of another client": issue(a, other), "of another account": issue(b, portal)} {
		r := redemption(g)
		r.Consent, r.ClientID = true, fresh("client")
		same(t, w.redeem(r, effect.Effects{}), grant.RefusedMismatch) // and it stays redeemable
		r.ClientID = g.ClientID
		if refused := w.redeem(r, effect.Effects{}); refused != "" {
			t.Errorf("a grant %s, with its consent: %s", name, refused)
		}
	}
	same(t, of(a.ID), []string{other})
	same(t, of(b.ID), []string{portal})
	same(t, len(of(fresh("nobody"))), 0)
}

// consentRace issues and redeems codes of one client while the consent is withdrawn. No
// token stays valid.
func consentRace(t *testing.T, w world) {
	a := w.active()
	portal := fresh("client")
	must(t, w.Consents.Give(ctx(t), consent.Consent{AccountID: a.ID, ClientID: portal, Claims: []string{"email"}, GivenAt: noon}, effect.Effects{}))
	var mu sync.Mutex
	var grants []grant.Grant
	atOnce(func(i int) error {
		if i == crowd/2 {
			return w.Consents.Withdraw(ctx(t), a.ID, portal, noon, effect.Effects{})
		}
		g := grantOf(a)
		g.ClientID = portal
		if err := w.Grants.Issue(ctx(t), g, effect.Effects{}); err != nil {
			return err
		}
		mu.Lock()
		grants = append(grants, g)
		mu.Unlock()
		if i%2 == 0 {
			return nil
		}
		r := redemption(g)
		r.Consent = true
		_, _, _, err := w.Grants.Redeem(ctx(t), r, effect.Effects{})
		return err
	})
	for _, g := range grants {
		r := redemption(g)
		r.Consent = true
		if refused := w.redeem(r, effect.Effects{}); refused == "" {
			t.Error("a code is redeemed after the withdrawal of the consent")
		}
		if w.live(g.ID) {
			t.Error("a token is valid after the withdrawal of the consent")
		}
	}
}

// grantEndRace issues and redeems codes of a session while it ends. What is
// issued or redeemed afterwards is refused, and no token stays valid.
func grantEndRace(t *testing.T, w world) {
	a := w.active()
	sid := fresh("sid")
	var mu sync.Mutex
	var ids, codes []string
	atOnce(func(i int) error {
		if i == crowd/2 {
			_, err := w.Grants.EndSession(ctx(t), sid, noon, noon.Add(time.Hour), effect.Effects{})
			return err
		}
		g := grantOf(a)
		g.SID = sid
		if err := w.Grants.Issue(ctx(t), g, effect.Effects{}); err != nil {
			return err
		}
		mu.Lock()
		ids, codes = append(ids, g.ID), append(codes, g.CodeHash)
		mu.Unlock()
		if i%2 == 0 {
			_, _, _, err := w.Grants.Redeem(ctx(t), redemption(g), effect.Effects{})
			return err
		}
		return nil
	})
	for i, id := range ids {
		if w.live(id) {
			t.Error("a token of the session is valid after its end")
		}
		g := grantOf(a)
		g.CodeHash = codes[i]
		if refused := w.redeem(redemption(g), effect.Effects{}); refused == "" {
			t.Error("a code of the session is redeemed after its end")
		}
	}
}
