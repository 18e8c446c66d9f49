package provider_test

import (
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
)

// X11: any program on the person's device can pretend to be a native client. So
// people are asked at each login, prompt=none never gives a code, and only a
// client that is marked native may choose the port.
func TestX11_NativeClientsAskEachTime(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NativeClient("app", site.NativeURI),
		site.PublicClient("public", site.OtherURI)))
	_, b := s.Active(site.Email)
	for range 2 {
		if got := b.Authorize(site.NewRequest("app", "http://127.0.0.1:54321/cb")).At("/consent").Submit("decision", "yes").Answered(); got.Get("code") == "" {
			t.Fatalf("allowed: %v, want a code", got)
		}
		b.RefusedAtClient(site.NewRequest("app", site.NativeURI).With("prompt", "none"), "consent_required")
	}
	b.RefusedHere(site.NewRequest("public", "http://127.0.0.1:54321/cb"))
}

// X11: production knows no stored native client unless a setting allows them.
func TestX11_ProductionRefusesStoredNativeClients(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		s, _ := site.NewProduction(t, func(c *config.Config) { c.NativeClients = allowed })
		site.Must(t, s.Stores.DB.Clients().Add(t.Context(), site.NativeClient("stored", site.NativeURI), site.NoEffects))
		b, r := s.Browser(), site.NewRequest("stored", site.NativeURI)
		if !allowed {
			b.RefusedHere(r)
			continue
		}
		b.Authorize(r).At("/login")
	}
}
