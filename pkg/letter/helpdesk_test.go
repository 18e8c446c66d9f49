package letter_test

import (
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/staff"
)

// change returns a change of address.
func change(delay time.Duration) helpdesk.Request {
	return helpdesk.Request{
		ID: "c1", Reference: "W3RT-9KLM", Kind: helpdesk.Address, Email: "jo@example.com", From: now.Add(delay), Until: now.Add(delay + helpdesk.HolderTime),
	}
}

// OF-20: every mail about an act on an account has the same words on what to
// do if it was not the reader, with the reference if there is one.
func TestOF20_WasThisNotYou(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string][2]string{
		"nl": {"Was u dit niet? Neem dan meteen contact op met de helpdesk", "Dan kunnen wij uw account beschermen."},
		"en": {"If this was not you, contact the helpdesk straight away", "We can then protect your account."},
	} {
		w := writer(t, false)
		holder := person(lang)
		for _, c := range []struct {
			m   mail.Message
			ref string
		}{
			{w.FactorLinked(holder, now), ""}, {w.AccountUnblocked(holder, "olid_rcv_x", time.Time{}, now), ""}, {w.RecoveryCode(holder, "123456", "olid_rcv_x", now.Add(time.Hour), now), ""}, {w.AccountBlocked(holder, account.TooManyCodes, "K7QD-2MXA", now), "K7QD-2MXA"},
			{w.AddressAnnounced(holder, change(0), now), "W3RT-9KLM"}, {w.AddressChanged(holder, change(0), now), "W3RT-9KLM"}, {w.AddressNew(holder, change(0), now), "W3RT-9KLM"},
			{w.AccountClosed(holder, "W3RT-9KLM", now, now), "W3RT-9KLM"}, {w.Receipt(burger(lang), nil, nil, now), "OLID-K7QD-2MXA"},
		} {
			text := strings.Join(strings.Fields(c.m.Text.Reveal()), " ")
			_, rest, ok := strings.Cut(text, words[0])
			part, _, whole := strings.Cut(rest, words[1])
			if !ok || !whole || strings.Contains(part, c.ref) == (c.ref == "") && c.ref != "" || c.ref == "" && len(part) > 2 {
				t.Errorf("%s.%s lacks %q … %q with %q\n%s", c.m.Kind, lang, words[0], words[1], c.ref, c.m.Text.Reveal())
			}
			if strings.Contains(rest, words[0]) {
				t.Errorf("%s.%s has the sentence twice", c.m.Kind, lang)
			}
		}
	}
}

// The mail with the code to an unproven address holds no data of the account.
func TestAddressConfirmTellsNothing(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"nl", "en"} {
		m := writer(t, false).AddressConfirm(person(lang), change(24*time.Hour), "123456", now)
		text := m.Text.Reveal()
		for _, hidden := range []string{"Jo", "Berg", "Beste", "Dear"} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s: the mail has %q\n%s", lang, hidden, text)
			}
		}
		for _, want := range []string{"W3RT-9KLM", "123456", "https://id.example/address", map[string]string{"nl": "2 maart 2026 om 14:05 uur", "en": "2 March 2026 at 14:05"}[lang]} {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("%s: no %q in\n%s", lang, want, text)
			}
		}
		if !m.Expires.Equal(now.Add(24*time.Hour+helpdesk.HolderTime)) || strings.Contains(m.Subject, "123456") {
			t.Errorf("the mail is %+v, want it to expire with the code and a subject without it", m)
		}
	}
}

// OF-21: the mail names the member, the number and the time, and no holder.
func TestOF21_AlarmNamesNoHolder(t *testing.T) {
	t.Parallel()
	m := writer(t, false).StaffAlarm(staff.Member{Name: "Bea Beheer", Email: "bea@example.org", Lang: "nl"}, staff.Member{ID: "s1", Name: "Olga <b>Official\n", Email: "olga@example.org"}, 101, now.Add(-time.Hour), now)
	text := strings.Join(strings.Fields(m.Text.Reveal()), " ")
	if m.To != "bea@example.org" || !strings.Contains(text, "Olga <b>Official heeft in 1 uur 101 verschillende dossiers geopend: tussen 1 maart 2026 om 13:05 uur") || strings.Contains(text, "olga@") {
		t.Errorf("the mail to %s has the wrong person or text: %s", m.To, text)
	}
}
