package mail

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
)

// Limits of a delivery report, which anybody can send.
const (
	maxReport     = 1 << 20 // bytes, with the returned mail
	maxParts      = 20
	maxRecipients = 100
)

// Report is a delivery report (RFC 3464) about a mail of this service.
type Report struct {
	ID       string // of the message
	Failures []Failure
}

// Failure is an address to which a mail was not delivered, for good.
type Failure struct {
	Addresses []string // as the mail was sent to it, and where it was last sent on to; canonical
	Refusal
}

// ErrReport is wrapped by errors about a report that is not one of a mail of this
// service. Their text holds nothing of the report.
var ErrReport = errors.New("not a delivery report about a mail of this service")

func unusable(why string) error { return fmt.Errorf("%w: %s", ErrReport, why) }

// ReadReport reads a report about a mail from the domain. A report without failures is
// one of a delay, or of a delivery.
func ReadReport(r io.Reader, domain string) (Report, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxReport+1))
	if err != nil {
		return Report{}, err
	}
	if len(raw) > maxReport {
		return Report{}, unusable("it is too large")
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Report{}, unusable("it is no mail")
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") || params["boundary"] == "" {
		return Report{}, unusable("it is not multipart/report with the type delivery-status")
	}
	var found parts
	reader := multipart.NewReader(msg.Body, params["boundary"])
	for range maxParts {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return found.report(domain)
		}
		if err == nil {
			err = found.add(part)
		}
		if err != nil {
			return Report{}, unusable("its parts are invalid")
		}
	}
	return Report{}, unusable("it has too many parts")
}

// parts is what a report says.
type parts struct {
	status     bool     // there was a delivery status
	ids        []string // each Message-ID
	recipients []textproto.MIMEHeader
}

// add reads a part. Parts within it are not read: neither the status nor the returned
// mail has any (RFC 3464 §2, RFC 6522 §3).
func (p *parts) add(part *multipart.Part) error {
	kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil {
		return nil // "text/plain" is meant
	}
	switch kind {
	case "message/delivery-status", "message/global-delivery-status":
		if p.status {
			return errors.New("a second status")
		}
		p.status = true
		return p.groups(part)
	case "message/rfc822", "message/global", "message/rfc822-headers", "message/global-headers", "text/rfc822-headers":
		returned, err := textproto.NewReader(bufio.NewReader(part)).ReadMIMEHeader()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		p.ids = append(p.ids, returned.Values("Message-Id")...)
	}
	return nil
}

// groups reads the fields of the message and of each recipient.
func (p *parts) groups(r io.Reader) error {
	lines := textproto.NewReader(bufio.NewReader(r))
	for first := true; ; {
		group, err := lines.ReadMIMEHeader()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		switch {
		case len(group) == 0:
		case first:
			p.ids = append(p.ids, group.Values("Original-Message-Id")...)
			first = false
		case len(p.recipients) == maxRecipients:
			return errors.New("too many recipients")
		default:
			p.recipients = append(p.recipients, group)
		}
		if err != nil {
			return nil
		}
	}
}

// report judges what was read.
func (p *parts) report(domain string) (Report, error) {
	if !p.status {
		return Report{}, unusable("it has no delivery status")
	}
	id := ""
	for _, value := range p.ids {
		left, at, _ := strings.Cut(strings.Trim(strings.TrimSpace(value), "<>"), "@")
		if !plainID(left) || !strings.EqualFold(at, domain) || id != "" && id != left {
			return Report{}, unusable("it is about another Message-ID")
		}
		id = left
	}
	if id == "" {
		return Report{}, unusable("it names no Message-ID")
	}
	out := Report{ID: id}
	for _, group := range p.recipients {
		status := statusField.FindStringSubmatch(group.Get("Status"))
		if !strings.EqualFold(strings.TrimSpace(group.Get("Action")), "failed") || status == nil {
			continue
		}
		f := Failure{Refusal: Refusal{Status: status[1]}}
		if code := diagnostic.FindStringSubmatch(group.Get("Diagnostic-Code")); code != nil {
			f.Code, _ = strconv.Atoi(code[1]) // three digits
		}
		for _, field := range []string{"Original-Recipient", "Final-Recipient"} {
			kind, address, _ := strings.Cut(group.Get(field), ";")
			if address, err := CanonicalAddress(strings.Trim(strings.TrimSpace(address), "<>")); err == nil && strings.EqualFold(strings.TrimSpace(kind), "rfc822") {
				f.Addresses = append(f.Addresses, address)
			}
		}
		if len(f.Addresses) > 0 {
			out.Failures = append(out.Failures, f)
		}
	}
	return out, nil
}

var (
	statusField = regexp.MustCompile(`^\s*(5\.[0-9]{1,3}\.[0-9]{1,3})(\s|$)`)
	diagnostic  = regexp.MustCompile(`^(?i:\s*smtp\s*;)\s*(5[0-9]{2})\b`)
)
