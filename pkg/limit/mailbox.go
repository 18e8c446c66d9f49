package limit

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// MailTally is what strangers had mailed to one mailbox.
type MailTally struct {
	Mails  int
	LastAt time.Time
}

// gaps are the times between one mail and the next.
var gaps = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour}

const (
	// knownGap is the longest time between mails to a person whom we know.
	knownGap = time.Hour
	// MailsForgotten is when the mails to a mailbox are forgotten.
	MailsForgotten = 48 * time.Hour
)

// Space reports whether strangers may have one more mail sent to a mailbox at now,
// and returns the tally to keep. Mails are spaced, never refused for good: in the
// time between, the code in the latest mail works. known is whether an account or
// application has the address; another address ends at one mail a day.
func Space(t MailTally, known bool, now time.Time) (send bool, next MailTally) {
	if now.Sub(t.LastAt) >= MailsForgotten {
		t = MailTally{}
	}
	if t.Mails > 0 {
		gap := gaps[min(t.Mails, len(gaps))-1]
		if known {
			gap = min(gap, knownGap)
		}
		if now.Before(t.LastAt.Add(gap)) {
			return false, t
		}
	}
	return true, MailTally{Mails: t.Mails + 1, LastAt: now}
}

// Mailbox returns the key of the mailbox of a canonical address: the tag after a
// plus sign chooses no other mailbox.
func Mailbox(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	if name, _, tagged := strings.Cut(local, "+"); tagged && name != "" {
		local = name
	}
	sum := sha256.Sum256([]byte("mailbox|" + local + "@" + domain))
	return hex.EncodeToString(sum[:])
}
