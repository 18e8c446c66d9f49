package storagetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

// Outbox tests a mail.Outbox.
func Outbox(t *testing.T, open func(*testing.T) Stores) {
	t.Run("a message waits, is leased, and goes", func(t *testing.T) { outboxLife(t, world{open(t), t}) })
	t.Run("put off and given up", func(t *testing.T) { outboxLater(t, world{open(t), t}) })
	t.Run("at most n", func(t *testing.T) {
		w := world{open(t), t}
		w.post(5)
		same(t, len(w.take(noon, time.Minute, 2)), 2)
		same(t, len(w.take(noon, time.Minute, 2)), 2)
		same(t, len(w.take(noon, time.Minute, 2)), 1)
	})
	t.Run("W10: what expires comes first", func(t *testing.T) { outboxOrder(t, world{open(t), t}) })
	t.Run("RR-06: a crowd of workers takes each message once", func(t *testing.T) {
		w := world{open(t), t}
		posted := w.post(crowd * 3 / 2)
		var mu sync.Mutex
		var taken []string
		exactly(t, crowd, atOnce(func(int) error {
			items, err := w.Outbox.Take(ctx(t), noon, time.Minute, 3)
			mu.Lock()
			defer mu.Unlock()
			if len(items) > 3 {
				t.Errorf("%d at once, want 3 at most", len(items))
			}
			for _, item := range items {
				taken = append(taken, item.ID)
			}
			return err
		}), nil)
		for _, item := range w.take(noon, time.Minute, len(posted)) { // the messages that no worker got
			taken = append(taken, item.ID)
		}
		slices.Sort(taken)
		slices.Sort(posted)
		same(t, taken, posted)
	})
}

// post adds n messages to the outbox, each with a change, and returns their ids.
func (w world) post(n int) []string {
	w.t.Helper()
	var rec effect.Effects
	var ids []string
	for range n {
		m := mail.Message{ID: fresh("mail"), To: "zoe@example.org", Lang: "nl", Kind: "confirm-email", Subject: "Uw code ë",
			Text: "123456\r\n.\r\n\x00", At: noon, Expires: noon.Add(time.Hour)}
		rec.Mails, ids = append(rec.Mails, m), append(ids, m.ID)
	}
	must(w.t, w.Applications.Start(ctx(w.t), draft(), rec))
	return ids
}

func (w world) take(now time.Time, lease time.Duration, n int) []mail.Item {
	w.t.Helper()
	return ok[[]mail.Item](w.t)(w.Outbox.Take(ctx(w.t), now, lease, n))
}

func (w world) waiting() int {
	w.t.Helper()
	return ok[int](w.t)(w.Outbox.Waiting(ctx(w.t)))
}

func outboxLife(t *testing.T, w world) {
	same(t, len(w.take(noon, time.Minute, 10)), 0)
	same(t, w.waiting(), 0)
	id := w.post(1)[0]
	same(t, w.waiting(), 1)
	same(t, len(w.take(noon.Add(-time.Millisecond), time.Minute, 10)), 0) // not written yet
	items := w.take(noon, time.Minute, 10)
	same(t, items, []mail.Item{{Message: mail.Message{ID: id, To: "zoe@example.org", Lang: "nl", Kind: "confirm-email", Subject: "Uw code ë",
		Text: secret.Text("123456\r\n.\r\n\x00"), At: noon, Expires: noon.Add(time.Hour)}}})
	same(t, w.waiting(), 1) // a leased message is not sent
	same(t, len(w.take(noon.Add(time.Minute-time.Millisecond), time.Minute, 10)), 0)
	same(t, len(w.take(noon.Add(time.Minute), time.Minute, 10)), 1) // the worker died
	must(t, w.Outbox.Sent(ctx(t), items[0].Message, noon))
	same(t, w.waiting(), 0)
	same(t, len(w.take(noon.Add(time.Hour), time.Minute, 10)), 0)
	for _, err := range []error{w.Outbox.Sent(ctx(t), items[0].Message, noon), w.Outbox.Refused(ctx(t), items[0].Message, noon, mail.Refusal{Code: 550}), w.Outbox.Later(ctx(t), id, noon, "r"), w.Outbox.Drop(ctx(t), id, noon, "r")} {
		if err != nil { // a second worker reports on a message that was sent
			oneOf(t, err, errs.ErrNotFound, errs.ErrConflict)
		}
	}
	same(t, len(w.take(noon.Add(24*time.Hour), time.Minute, 10)), 0)
}

func outboxLater(t *testing.T, w world) {
	ids := w.post(2)
	same(t, len(w.take(noon, time.Minute, 10)), 2)
	until := noon.Add(10 * time.Minute)
	for range 2 {
		must(t, w.Outbox.Later(ctx(t), ids[0], until, "451 greylisted"))
	}
	must(t, w.Outbox.Drop(ctx(t), ids[1], noon, "550 no such user"))
	same(t, w.waiting(), 1)
	same(t, len(w.take(until.Add(-time.Millisecond), time.Minute, 10)), 0)
	items := w.take(until, time.Minute, 10)
	if len(items) != 1 || items[0].ID != ids[0] || items[0].Attempts != 2 {
		t.Errorf("after two failures: %+v", items)
	}
}

func outboxOrder(t *testing.T, w world) {
	put := func(at, expires time.Time) string {
		m := mail.Message{ID: fresh("mail"), To: "zoe@example.org", Lang: "nl", Kind: "receipt", Subject: "s", Text: "t", At: at, Expires: expires}
		must(t, w.Applications.Start(ctx(t), draft(), effect.Effects{Mails: []mail.Message{m}}))
		return m.ID
	}
	notice, invitation, code := put(noon.Add(-2*time.Minute), time.Time{}), put(noon.Add(-time.Minute), noon.Add(24*time.Hour)), put(noon, noon.Add(time.Hour))
	ids := func(items []mail.Item, err error) (out []string) {
		must(t, err)
		for _, i := range items {
			out = append(out, i.ID)
		}
		slices.Sort(out)
		return out
	}
	sorted := func(ids ...string) []string { slices.Sort(ids); return ids }
	lease := time.Minute
	same(t, ids(w.Outbox.Take(ctx(t), noon, lease, 1)), sorted(code))
	same(t, ids(w.Outbox.TakeExpiring(ctx(t), noon, lease, 9)), sorted(invitation))
	same(t, ids(w.Outbox.Take(ctx(t), noon, lease, 9)), sorted(notice))
	same(t, ids(w.Outbox.TakeExpiring(ctx(t), noon.Add(lease), lease, 9)), sorted(code, invitation))
}
