package storagetest

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/record"
)

// Grants is the contract of grant.Store.
func Grants(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("issue", func(t *testing.T) { grantIssue(t, w.in(t)) })
	t.Run("redeem", func(t *testing.T) { grantRedeem(t, w.in(t)) })
	t.Run("replay", func(t *testing.T) { grantReplay(t, w.in(t)) })
	t.Run("verifiers", func(t *testing.T) { grantVerifiers(t, w.in(t)) })
	t.Run("live", func(t *testing.T) { grantLive(t, w.in(t)) })
	t.Run("revoke", func(t *testing.T) { grantRevoke(t, w.in(t)) })
	t.Run("revoke session", func(t *testing.T) { grantRevokeSession(t, w.in(t)) })
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

// redemption is the right one for g.
func redemption(g grant.Grant) grant.Redemption {
	return grant.Redemption{
		CodeHash: g.CodeHash, ClientID: g.ClientID, RedirectURI: g.RedirectURI, Challenge: g.Challenge,
		Now: noon.Add(time.Second), Expires: noon.Add(time.Hour),
	}
}

// issued is a grant of an active account.
func (w world) issued(a account.Account) grant.Grant {
	w.t.Helper()
	g := grantOf(a)
	must(w.t, w.Grants.Issue(ctx(w.t), g, record.Record{}))
	return g
}

func (w world) redeem(r grant.Redemption, replay record.Record) grant.Refusal {
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
	for _, bad := range []grant.Grant{doubled, past, future, nobody, grantOf(w.awaiting()), grantOf(w.shown()), grantOf(w.blocked())} {
		rec := note("grant.issued", a.ID)
		w.refused(w.Grants.Issue(ctx(t), bad, rec), errs.ErrConflict, rec)
	}
}

func grantRedeem(t *testing.T, w world) {
	a := w.active()
	g := w.issued(a)
	r := redemption(g)
	got, who, refused, err := w.Grants.Redeem(ctx(t), r, record.Record{})
	must(t, err)
	same(t, refused, grant.Refusal(""))
	same(t, who, a)
	got.Tries = 0 // says nothing about a grant that was redeemed
	want := g
	want.CodeHash, got.CodeHash = "", ""
	want.RedeemedAt, want.Expires = r.Now, r.Expires
	same(t, got, want)

	none := redemption(g)
	none.CodeHash = key()
	same(t, w.redeem(none, record.Record{}), grant.RefusedUnknown)

	t.Run("CK-05: a code is over at the moment itself", func(t *testing.T) {
		w := w.in(t)
		last, late := redemption(w.issued(a)), redemption(w.issued(a))
		last.Now, late.Now = noon.Add(grant.CodeLifetime-time.Millisecond), noon.Add(grant.CodeLifetime)
		same(t, w.redeem(late, record.Record{}), grant.RefusedExpired)
		same(t, w.redeem(last, record.Record{}), grant.Refusal(""))
	})
	t.Run("TK-05, TK-07: another client or address gets nothing and spoils nothing", func(t *testing.T) {
		w := w.in(t)
		r := redemption(w.issued(a))
		for range grant.WrongVerifiers {
			client, uri := r, r
			client.ClientID, uri.RedirectURI = "other", r.RedirectURI+"/"
			same(t, w.redeem(client, record.Record{}), grant.RefusedMismatch)
			same(t, w.redeem(uri, record.Record{}), grant.RefusedMismatch)
		}
		wrong := r // nor have they used up the tries at its proof
		wrong.Challenge = "wrong"
		same(t, w.redeem(wrong, record.Record{}), grant.RefusedVerifier)
		same(t, w.redeem(r, record.Record{}), grant.Refusal(""))
	})
	t.Run("TK-12: blocked between code and token", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		g := w.issued(a)
		must(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, "R", noon, record.Record{}))
		same(t, w.redeem(redemption(g), record.Record{}), grant.RefusedAccount)
		must(t, w.Accounts.Unblock(ctx(t), a.ID, noon, record.Record{}))
		same(t, w.redeem(redemption(g), record.Record{}), grant.RefusedAccount)
		w.enrolled(a.ID) // active again, in another epoch
		same(t, w.redeem(redemption(g), record.Record{}), grant.RefusedAccount)
	})
}

func grantReplay(t *testing.T, w world) {
	a := w.active()
	t.Run("TK-02: a spent code revokes what it gave, once", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		rec := note("grant.replayed", a.ID)
		same(t, w.redeem(redemption(g), rec), grant.Refusal(""))
		w.unrecorded(rec)
		if !w.live(g.ID) {
			t.Fatal("the grant is not live")
		}
		same(t, w.redeem(redemption(g), rec), grant.RefusedReplay)
		w.recorded(rec)
		if w.live(g.ID) {
			t.Error("the grant lives on")
		}
		again := note("grant.replayed", a.ID)
		same(t, w.redeem(redemption(g), again), grant.RefusedReplay)
		w.unrecorded(again) // nothing was left to revoke
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
				same(t, w.redeem(redemption(g), record.Record{}), grant.Refusal(""))
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
		same(t, w.redeem(redemption(g), record.Record{}), grant.Refusal(""))
		other, rec := redemption(g), note("grant.replayed", a.ID)
		other.ClientID = "other"
		same(t, w.redeem(other, rec), grant.RefusedMismatch)
		w.unrecorded(rec)
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
		w.recorded(rec)
		if w.live(g.ID) {
			t.Error("the grant lives on")
		}
	})
}

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
			same(t, w.redeem(wrong(g), record.Record{}), grant.RefusedVerifier)
		}
		same(t, w.redeem(redemption(g), record.Record{}), grant.Refusal(""))
	})
	t.Run("TK-08: no proof is a wrong proof", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		none := redemption(g)
		none.Challenge = ""
		same(t, w.redeem(none, record.Record{}), grant.RefusedVerifier)
		same(t, w.redeem(redemption(g), record.Record{}), grant.Refusal(""))
	})
	t.Run("TK-08: the last wrong proof kills the code", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		for range grant.WrongVerifiers {
			same(t, w.redeem(wrong(g), record.Record{}), grant.RefusedVerifier)
		}
		same(t, w.redeem(redemption(g), record.Record{}), grant.RefusedRevoked)
	})
	t.Run("TK-09: a proof for a code without challenge", func(t *testing.T) {
		w, g := w.in(t), grantOf(a)
		g.Challenge = ""
		must(t, w.Grants.Issue(ctx(t), g, record.Record{}))
		same(t, w.redeem(wrong(g), record.Record{}), grant.RefusedVerifier)
		same(t, w.redeem(redemption(g), record.Record{}), grant.Refusal(""))
	})
	t.Run("TK-08: a crowd of guesses gets no more tries", func(t *testing.T) {
		w := w.in(t)
		g := w.issued(a)
		exactly(t, grant.WrongVerifiers, atOnce(func(int) error {
			_, _, refused, err := w.Grants.Redeem(ctx(t), wrong(g), record.Record{})
			if err == nil && refused == grant.RefusedRevoked {
				err = errTooMany
			}
			return err
		}), errTooMany)
		same(t, w.redeem(redemption(g), record.Record{}), grant.RefusedRevoked)
	})
}

func grantLive(t *testing.T, w world) {
	a := w.active()
	g := w.issued(a)
	if w.live(g.ID) || w.live(fresh("grt")) || w.live("") {
		t.Error("live before it was redeemed")
	}
	r := redemption(g)
	same(t, w.redeem(r, record.Record{}), grant.Refusal(""))
	got, who, err := w.Grants.Live(ctx(t), g.ID, r.Expires.Add(-time.Millisecond))
	must(t, err)
	same(t, who, a)
	if got.SID != g.SID || got.ClientID != g.ClientID || !slices.Equal(got.Scopes, g.Scopes) || !got.Expires.Equal(r.Expires) || !got.AuthTime.Equal(g.AuthTime) {
		t.Errorf("live: %+v", got)
	}
	_, _, err = w.Grants.Live(ctx(t), g.ID, r.Expires) // half-open
	is(t, err, errs.ErrNotFound)
	must(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, "R", noon, record.Record{}))
	if w.live(g.ID) {
		t.Error("live although the account is blocked")
	}
	must(t, w.Accounts.Unblock(ctx(t), a.ID, noon, record.Record{}))
	w.enrolled(a.ID)
	if w.live(g.ID) {
		t.Error("live although it is of another epoch")
	}
}

func grantRevoke(t *testing.T, w world) {
	a := w.active()
	g := w.issued(a)
	same(t, w.redeem(redemption(g), record.Record{}), grant.Refusal(""))
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
	w.unrecorded(again)

	unspent := w.issued(a)
	must(t, w.Grants.Revoke(ctx(t), unspent.ID, unspent.ClientID, noon, record.Record{}))
	same(t, w.redeem(redemption(unspent), record.Record{}), grant.RefusedRevoked)

	crowded := w.issued(a)
	rec = note("grant.revoked", a.ID)
	exactly(t, crowd, atOnce(func(int) error { return w.Grants.Revoke(ctx(t), crowded.ID, crowded.ClientID, noon, rec) }), nil)
	w.recorded(rec)
}

func grantRevokeSession(t *testing.T, w world) {
	a := w.active()
	one, two, more, other := grantOf(a), grantOf(a), grantOf(a), grantOf(a)
	two.SID, two.ClientID = one.SID, "second"
	more.SID = one.SID // a second grant of the same client
	for _, g := range []grant.Grant{one, two, more, other} {
		must(t, w.Grants.Issue(ctx(t), g, record.Record{}))
	}
	for _, g := range []grant.Grant{one, two, other} {
		same(t, w.redeem(redemption(g), record.Record{}), grant.Refusal(""))
	}
	rec := note("session.ended", a.ID)
	clients, err := w.Grants.RevokeSession(ctx(t), one.SID, noon, rec)
	w.happened(err, rec)
	slices.Sort(clients)
	same(t, clients, []string{"portal", "second"})
	if w.live(one.ID) || w.live(two.ID) || !w.live(other.ID) {
		t.Errorf("live: %t, %t; of another session: %t", w.live(one.ID), w.live(two.ID), w.live(other.ID))
	}
	same(t, w.redeem(redemption(more), record.Record{}), grant.RefusedRevoked)
	clients, err = w.Grants.RevokeSession(ctx(t), fresh("sid"), noon, note("session.ended", a.ID))
	must(t, err)
	same(t, len(clients), 0)
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

// clientRemoval belongs to Clients; it needs a grant.
func clientRemoval(t *testing.T, w world) {
	a := w.active()
	g, stranger := grantOf(a), w.issued(a)
	g.ClientID = fresh("client")
	must(t, w.Clients.Add(ctx(t), client.Client{ID: g.ClientID, Name: "x"}, record.Record{}))
	must(t, w.Grants.Issue(ctx(t), g, record.Record{}))
	unspent := grantOf(a)
	unspent.ClientID = g.ClientID
	must(t, w.Grants.Issue(ctx(t), unspent, record.Record{}))
	same(t, w.redeem(redemption(g), record.Record{}), grant.Refusal(""))
	same(t, w.redeem(redemption(stranger), record.Record{}), grant.Refusal(""))
	must(t, w.Clients.Remove(ctx(t), g.ClientID, record.Record{}))
	if w.live(g.ID) || !w.live(stranger.ID) {
		t.Errorf("live: %t; of another client: %t", w.live(g.ID), w.live(stranger.ID))
	}
	same(t, w.redeem(redemption(unspent), record.Record{}), grant.RefusedRevoked)
}
