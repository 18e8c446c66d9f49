package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/op/provider"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
)

const eidas, etoegang = "http://eidas.europa.eu/", "urn:etoegang:core:assurance-class:loa"

// TestR047_Level: a level that cannot be given is refused, never silently
// lowered (R-021, R-048, R-122, R-123 as DESIGN.md §5 reads it).
func TestR047_Level(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	for _, policy := range []client.Policy{client.General, client.NLGov} {
		s := site.New(t, site.OnlyClients(policy, site.PublicClient("web", site.CallbackURI)))
		_, b := s.Active(site.Email)
		general := policy == client.General
		for name, c := range map[string]struct {
			values, claims string
			met            bool
		}{
			"nothing":                    {"", "", true},
			"ours":                       {config.PracticeACR, "", true},
			"ours among others":          {eidas + "LoA/high " + config.PracticeACR, "", true},
			"eIDAS low":                  {eidas + "LoA/low", "", false},
			"eIDAS substantial":          {eidas + "LoA/substantial", "", false},
			"not notified low":           {eidas + "NotNotified/LoA/low", "", false},
			"eHerkenning 3":              {etoegang + "3", "", false},
			"unknown":                    {"urn:x", "", general},
			"unknown beside a higher":    {"urn:x " + eidas + "LoA/high", "", general},
			"ours, essential":            {"", `{"id_token":{"acr":{"essential":true,"value":"` + config.PracticeACR + `"}}}`, true},
			"one of, essential":          {"", `{"id_token":{"acr":{"essential":true,"values":["x","` + config.PracticeACR + `"]}}}`, true},
			"unknown, essential":         {"", `{"id_token":{"acr":{"essential":true,"value":"urn:x"}}}`, false},
			"unknown, voluntary":         {"", `{"id_token":{"acr":{"value":"urn:x"}}}`, general},
			"higher, voluntary":          {"", `{"id_token":{"acr":{"values":["` + eidas + `LoA/high"]}}}`, false},
			"any, essential":             {"", `{"id_token":{"acr":{"essential":true}}}`, true},
			"acr_values ours, claims no": {config.PracticeACR, `{"id_token":{"acr":{"essential":true,"value":"urn:x"}}}`, false},
		} {
			r := site.NewRequest("web", site.CallbackURI).With("acr_values", c.values, "claims", c.claims, "vtr", `["P1"]`)
			if !c.met {
				b.RefusedAtClient(r, "unmet_authentication_requirements")
				continue
			}
			_, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r), url.Values{"client_id": {"web"}}), nil)
			if id := site.IDToken(t, tokens); id["acr"] != config.PracticeACR || id["vot"] != nil {
				t.Errorf("%s, %s: %v", policy, name, id)
			}
		}
	}
}

// TestR048_HonestLevel: practice can never pass for the real thing.
func TestR048_HonestLevel(t *testing.T) {
	t.Parallel()
	c := config.Default(config.Practice)
	if strings.Contains(c.ACR, "eidas") {
		t.Error(c.ACR)
	}
	for _, acr := range []string{eidas + "LoA/low", eidas + "NotNotified/LoA/low", "https://EIDAS.europa.eu/x"} {
		c.ACR = acr
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "practice may not use") {
			t.Errorf("%s: %v", acr, err)
		}
	}
	if got := config.Default(config.Production).ACR; got != eidas+"NotNotified/LoA/low" {
		t.Error(got)
	}
}

// TestPolicyFor: a client can be held to more than its issuer asks, never to
// less.
func TestPolicyFor(t *testing.T) {
	t.Parallel()
	general, nlgov := provider.NewPolicy(client.General, "x", false), provider.NewPolicy(client.NLGov, "x", false)
	for _, c := range []struct {
		issuer provider.Policy
		client client.Policy
		want   client.Policy
	}{{general, client.NLGov, client.NLGov}, {general, client.General, client.General}, {nlgov, client.General, client.NLGov}, {nlgov, client.NLGov, client.NLGov}} {
		if got := c.issuer.For(client.Client{Policy: c.client}).Name; got != c.want {
			t.Errorf("%s client of a %s issuer: %s", c.client, c.issuer.Name, got)
		}
	}
}
