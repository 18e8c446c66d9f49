package limit_test

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/limit"
)

// X7, X12: mails to a mailbox come at once, after 1, 5 and 15 minutes, an hour, and
// to an address that nobody has once a day; never never.
func TestX12_Space(t *testing.T) {
	t.Parallel()
	for known, want := range map[bool][]time.Duration{
		false: {0, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour},
		true:  {0, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, time.Hour, time.Hour},
	} {
		var tally limit.MailTally
		now := noon
		for i, gap := range want {
			now = now.Add(gap)
			if gap > 0 {
				if send, same := limit.Space(tally, known, now.Add(-time.Millisecond)); send || same != tally {
					t.Fatalf("known=%t, mail %d: too early", known, i+1)
				}
			}
			var send bool
			if send, tally = limit.Space(tally, known, now); !send {
				t.Fatalf("known=%t, mail %d: not after %v", known, i+1, gap)
			}
		}
		if send, next := limit.Space(tally, known, now.Add(limit.MailsForgotten)); !send || next.Mails != 1 {
			t.Errorf("known=%t: not forgotten: %+v", known, next)
		}
	}
}

// X12: a latest code that was tried too often is void, and another comes within an hour.
func TestX12_SpaceAfterTries(t *testing.T) {
	t.Parallel()
	tally := limit.MailTally{Mails: 20, LastAt: noon, Tries: limit.MailboxTries - 1}
	if send, _ := limit.Space(tally, false, noon.Add(24*time.Hour-1)); send {
		t.Error("a mail within a day while the code still works")
	}
	tally.Tries++
	if send, _ := limit.Space(tally, false, noon.Add(time.Hour-1)); send {
		t.Error("a mail within an hour")
	}
	if send, _ := limit.Space(tally, false, noon.Add(time.Hour)); !send {
		t.Error("no mail after an hour, though the code is void")
	}
}

// X12: a tag is no other mailbox than another tag.
func TestX12_Mailbox(t *testing.T) {
	t.Parallel()
	jo := limit.Mailbox("jo+x@example.com")
	for address, same := range map[string]bool{
		"jo+a@example.com": true, "jo+@example.com": true, "jo+a+b@example.com": true, "jo@example.com": false,
		"joa@example.com": false, "joa+a@example.com": false, "jo@example.org": false, "+jo@example.com": false, "jo+a@example.org": false,
	} {
		if (limit.Mailbox(address) == jo) != same {
			t.Errorf("%s: the same mailbox = %t, want %t", address, !same, same)
		}
	}
}
