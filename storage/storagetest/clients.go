package storagetest

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

// Clients tests a client.Store.
func Clients(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	same(t, len(ok[[]client.Client](t)(w.Clients.List(ctx(t)))), 0)
	full := client.Client{
		ID: "b-full", Name: "Omgevingsloket \"ë\"", RedirectURIs: []string{"https://a.example/cb?x=<&>"},
		PostLogoutRedirectURIs: []string{"https://a.example/"}, AuthMethod: client.PrivateKeyJWT, SecretHashes: []string{"00"},
		JWKS: json.RawMessage(`{"keys":[]}`), JWKSURI: "https://a.example/jwks", Scopes: []string{"email"}, Policy: client.General,
		PublicSubject: true, SectorHost: "a.example", InitiateLoginURI: "https://a.example/login", ThirdParty: true,
		PKCEOptional: true, DutchClaims: true, ClaimsInIDToken: true, SigningAlg: "ES256", HomeURI: "https://a.example/home",
	}
	rec := note("client.added", full.ID)
	w.happened(w.Clients.Add(ctx(t), full, rec), rec)
	same(t, ok[client.Client](t)(w.Clients.ByID(ctx(t), full.ID)), full)

	again := note("client.added", full.ID)
	w.refused(w.Clients.Add(ctx(t), client.Client{ID: full.ID, Name: "usurper"}, again), errs.ErrConflict, again)
	same(t, ok[client.Client](t)(w.Clients.ByID(ctx(t), full.ID)).Name, full.Name)
	_, err := w.Clients.ByID(ctx(t), "B-FULL") // ids are compared byte for byte
	is(t, err, errs.ErrNotFound)

	// Y22: a client is changed, and keeps what is not changed.
	changed := full
	changed.Name = "Another name"
	rec = note("client.changed", full.ID)
	rename := func(c client.Client) (client.Client, effect.Effects, error) {
		same(t, c, full)
		c.Name = changed.Name
		return c, rec, nil
	}
	w.happened(w.Clients.Change(ctx(t), full.ID, rename), rec)
	same(t, ok[client.Client](t)(w.Clients.ByID(ctx(t), full.ID)), changed)
	wrong := errors.New("not so")
	refusal := note("client.changed", full.ID)
	is(t, w.Clients.Change(ctx(t), full.ID, func(c client.Client) (client.Client, effect.Effects, error) { return client.Client{}, refusal, wrong }), wrong)
	is(t, w.Clients.Change(ctx(t), "nobody", rename), errs.ErrNotFound)
	w.notWritten(refusal)
	same(t, ok[client.Client](t)(w.Clients.ByID(ctx(t), full.ID)), changed)

	must(t, w.Clients.Add(ctx(t), client.Client{ID: "c"}, effect.Effects{}))
	must(t, w.Clients.Add(ctx(t), client.Client{ID: "Z"}, effect.Effects{}))
	must(t, w.Clients.Add(ctx(t), client.Client{ID: "a"}, effect.Effects{}))
	var ids []string
	for _, c := range ok[[]client.Client](t)(w.Clients.List(ctx(t))) {
		ids = append(ids, c.ID)
	}
	if want := []string{"Z", "a", "b-full", "c"}; !slices.Equal(ids, want) {
		t.Errorf("listed %v, want %v: by id, the same order on every back end", ids, want)
	}

	w.refused(w.Clients.Remove(ctx(t), "nobody", again), errs.ErrNotFound, again)
	gone := note("client.removed", full.ID)
	w.happened(w.Clients.Remove(ctx(t), full.ID, gone), gone)
	_, err = w.Clients.ByID(ctx(t), full.ID)
	is(t, err, errs.ErrNotFound)

	t.Run("its grants are revoked with it", func(t *testing.T) { clientRemoval(t, w.in(t)) })
	t.Run("of a crowd one adds and one removes", func(t *testing.T) {
		w, id := w.in(t), fresh("client")
		added, removed := note("client.added", id), note("client.removed", id)
		exactlyOne(t, atOnce(func(int) error { return w.Clients.Add(ctx(t), client.Client{ID: id}, added) }), errs.ErrConflict)
		w.written(added)
		exactlyOne(t, atOnce(func(int) error { return w.Clients.Remove(ctx(t), id, removed) }), errs.ErrNotFound)
		w.written(removed)
	})
	w.unbroken()
}

// Consents tests a consent.Store.
func Consents(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	a, b := w.active(), w.active()
	_, err := w.Consents.Get(ctx(t), a.ID, "portal")
	is(t, err, errs.ErrNotFound)

	c := consent.Consent{AccountID: a.ID, ClientID: "portal", Claims: []string{"email", "family_name"}, GivenAt: noon}
	rec := note("consent.given", a.ID)
	w.happened(w.Consents.Give(ctx(t), c, rec), rec)
	same(t, ok[consent.Consent](t)(w.Consents.Get(ctx(t), a.ID, "portal")), c)

	c.Claims, c.GivenAt = []string{"email"}, noon.Add(time.Hour)
	rec = note("consent.given", a.ID)
	w.happened(w.Consents.Give(ctx(t), c, rec), rec) // replaces the first
	same(t, ok[consent.Consent](t)(w.Consents.Get(ctx(t), a.ID, "portal")), c)

	for _, other := range [][2]string{{a.ID, "other"}, {b.ID, "portal"}} {
		_, err = w.Consents.Get(ctx(t), other[0], other[1])
		is(t, err, errs.ErrNotFound)
	}
	t.Run("withdrawn", func(t *testing.T) { consentWithdrawn(t, w.in(t)) })
	t.Run("withdrawn in a race", func(t *testing.T) { consentRace(t, w.in(t)) })
	t.Run("an account that is gone consents to nothing", func(t *testing.T) {
		w, rec := w.in(t), note("consent.given", a.ID)
		err := w.Consents.Give(ctx(t), consent.Consent{AccountID: fresh("nobody"), ClientID: "portal", GivenAt: noon}, rec)
		oneOf(t, err, errs.ErrNotFound, errs.ErrConflict)
		w.notWritten(rec)
	})
	t.Run("a crowd may say yes at once", func(t *testing.T) {
		w := w.in(t)
		exactly(t, crowd, atOnce(func(int) error {
			return w.Consents.Give(ctx(t), consent.Consent{AccountID: b.ID, ClientID: "crowd", Claims: []string{"x"}, GivenAt: noon}, effect.Effects{})
		}), nil)
		same(t, ok[consent.Consent](t)(w.Consents.Get(ctx(t), b.ID, "crowd")).Claims, []string{"x"})
	})
	w.unbroken()
}
