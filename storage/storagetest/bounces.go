package storagetest

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
)

// Bounces tests a mail.Bounces with the outbox that fills it.
func Bounces(t *testing.T, open func(*testing.T) Stores) {
	t.Run("the relay refuses, and accepts again", func(t *testing.T) { bouncesRelay(t, world{open(t), t}) })
	t.Run("a report", func(t *testing.T) { bouncesReport(t, world{open(t), t}) })
	t.Run("a report counts once", func(t *testing.T) { bouncesOnce(t, world{open(t), t}) })
	t.Run("an address that no account has", func(t *testing.T) {
		w := world{open(t), t}
		m := w.sending("stranger@example.org", "receipt")
		must(t, w.Outbox.Refused(ctx(t), m, noon, mail.Refusal{Code: 550}))
		same(t, len(w.bounced("stranger@example.org")), 1)
		same(t, len(w.refusals("")), 0)
	})
}

var unknownUser = mail.Refusal{Code: 550, Status: "5.1.1"}

// sending returns a message of a kind to an address, taken from the outbox.
func (w world) sending(to, kind string) mail.Message {
	w.t.Helper()
	m := mail.Message{ID: fresh("mail"), To: to, Lang: "nl", Kind: kind, Subject: "s", Text: "t", At: noon}
	must(w.t, w.Applications.Start(ctx(w.t), draft(), effect.Effects{Mails: []mail.Message{m}}))
	same(w.t, len(w.mails(m.ID)), 1)
	return m
}

func (w world) bounced(address string) []mail.Bounce {
	w.t.Helper()
	return ok[[]mail.Bounce](w.t)(w.Bounces.ByAddress(ctx(w.t), address))
}

// refusals returns the events about refused mail of an account; "" means all.
func (w world) refusals(account string) (out []audit.Event) {
	w.t.Helper()
	for _, e := range w.events() {
		if e.Action == audit.AccountMailRefused && (account == "" || e.ObjectID == account) {
			out = append(out, e)
		}
	}
	return out
}

func bouncesRelay(t *testing.T, w world) {
	a, other := w.active(), w.active()
	same(t, len(w.bounced(a.Email)), 0)
	notice, receipt := w.sending(a.Email, "login-notice"), w.sending(a.Email, "receipt")
	must(t, w.Outbox.Refused(ctx(t), notice, noon, unknownUser))
	must(t, w.Outbox.Refused(ctx(t), receipt, noon.Add(time.Minute), mail.Refusal{Code: 552, Status: "5.2.2"}))
	same(t, w.bounced(a.Email), []mail.Bounce{
		{Refusal: mail.Refusal{Code: 552, Status: "5.2.2"}, Kind: "receipt", At: noon.Add(time.Minute), Source: mail.FromRelay},
		{Refusal: unknownUser, Kind: "login-notice", At: noon, Source: mail.FromRelay},
	})
	same(t, len(w.bounced(other.Email)), 0)
	same(t, len(w.mails(notice.ID)), 0) // given up
	events := w.refusals(a.ID)
	if len(events) != 2 || events[0].Details["code"] != "550 5.1.1" || events[0].Details["mail"] != "login-notice" || events[0].Details["source"] != "relay" || events[0].ActorKind != audit.ActorSystem {
		t.Errorf("the events are %+v", events)
	}
	again := w.sending(a.Email, "receipt")
	must(t, w.Outbox.Refused(ctx(t), again, noon.Add(time.Hour), unknownUser)) // replaces that of the kind
	same(t, len(w.bounced(a.Email)), 2)
	same(t, w.bounced(a.Email)[0].At, noon.Add(time.Hour))

	// A second worker's outcome changes nothing.
	must(t, w.Outbox.Refused(ctx(t), again, noon.Add(2*time.Hour), unknownUser))
	same(t, w.bounced(a.Email)[0].At, noon.Add(time.Hour))
	same(t, len(w.refusals(a.ID)), 3)

	must(t, w.Outbox.Sent(ctx(t), w.sending(other.Email, "receipt"), noon))
	same(t, len(w.bounced(a.Email)), 2) // of another address
	must(t, w.Outbox.Sent(ctx(t), w.sending(a.Email, "receipt"), noon.Add(3*time.Hour)))
	same(t, len(w.bounced(a.Email)), 0)
}

func bouncesReport(t *testing.T, w world) {
	a := w.active()
	m := w.sending(a.Email, "receipt")
	mark := func(id, address string, at time.Time) (string, error) {
		return w.Bounces.Mark(ctx(t), id, address, unknownUser, at)
	}
	nobody := func(id, address string, at time.Time) {
		t.Helper()
		_, err := mark(id, address, at)
		is(t, err, errs.ErrNotFound)
	}
	nobody(m.ID, a.Email, noon) // not sent yet
	must(t, w.Outbox.Sent(ctx(t), m, noon))
	nobody(m.ID, "other@example.org", noon)
	nobody("unknown", a.Email, noon)
	nobody(m.ID, a.Email, noon.Add(mail.ReportTime)) // too late
	same(t, len(w.bounced(a.Email)), 0)
	same(t, len(w.refusals(a.ID)), 0)
	last := noon.Add(mail.ReportTime - time.Millisecond)
	same(t, ok[string](t)(mark(m.ID, a.Email, last)), "receipt")
	want := []mail.Bounce{{Refusal: unknownUser, Kind: "receipt", At: last, Source: mail.FromReport}}
	same(t, w.bounced(a.Email), want)
	nobody(m.ID, a.Email, last) // used up
	same(t, len(w.refusals(a.ID)), 1)
	same(t, w.refusals(a.ID)[0].Details["source"], "report")

	// The relay accepted that mail too: its acceptance does not end the mark yet.
	must(t, w.Outbox.Sent(ctx(t), w.sending(a.Email, "receipt"), last))
	same(t, w.bounced(a.Email), want)
}

func bouncesOnce(t *testing.T, w world) {
	a := w.active()
	m := w.sending(a.Email, "receipt")
	must(t, w.Outbox.Sent(ctx(t), m, noon))
	exactlyOne(t, atOnce(func(int) error {
		_, err := w.Bounces.Mark(ctx(t), m.ID, a.Email, unknownUser, noon)
		return err
	}), errs.ErrNotFound)
	same(t, len(w.refusals(a.ID)), 1)
}
