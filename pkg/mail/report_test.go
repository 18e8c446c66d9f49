package mail_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"omgevingsloket-id/pkg/mail"
)

// postfix is a report as Postfix writes it.
const postfix = `Return-Path: <>
Date: Mon,  2 Mar 2026 13:06:00 +0000 (UTC)
From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: no-reply@id.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="B1/mx.example"
Message-Id: <20260302130600.B1@mx.example>

This is a MIME-encapsulated message.

--B1/mx.example
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

<jan@example.com>: host mail.example.com said: 550 5.1.1 User unknown

--B1/mx.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: B1
X-Postfix-Sender: rfc822; no-reply@id.example
Arrival-Date: Mon,  2 Mar 2026 13:05:58 +0000 (UTC)

Final-Recipient: rfc822; Jan@example.com
Original-Recipient: rfc822;jan@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 <jan@example.com>: Recipient address
    rejected: User unknown

--B1/mx.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID: <0123456789abcdef@id.example>
From: no-reply@id.example
To: <jan@example.com>
Subject: Uw code
Content-Type: multipart/alternative; boundary=part-x

--part-x

Uw code is 123456.
--part-x--

--B1/mx.example--
`

var fromPostfix = mail.Report{ID: "0123456789abcdef", Failures: []mail.Failure{{Addresses: []string{"jan@example.com", "jan@example.com"}, Refusal: mail.Refusal{Code: 550, Status: "5.1.1"}}}}

func TestRFC3464_Report(t *testing.T) {
	t.Parallel()
	change := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(postfix) }
	none := mail.Report{ID: fromPostfix.ID}
	one := func(r mail.Refusal, addresses ...string) mail.Report {
		return mail.Report{ID: fromPostfix.ID, Failures: []mail.Failure{{Addresses: addresses, Refusal: r}}}
	}
	for name, c := range map[string]struct {
		report string
		want   mail.Report
	}{
		"as Postfix writes it": {postfix, fromPostfix},
		"lines end with CRLF":  {strings.ReplaceAll(postfix, "\n", "\r\n"), fromPostfix},
		"not closed":           {strings.TrimSuffix(postfix, "--B1/mx.example--\n"), fromPostfix},
		"headers alone":        {change("message/rfc822", "text/rfc822-headers"), fromPostfix},
		"returned mail is encoded": {change("Content-Type: message/rfc822\n", "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n",
			"Message-ID: <0123456789abcdef@id.example>", "Message-ID: <0123456789abcd=\nef@id.example>"), fromPostfix},
		"the id is a field":     {change("Reporting-MTA", "Original-Message-ID: <0123456789abcdef@id.example>\nReporting-MTA", "Message-ID: <0123456789abcdef@id.example>\n", ""), fromPostfix},
		"no original recipient": {change("Original-Recipient: rfc822;jan@example.com\n", ""), one(mail.Refusal{Code: 550, Status: "5.1.1"}, "jan@example.com")},
		"sent on elsewhere":     {change("rfc822; Jan@example.com", "rfc822; <j@other.example>"), one(mail.Refusal{Code: 550, Status: "5.1.1"}, "jan@example.com", "j@other.example")},
		"no diagnosis":          {change("Diagnostic-Code: smtp; 550", "X: y; 550"), one(mail.Refusal{Status: "5.1.1"}, "jan@example.com", "jan@example.com")},
		"a comment":             {change("Status: 5.1.1", "Status: 5.2.2 (mailbox full)", "Action: failed", "Action: FAILED"), one(mail.Refusal{Code: 550, Status: "5.2.2"}, "jan@example.com", "jan@example.com")},
		"delayed":               {change("Action: failed", "Action: delayed"), none},
		"delivered":             {change("Action: failed", "Action: delivered"), none},
		"not for good":          {change("Status: 5.1.1", "Status: 4.4.7"), none},
		"no status":             {change("Status: 5.1.1\n", ""), none},
		"no address":            {change("rfc822; Jan@example.com", "x400; c=nl", "rfc822;jan@example.com", "unknown;jan@example.com"), none},
		"hostile address":       {change("rfc822; Jan@example.com", "rfc822; jan@example.com,eve@example.org", "rfc822;jan@example.com", "rfc822;jan"), none},
		"several recipients": {change("\n--B1/mx.example\nContent-Description: Undelivered", "\n\nFinal-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.2.1\n\nFinal-Recipient: rfc822; bob@example.com\nAction: delayed\nStatus: 4.0.0\n\n--B1/mx.example\nContent-Description: Undelivered"),
			mail.Report{ID: fromPostfix.ID, Failures: []mail.Failure{fromPostfix.Failures[0], {Addresses: []string{"ann@example.com"}, Refusal: mail.Refusal{Status: "5.2.1"}}}}},
	} {
		got, err := mail.ReadReport(strings.NewReader(c.report), "id.example")
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: ReadReport() = %+v, %v, want %+v", name, got, err, c.want)
		}
	}
}

// A stranger can send anything to the address for reports: only a report about a
// Message-ID of this service is one, and it is bounded.
func TestRFC3464_HostileReports(t *testing.T) {
	t.Parallel()
	change := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(postfix) }
	cut, _, _ := strings.Cut(postfix, "Remote-MTA")
	status := "--B1/mx.example\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
	for name, report := range map[string]string{
		"nothing": "", "no mail": "hello\n", "text": "Subject: x\n\nMessage-ID: <0123456789abcdef@id.example>\n",
		"another multipart":     change("multipart/report", "multipart/mixed"),
		"another report":        change("report-type=delivery-status", "report-type=disposition-notification"),
		"no boundary":           change(`boundary="B1/mx.example"`, "x=y"),
		"an absurd boundary":    change(`boundary="B1/mx.example"`, `boundary="`+strings.Repeat("b", 5000)+`"`),
		"no status":             change("message/delivery-status", "text/plain"),
		"two statuses":          change("--B1/mx.example\nContent-Description: Undelivered", status+"--B1/mx.example\nContent-Description: Undelivered"),
		"not ours":              change("0123456789abcdef@id.example", "0123456789abcdef@other.example"),
		"a domain below ours":   change("0123456789abcdef@id.example", "0123456789abcdef@x.id.example"),
		"a hostile id":          change("0123456789abcdef@id.example", "../../etc/passwd@id.example"),
		"no id":                 change("Message-ID: <0123456789abcdef@id.example>\n", ""),
		"two ids":               change("Message-ID: <0123456789abcdef@id.example>\n", "Message-ID: <0123456789abcdef@id.example>\nMessage-ID: <fedcba@id.example>\n"),
		"the id within a part":  change("message/rfc822", "multipart/mixed; boundary=z"),
		"cut off":               cut,
		"lines without a colon": change("Action: failed", "Action failed"),
		"too many parts":        change("--B1/mx.example\nContent-Description: Undelivered", strings.Repeat("--B1/mx.example\n\nx\n", 30)+"--B1/mx.example\nContent-Description: Undelivered"),
		"too many recipients":   change("\n--B1/mx.example\nContent-Description: Undelivered", strings.Repeat("\n\nFinal-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.2.1\n", 200)+"\n--B1/mx.example\nContent-Description: Undelivered"),
		"too large":             postfix + strings.Repeat("x", 1<<20),
		"one endless line":      change("Status: 5.1.1", "Status: "+strings.Repeat("5", 2<<20)),
		"a deep nest":           "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n", 1000),
	} {
		got, err := mail.ReadReport(strings.NewReader(report), "id.example")
		if !errors.Is(err, mail.ErrReport) || !reflect.DeepEqual(got, mail.Report{}) {
			t.Errorf("%s: ReadReport() = %+v, %v, want %v", name, got, err, mail.ErrReport)
		} else if strings.Contains(err.Error(), "example") || len(err.Error()) > 200 {
			t.Errorf("%s: the error holds what was sent: %v", name, err)
		}
	}
	if _, err := mail.ReadReport(iotest.ErrReader(errors.New("broken pipe")), "id.example"); err == nil || errors.Is(err, mail.ErrReport) {
		t.Errorf("ReadReport() of a broken pipe = %v, want its error", err)
	}
}

func FuzzReadReport(f *testing.F) {
	f.Add([]byte(postfix))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := mail.ReadReport(bytes.NewReader(raw), "id.example")
		if err != nil && !errors.Is(err, mail.ErrReport) || err == nil && got.ID == "" {
			t.Errorf("ReadReport() = %+v, %v", got, err)
		}
		for _, failure := range got.Failures {
			for _, address := range failure.Addresses {
				if canonical, err := mail.CanonicalAddress(address); err != nil || canonical != address {
					t.Errorf("the address %q is not canonical", address)
				}
			}
		}
	})
}

func TestRefusalOfAddress(t *testing.T) {
	t.Parallel()
	for r, want := range map[mail.Refusal]bool{
		{Code: 550}: true, {Code: 550, Status: "5.1.1"}: true, {Code: 552, Status: "5.2.2"}: true, {Status: "5.1.10"}: true,
		{Code: 550, Status: "5.7.1"}: false, {Code: 554, Status: "5.6.0"}: false, {Code: 550, Status: "5.4.4"}: false, {Status: "5.10.1"}: false,
	} {
		if got := r.OfAddress(); got != want {
			t.Errorf("%v.OfAddress() = %t, want %t", r, got, want)
		}
	}
}
