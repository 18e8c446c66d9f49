package storagetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
)

// Grants tests a grant.Store.
func Grants(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("issue", func(t *testing.T) { grantIssue(t, w.in(t)) })
	t.Run("redeem", func(t *testing.T) { grantRedeem(t, w.in(t)) })
	t.Run("replay", func(t *testing.T) { grantReplay(t, w.in(t)) })
	t.Run("verifiers", func(t *testing.T) { grantVerifiers(t, w.in(t)) })
	t.Run("live", func(t *testing.T) { grantLive(t, w.in(t)) })
	t.Run("revoke", func(t *testing.T) { grantRevoke(t, w.in(t)) })
	t.Run("end session", func(t *testing.T) { grantEndSession(t, w.in(t)) })
	t.Run("X2: nothing outlives the end of a session", func(t *testing.T) { grantEndRace(t, w.in(t)) })
	t.Run("use once", func(t *testing.T) { grantUseOnce(t, w.in(t)) })
	w.unbroken()
}

func grantOf(a account.Account) grant.Grant {
	return grant.Grant{
		ID: fresh("grt"), CodeHash: key(), ClientID: "portal", AccountID: a.ID, SID: fresh("sid"), Epoch: a.Epoch,
		RedirectURI: "https://portal.example/cb", Scopes: []string{"openid", "email"}, Claims: json.RawMessage(`{"userinfo":{}}`),
		Nonce: "n", Challenge: "challenge", AuthTime: noon.Add(-time.Second), ACR: "low",
		IssuedAt: noon, CodeExpires: noon.Add(grant.CodeLifetime),
	}
}

// redemption returns the right redemption of g.
func redemption(g grant.Grant) grant.Redemption {
	return grant.Redemption{
		CodeHash: g.CodeHash, ClientID: g.ClientID, RedirectURI: g.RedirectURI, Challenge: g.Challenge,
		Now: noon.Add(time.Second), Expires: noon.Add(time.Hour),
	}
}

// issued returns a grant of an active account.
func (w world) issued(a account.Account) grant.Grant {
	w.t.Helper()
	g := grantOf(a)
	must(w.t, w.Grants.Issue(ctx(w.t), g, effect.Effects{}))
	return g
}

func (w world) redeem(r grant.Redemption, replay effect.Effects) grant.Refusal {
	w.t.Helper()
	g, a, refused, err := w.Grants.Redeem(ctx(w.t), r, replay)
	must(w.t, err)
	if refused != "" && (g.ID != "" || a.ID != "") {
		w.t.Errorf("refused (%s), yet there is a grant %+v", refused, g)
	}
	return refused
}

func (w world) live(id string) bool {
	w.t.Helper()
	_, _, err := w.Grants.Live(ctx(w.t), id, noon.Add(time.Minute))
	if err != nil {
		is(w.t, err, errs.ErrNotFound)
	}
	return err == nil
}

func grantIssue(t *testing.T, w world) {
	a := w.active()
	g, rec := grantOf(a), note("grant.issued", a.ID)
	w.happened(w.Grants.Issue(ctx(t), g, rec), rec)
	doubled := grantOf(a)
	doubled.CodeHash = g.CodeHash
	past, future, nobody := grantOf(a), grantOf(a), grantOf(a)
	past.Epoch--
	future.Epoch++
	nobody.AccountID = fresh("nobody")
	same(t, ok[grant.Grant](t)(w.Grants.Issued(ctx(t), g.CodeHash)).ID, g.ID)
	same(t, ok[grant.Grant](t)(w.Grants.ByID(ctx(t), g.ID)).SID, g.SID)
	_, err := w.Grants.ByID(ctx(t), fresh("grant"))
	is(t, err, errs.ErrNotFound)
	_, err = w.Grants.Issued(ctx(t), key())
	is(t, err, errs.ErrNotFound)
	for _, bad := range []grant.Grant{doubled, past, future, nobody, grantOf(w.awaiting()), grantOf(w.shown()), grantOf(w.blocked())} {
		rec := note("grant.issued", a.ID)
		w.refused(w.Grants.Issue(ctx(t), bad, rec), errs.ErrConflict, rec)
	}
}

func grantRedeem(t *testing.T, w world) {
	a := w.active()
	g := w.issued(a)
	r := redemption(g)
	got, who, refused, err := w.Grants.Redeem(ctx(t), r, effect.Effects{})
	must(t, err)
	same(t, refused, grant.Refusal(""))
	same(t, who, a)
	got.Tries = 0 // without meaning for a redeemed grant
	want := g
	want.CodeHash, got.CodeHash = "", ""
	want.RedeemedAt, want.Expires = r.Now, r.Expires
	same(t, got, want)

	none := redemption(g)
	none.CodeHash = key()
	same(t, w.redeem(none, effect.Effects{}), grant.RefusedUnknown)

	t.Run("CK-05: a code is over at the moment itself", func(t *testing.T) {
		w := w.in(t)
		last, late := redemption(w.issued(a)), redemption(w.issued(a))
		last.Now, late.Now = noon.Add(grant.CodeLifetime-time.Millisecond), noon.Add(grant.CodeLifetime)
		same(t, w.redeem(late, effect.Effects{}), grant.RefusedExpired)
		same(t, w.redeem(last, effect.Effects{}), grant.Refusal(""))
	})
	t.Run("TK-05, TK-07: another client or address gets nothing and spoils nothing", func(t *testing.T) {
		w := w.in(t)
		r := redemption(w.issued(a))
		for range grant.WrongVerifiers {
			client, uri := r, r
			client.ClientID, uri.RedirectURI = "other", r.RedirectURI+"/"
			same(t, w.redeem(client, effect.Effects{}), grant.RefusedMismatch)
			same(t, w.redeem(uri, effect.Effects{}), grant.RefusedMismatch)
		}
		wrong := r // the other mismatches did not use the tries of the verifier
		wrong.Challenge = "wrong"
		same(t, w.redeem(wrong, effect.Effects{}), grant.RefusedVerifier)
		same(t, w.redeem(r, effect.Effects{}), grant.Refusal(""))
	})
	t.Run("TK-12: blocked between code and token", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		g := w.issued(a)
		must(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, "R", noon, effect.Effects{}))
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.RefusedAccount)
		must(t, w.unblock(a.ID, "", effect.Effects{}))
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.RefusedAccount)
		w.enrolled(a.ID) // active again, in another epoch
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.RefusedAccount)
	})
}

func grantReplay(t *testing.T, w world) {
	a := w.active()
	t.Run("TK-02: a spent code revokes what it gave, once", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		rec := note("grant.replayed", a.ID)
		same(t, w.redeem(redemption(g), rec), grant.Refusal(""))
		w.notWritten(rec)
		if !w.live(g.ID) {
			t.Fatal("the grant is not live")
		}
		same(t, w.redeem(redemption(g), rec), grant.RefusedReplay)
		w.written(rec)
		if w.live(g.ID) {
			t.Error("the grant lives on")
		}
		again := note("grant.replayed", a.ID)
		same(t, w.redeem(redemption(g), again), grant.RefusedReplay)
		w.notWritten(again) // nothing was left to revoke
	})
	t.Run("TK-02: also late, without the proof, or for another address", func(t *testing.T) {
		for name, change := range map[string]func(*grant.Redemption){
			"late":            func(r *grant.Redemption) { r.Now = noon.Add(grant.CodeLifetime) },
			"without proof":   func(r *grant.Redemption) { r.Challenge = "" },
			"another address": func(r *grant.Redemption) { r.RedirectURI = "https://portal.example/other" },
		} {
			t.Run(name, func(t *testing.T) {
				w := w.in(t)
				g := w.issued(a)
				same(t, w.redeem(redemption(g), effect.Effects{}), grant.Refusal(""))
				again := redemption(g)
				change(&again)
				if refused := w.redeem(again, note("grant.replayed", a.ID)); refused == "" {
					t.Error("redeemed twice")
				}
				if w.live(g.ID) {
					t.Error("the grant lives on")
				}
			})
		}
	})
	t.Run("TK-05: another client revokes nothing", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		same(t, w.redeem(redemption(g), effect.Effects{}), grant.Refusal(""))
		other, rec := redemption(g), note("grant.replayed", a.ID)
		other.ClientID = "other"
		same(t, w.redeem(other, rec), grant.RefusedMismatch)
		w.notWritten(rec)
		if !w.live(g.ID) {
			t.Error("the grant was revoked")
		}
	})
	t.Run("TK-01: of a crowd one redeems, and the replay is seen once", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		rec := note("grant.replayed", a.ID)
		exactlyOne(t, atOnce(func(int) error {
			got, _, refused, err := w.Grants.Redeem(ctx(t), redemption(g), rec)
			switch {
			case err != nil:
				return err
			case refused == grant.RefusedReplay:
				return errs.ErrConflict
			case refused != "" || got.ID != g.ID:
				return errors.New("refused: " + string(refused))
			}
			return nil
		}), errs.ErrConflict)
		w.written(rec)
		if w.live(g.ID) {
			t.Error("the grant lives on")
		}
	})
}
