package limit

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"omgevingsloket-id/pkg/secret"
)

// MailTally counts the mails that strangers had sent to one mailbox.
type MailTally struct {
	Mails  int
	LastAt time.Time
	Tries  int // tries of a code since the last one was mailed
}

// gaps are the times between one mail and the next.
var gaps = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour}

// Gap returns the time from the nth mail that strangers have sent to a mailbox to the
// next one; n is at least 1.
func Gap(n int) time.Duration { return gaps[min(n, len(gaps))-1] }

const (
	// knownGap is the longest time between mails to an address that an account or
	// application has.
	knownGap = time.Hour
	// MailboxTries is the most tries of the latest code of a mailbox, in all
	// drafts together: more than one network has in a day (MailboxMails), so that
	// it alone cannot make the code of another person void.
	MailboxTries = 500
	// MailsForgotten is when the mails to a mailbox are forgotten.
	MailsForgotten = 48 * time.Hour
)

// Space reports whether strangers may have one more mail sent to a mailbox at now,
// and returns the tally to keep. Mails are spaced, never refused for good: in the
// time between, the code in the latest mail works, until it was tried MailboxTries
// times; the next mail then comes within an hour. known is whether an account or
// application has the address; another address ends at one mail a day.
func Space(t MailTally, known bool, now time.Time) (send bool, next MailTally) {
	if now.Sub(t.LastAt) >= MailsForgotten {
		t = MailTally{}
	}
	if t.Mails > 0 {
		gap := Gap(t.Mails)
		if known || t.Tries >= MailboxTries {
			gap = min(gap, knownGap)
		}
		if now.Before(t.LastAt.Add(gap)) {
			return false, t
		}
	}
	return true, MailTally{Mails: t.Mails + 1, LastAt: now, Tries: t.Tries}
}

// Mailbox returns the key of the mailbox of a canonical address: the tag after a
// plus sign chooses no other mailbox. All tags together have one key, apart from
// that of the address without a tag: where the sign is an ordinary character, the
// tagged address is that of another person.
func Mailbox(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	if name, _, tagged := strings.Cut(local, "+"); tagged && name != "" {
		local = "tags|" + name
	}
	sum := sha256.Sum256([]byte("mailbox|" + local + "@" + domain))
	return hex.EncodeToString(sum[:])
}

// MailboxCode returns the hash of a code as the latest one that was mailed to an
// address. The latest code is right on every page that asks for one.
func MailboxCode(mac []byte, address, code string) string {
	return secret.MAC(mac, "mailbox code", address, code)
}
