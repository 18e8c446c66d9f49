package session_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/session"
)

func TestAgent(t *testing.T) {
	t.Parallel()
	const webkit = "AppleWebKit/537.36 (KHTML, like Gecko) "
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                      "firefox/linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit + "Chrome/156.0.0.0 Safari/537.36":                                      "chrome/windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit + "Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0":                        "edge/windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":       "safari/mac",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0 Mobile Safari/6": "chrome/iphone",
		"Mozilla/5.0 (Linux; Android 15; SM-S921B) " + webkit + "SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36":               "samsung/android",
		"": "other/other",
		"curl/8.0 <script>alert(1)</script> Anna's phone": "other/other",
		strings.Repeat("x", 4000) + "Firefox/ Windows":    "other/other",
	} {
		if got := session.Agent(header); got != want {
			t.Errorf("Agent(%.40q) = %q, want %q", header, got, want)
		}
	}
}

// logins is a list of sessions, which writes down what it was asked.
type logins struct {
	session.List
	entries []session.Entry
	err     error
	account string
	epoch   int64
	now     time.Time
	most    int
}

func (l *logins) Of(_ context.Context, accountID string, epoch int64, now time.Time, most int) ([]session.Entry, error) {
	l.account, l.epoch, l.now, l.most = accountID, epoch, now, most
	return l.entries, l.err
}

// LG-27: a person sees the sessions that are live, in any browser, the one that was used
// last first. An entry without a live session is left out.
func TestLG27_Listed(t *testing.T) {
	t.Parallel()
	now := noon
	m := &memory{kept: map[string]session.Session{}}
	s := newService(m, realm.Holder, &now)
	list := &logins{}
	for _, c := range []struct {
		sid  string
		seen time.Duration // ago
		keep func(*session.Session) bool
	}{
		{"seen first", 20 * time.Minute, nil},
		{"seen last", time.Minute, nil},
		{"seen between", 10 * time.Minute, nil},
		{"seen then too, listed later", 10 * time.Minute, nil},
		{"just in time", 30*time.Minute - 1, nil},
		{"idle", 30 * time.Minute, nil},
		{"too long", time.Minute, func(s *session.Session) bool { s.CreatedAt = noon.Add(-12 * time.Hour); return true }},
		{"of an earlier epoch", 0, func(s *session.Session) bool { s.Epoch = 2; return true }},
		{"forgotten", 0, func(*session.Session) bool { return false }},
		{"followed by another login", 0, func(s *session.Session) bool { s.SID = "another"; return true }},
	} {
		kept := session.Session{
			Key: "key of " + c.sid, SID: c.sid, AccountID: "a", Epoch: 3, Browser: "browser of " + c.sid,
			CreatedAt: noon.Add(-time.Hour), SeenAt: noon.Add(-c.seen),
		}
		if c.keep == nil || c.keep(&kept) {
			m.kept[kept.Key] = kept
		}
		list.entries = append(list.entries, session.Entry{SID: c.sid, AccountID: "a", Epoch: 3, Key: "key of " + c.sid, Agent: "firefox/linux"})
	}
	got, err := s.Listed(t.Context(), list, "a", session.Owner{Active: true, Epoch: 3})
	var sids []string
	for _, e := range got {
		if sids = append(sids, e.SID); !e.SeenAt.Equal(m.kept[e.Key].SeenAt) || e.Agent != "firefox/linux" {
			t.Errorf("Listed() has %+v, want when it was used last", e)
		}
	}
	want := []string{"seen last", "seen between", "seen then too, listed later", "seen first", "just in time"}
	if err != nil || !slices.Equal(sids, want) {
		t.Errorf("Listed() = %q, %v, want %q", sids, err, want)
	}
	if list.account != "a" || list.epoch != 3 || !list.now.Equal(noon) || list.most != 50 {
		t.Errorf("Listed() asks for %d of account %q in epoch %d at %v, want 50 of a in 3 at noon", list.most, list.account, list.epoch, list.now)
	}
	if got, err := s.Listed(t.Context(), list, "a", session.Owner{Epoch: 3}); err != nil || len(got) != 0 {
		t.Errorf("Listed() of an account that is not active = %+v, %v, want none", got, err)
	}
}

// If a store does not answer there is no list: one that lacks sessions would say that there
// are no others.
func TestListedUnavailable(t *testing.T) {
	t.Parallel()
	now := noon
	for name, c := range map[string]struct{ list, store error }{
		"the list":  {errs.ErrUnavailable, nil},
		"the store": {nil, errs.ErrUnavailable},
	} {
		m := &memory{kept: map[string]session.Session{"k": {Key: "k", SID: "sid", Epoch: 3, CreatedAt: noon, SeenAt: noon}}, err: c.store}
		list := &logins{entries: []session.Entry{{SID: "sid", Key: "k"}}, err: c.list}
		got, err := newService(m, realm.Holder, &now).Listed(t.Context(), list, "a", session.Owner{Active: true, Epoch: 3})
		if !errors.Is(err, errs.ErrUnavailable) || got != nil {
			t.Errorf("%s is away: Listed() = %+v, %v, want errs.ErrUnavailable", name, got, err)
		}
	}
}
