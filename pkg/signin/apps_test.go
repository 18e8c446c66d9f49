package signin_test

import (
	"errors"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/totp"
)

// TP-01, TP-05: a code of either app is right, each step once per app, and the wrong ones
// of both are counted together.
func TestTP01_TP05_CodeOfEitherApp(t *testing.T) {
	t.Parallel()
	const first, second = secret.Text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), secret.Text("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
	step := totp.Step(noon)
	code := func(key secret.Text, step int64) string {
		out, err := totp.Code(key, step)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, c := range map[string]struct {
		failures    int // before this try
		last, other int64
		aad         string // of the second app
		typed       string
		want        account.Outcome
		app         int
		left        int
	}{
		"of the first":                     {0, step - 1, step - 1, account.AppAAD("a", 2, 3), code(first, step), account.Accepted, 0, 0},
		"of the second":                    {7, step, step - 1, account.AppAAD("a", 2, 3), code(second, step), account.Accepted, 3, 0},
		"of the second, spent":             {7, step - 1, step, account.AppAAD("a", 2, 3), code(second, step), account.Replayed, 0, 0},
		"of the first, spent":              {7, step, step - 1, account.AppAAD("a", 2, 3), code(first, step), account.Replayed, 0, 0},
		"wrong":                            {0, 0, 0, account.AppAAD("a", 2, 3), code(first, step+1000), account.Wrong, 0, 7},
		"wrong, the last":                  {7, 0, 0, account.AppAAD("a", 2, 3), code(first, step+1000), account.BlockedNow, 0, 0},
		"sealed as the new app that it is": {0, 0, 0, account.NewAppAAD("a", 2, 3), code(second, step), "", 0, 0},
		"sealed as the first app":          {0, 0, 0, account.FactorAAD("a", 2), code(second, step), "", 0, 0},
		"of an earlier enrolment":          {0, 0, 0, account.AppAAD("a", 1, 3), code(second, step), "", 0, 0},
		"of another account":               {0, 0, 0, account.AppAAD("b", 2, 3), code(second, step), "", 0, 0},
		"of another app":                   {0, 0, 0, account.AppAAD("a", 2, 2), code(second, step), "", 0, 0},
	} {
		h := &codeHouse{}
		s := codeService(t, h)
		seal := func(key secret.Text, aad string) []byte {
			sealed, err := s.Ring.Seal([]byte(key.Reveal()), aad)
			if err != nil {
				t.Fatal(err)
			}
			return sealed
		}
		h.try = account.CodeTry{
			State: account.Active, Enrolment: 2, Factor: account.Factor{Sealed: seal(first, account.FactorAAD("a", 2)), Failures: c.failures, LastStep: c.last},
			Second: account.App{Number: 3, Sealed: seal(second, c.aad), LastStep: c.other},
		}
		got, err := s.Code(t.Context(), account.Account{ID: "a", Epoch: 1}, c.typed, signin.From{})
		if c.want == "" {
			if !errors.Is(err, errs.ErrUnavailable) || h.verdict.Outcome != account.TooSoon {
				t.Errorf("%s: %+v, %v, %+v, want a fault that counts nothing", name, got, err, h.verdict)
			}
			continue
		}
		if err != nil || got.Outcome != c.want || got.Left != c.left || h.verdict.App != c.app {
			t.Errorf("%s: %+v, %v, of app %d, want %s of app %d", name, got, err, h.verdict.App, c.want, c.app)
		}
	}
}
