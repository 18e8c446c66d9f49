package installation_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func production(issuer string) installation.Installation {
	return installation.Installation{Environment: "production", Issuer: issuer}
}

func practice(issuer string) installation.Installation {
	return installation.Installation{Environment: installation.Practice, Issuer: issuer}
}

const (
	here  = "https://id.example"
	there = "https://other.example"
)

// pairs holds the installation of a database and the one that it has to serve.
// Practice never serves production, nor the reverse.
var pairs = map[string]struct {
	have, want installation.Installation
	fits       bool
	says       string // a part of the Mismatch
}{
	"the same":                        {production(here), production(here), true, ""},
	"the same practice":               {practice(here), practice(here), true, ""},
	"practice for production":         {practice(here), production(here), false, "made for practice"},
	"production for practice":         {production(here), practice(here), false, "made for production"},
	"local practice for production":   {practice("http://localhost:8080"), production("http://localhost:8080"), false, "made for practice"},
	"another issuer":                  {production(here), production(there), false, "--issuer-was " + here},
	"another issuer of practice":      {practice(here), practice(there), false, "--issuer-was " + here},
	"a slash more":                    {production(here), production(here + "/"), false, "--issuer-was"},
	"another port on this machine":    {practice("http://localhost:8080"), practice("http://localhost:9090"), true, ""},
	"another name of this machine":    {practice("http://localhost:8080"), practice("http://127.0.0.1:8080"), true, ""},
	"its IPv6 address":                {practice("http://[::1]:8080"), practice("http://localhost"), true, ""},
	"local practice after production": {production("http://localhost:8080"), practice("http://localhost:9090"), false, "made for production"},
	"local production after practice": {practice("http://localhost:8080"), production("http://localhost:9090"), false, "made for practice"},
	"local, and production":           {production("http://localhost:8080"), production("http://localhost:9090"), false, "--issuer-was"},
	"from local to public":            {practice("http://localhost:8080"), practice(here), false, "--issuer-was"},
	"from public to local":            {practice(here), practice("http://localhost:8080"), false, "--issuer-was"},
	"https on this machine":           {practice("https://localhost:8080"), practice("https://localhost:9090"), false, "--issuer-was"},
	"a name that looks local":         {practice("http://localhost.example"), practice("http://127.0.0.1.example"), false, "--issuer-was"},
	"an address of another machine":   {practice("http://192.0.2.1"), practice("http://localhost"), false, "--issuer-was"},
	"an issuer that cannot be read":   {practice("http://[::1"), practice("http://localhost"), false, "--issuer-was"},
	"an environment with no database": {installation.Installation{}, production(here), false, "production a new, empty database"},
}

func TestFits(t *testing.T) {
	t.Parallel()
	for name, p := range pairs {
		if got := p.have.Fits(p.want); got != p.fits {
			t.Errorf("%s: %v.Fits(%v) = %t, want %t", name, p.have, p.want, got, p.fits)
		}
	}
}

// Two installations never have the same namespace.
func TestNamespace(t *testing.T) {
	t.Parallel()
	seen := map[string]installation.Installation{}
	for _, i := range []installation.Installation{production(here), practice(here), production(there), {Environment: "production\n" + here}, {Issuer: here}} {
		got := i.Namespace()
		if other, twice := seen[got]; twice || len(got) != 16 || got != i.Namespace() {
			t.Errorf("%v.Namespace() = %q, want 16 characters, always the same, and others than for %v", i, got, other)
		}
		seen[got] = i
	}
	if got, want := production(here).Namespace(), "f4d502f7105aa82f"; got != want {
		t.Errorf("Namespace() = %q, want %q: an upgrade would lose the sessions stored under it", got, want)
	}
}

// database implements installation.Store in memory.
type database struct {
	made    *installation.Installation
	events  []audit.Event
	err     error
	unmoved bool // another server moved it first
}

func (d *database) Owner(context.Context) (installation.Installation, error) {
	switch {
	case d.err != nil:
		return installation.Installation{}, d.err
	case d.made == nil:
		return installation.Installation{}, errs.ErrNotFound
	}
	return *d.made, nil
}

func (d *database) Claim(_ context.Context, i installation.Installation, e audit.Event) (installation.Installation, error) {
	if d.err == nil && d.made == nil {
		d.made, d.events = &i, append(d.events, e)
	}
	return d.Owner(context.Background())
}

func (d *database) AccessTokens(context.Context) (client.AccessTokens, error) {
	return client.OpaqueTokens, d.err
}

func (d *database) Move(_ context.Context, was string, i installation.Installation, e audit.Event) error {
	if d.unmoved || d.made.Issuer != was || d.made.Environment != i.Environment {
		return errs.ErrConflict
	}
	d.made, d.events = &i, append(d.events, e)
	return nil
}

// Check changes nothing, and returns nil if it cannot tell.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, p := range pairs {
		err := installation.Check(t.Context(), &database{made: &p.have}, p.want)
		if p.fits && err != nil || !p.fits && (!errors.Is(err, installation.ErrMismatch) || !strings.Contains(err.Error(), p.says)) {
			t.Errorf("%s: Check() = %v, want an error with %q", name, err, p.says)
		}
	}
	for name, d := range map[string]*database{"no owner yet": {}, "no answer": {err: errs.ErrUnavailable}} {
		if err := installation.Check(t.Context(), d, production(here)); err != nil || len(d.events) > 0 || d.made != nil {
			t.Errorf("%s: Check() = %v with %d events, want nil and none", name, err, len(d.events))
		}
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	d := &database{}
	if err := installation.Claim(t.Context(), d, production(here), noon); err != nil || *d.made != production(here) || len(d.events) != 1 {
		t.Errorf("the first Claim() = %v, for %v with %d events, want it for %v with one", err, d.made, len(d.events), production(here))
	}
	for name, p := range pairs {
		d := &database{made: &p.have}
		err := installation.Claim(t.Context(), d, p.want, noon)
		moved := p.fits && p.have != p.want
		if p.fits && (err != nil || *d.made != p.want) || !p.fits && (!errors.Is(err, installation.ErrMismatch) || *d.made != p.have) || len(d.events) > 0 != moved {
			t.Errorf("%s: Claim() = %v, for %v with %d events, want fits: %t", name, err, *d.made, len(d.events), p.fits)
		}
	}
	if err := installation.Claim(t.Context(), &database{err: errs.ErrUnavailable}, production(here), noon); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Claim() = %v, want errs.ErrUnavailable", err)
	}
	local := practice("http://localhost:1")
	if err := installation.Claim(t.Context(), &database{made: &local, unmoved: true}, practice("http://localhost:2"), noon); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Claim() of what another server moved = %v, want errs.ErrConflict", err)
	}
}

// The event of a move holds both issuers and the actor.
func TestMove(t *testing.T) {
	t.Parallel()
	have := production(here)
	for _, by := range []audit.Actor{audit.Operator("root"), audit.System("")} {
		d := &database{made: &have}
		if err := installation.Move(t.Context(), d, here, production(there), by, noon); err != nil || *d.made != production(there) || len(d.events) != 1 {
			t.Fatalf("Move() by %v = %v, for %v, want it for %v", by, err, *d.made, production(there))
		}
		e := d.events[0]
		if e.Actor() != by || e.Action != audit.InstallationMoved || !e.At.Equal(noon) || e.Details["was"] != here || e.Details["issuer"] != there || e.Details["environment"] != "production" {
			t.Errorf("Move() is recorded as %+v, want by %v from %s to %s", e, by, here, there)
		}
	}
}
