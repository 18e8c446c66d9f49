package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// Entry is a session as its owner sees it in a list.
type Entry struct {
	SID       string
	AccountID string
	Epoch     int64
	Key       string // of the session; a later login in the same session has another one
	Agent     string // browser and system, as Agent returns them
	StartedAt time.Time
	Expires   time.Time // the longest that it may live
	SeenAt    time.Time // when it was last used, to a sixtieth of the idle time; set by Service.Listed
}

// List lists the sessions of each account. It does not decide which of them are live:
// the session of an entry may have ended. It is durable (SQL), but may lose the last
// entries.
type List interface {
	// Add adds an entry, or replaces that of the same SID, except its StartedAt.
	Add(ctx context.Context, e Entry) error
	// Of returns at most most entries of an account in this epoch that have not
	// expired at now, and whose end grant.Store has not recorded; the newest first.
	Of(ctx context.Context, accountID string, epoch int64, now time.Time, most int) ([]Entry, error)
}

// mostListed is how many sessions are listed.
const mostListed = 50

// Listed returns the live sessions of a person, the one that was used last first.
func (s *Service[P]) Listed(ctx context.Context, list List, accountID string, owner Owner) ([]Entry, error) {
	now := s.Now()
	all, err := list.Of(ctx, accountID, owner.Epoch, now, mostListed)
	if err != nil {
		return nil, err
	}
	var live []Entry
	for _, e := range all {
		found, err := s.Store.Get(ctx, e.Key)
		if errors.Is(err, errs.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if found.SID == e.SID && s.Limits.Live(found, found.Browser, owner, now) {
			e.SeenAt = found.SeenAt
			live = append(live, e)
		}
	}
	slices.SortStableFunc(live, func(a, b Entry) int { return b.SeenAt.Compare(a.SeenAt) })
	return live, nil
}

// The parts of what Agent returns, and the texts in a User-Agent by which each is
// recognised. The first that fits counts: most browsers name others too.
var (
	browsers = [][2]string{
		{"edge", "Edg"}, {"samsung", "SamsungBrowser"}, {"opera", "OPR/"}, {"opera", "OPT/"}, {"vivaldi", "Vivaldi"}, {"firefox", "Firefox/"}, {"firefox", "FxiOS"},
		{"chrome", "Chrome/"}, {"chrome", "CriOS"}, {"chrome", "Chromium"}, {"safari", "Safari/"},
	}
	systems = [][2]string{
		{"android", "Android"}, {"iphone", "iPhone"}, {"ipad", "iPad"}, {"windows", "Windows"}, {"chromeos", "CrOS"}, {"mac", "Macintosh"}, {"linux", "Linux"},
	}
)

// Agent returns what a User-Agent header says of browser and system, such as
// "firefox/windows": each is one of few words, or "other". Nothing else of the header
// is kept.
func Agent(header string) string {
	const longest = 512
	header = header[:min(len(header), longest)]
	word := func(known [][2]string) string {
		for _, k := range known {
			if strings.Contains(header, k[1]) {
				return k[0]
			}
		}
		return "other"
	}
	return word(browsers) + "/" + word(systems)
}
