package faults

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// invited returns an official whom an operator invited, trying again when a store
// failed: the latest link counts.
func (g *rig) invited(t testing.TB) *member {
	t.Helper()
	m := g.person(t)
	for until := time.Now().Add(testenv.Patience); ; time.Sleep(100 * time.Millisecond) {
		r := testenv.Run(t, g.bin, []string{"staff", "add", "--config", g.config, m.Email, "--name", "Olga Official", "--role", "reviewer"}, g.env...)
		if _, link, ok := strings.Cut(strings.TrimSpace(r.Stdout), "\n"); r.Code == 0 && ok {
			m.invitation = link
			return m
		}
		if r.Code != 1 || time.Now().After(until) {
			t.Errorf("staff add = %+v", r)
			return m
		}
	}
}

// join lets an official accept an invitation and log in.
func (g *rig) join(t testing.TB) *member {
	t.Helper()
	m := g.invited(t)
	if m.invitation != "" {
		g.visitor(t, m).visit(m.invitation)
	}
	return m
}

// stepOfficial does what a page of the console asks. It reports whether it knows the
// page.
func (v *visitor) stepOfficial() bool {
	switch page := v.Page(); {
	case v.Status == http.StatusGone: // the QR code may have been lost with an answer
		v.lost = true
		if v.retries == 0 {
			v.t.Errorf("%s: an invitation that was not used is gone:\n%s", v.Email, v.Body)
		}
	case page == "console/invite" && v.Status < 400:
		v.form("password", v.Password)
	case page == "console/qr":
		v.qrs++
		v.applied = true
		u, err := url.Parse(v.OTPAuth())
		if err != nil {
			v.t.Error(err)
			return true
		}
		v.Phone = practice.NewPhone(v.t, u.Query().Get("secret"))
		v.get(v.rig.issuer + "/console/login")
	case page == "console/login" && v.Status < 400:
		v.form("email", v.Email, "password", v.Password)
	case page == "console/code":
		v.enterCode()
	default:
		return false
	}
	return true
}

// atHome reports whether an official is logged in.
func (v *visitor) atHome() bool {
	return v.invitation != "" && v.Status == http.StatusOK && v.Page() == "console/home"
}

// spent checks that an invitation that was used cannot be used again, and that it was
// mailed.
func (g *rig) spent(t *testing.T, m *member) {
	t.Helper()
	if v := g.visitor(t, m); m.applied || m.lost {
		if v.get(m.invitation); v.Status != http.StatusGone {
			t.Errorf("%s: the invitation that was used leads to %s (%d)", m.Email, v.URL, v.Status)
		}
	}
	for until := time.Now().Add(mailPatience); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		for _, letter := range g.mail.To(t, m.Email) {
			if strings.Contains(letter.Text, m.invitation) {
				return
			}
		}
	}
	t.Errorf("%s: the invitation was not mailed", m.Email)
}
