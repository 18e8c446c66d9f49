// Package scan scans uploads for malware with the INSTREAM command of a clamd
// (ClamAV).
//
//	uploaded ──► not scanned ──clean──► may be shown
//	                 │  └────found────► quarantined: never shown
//	                 └──no answer─────► not scanned, tried again later
//
// Any reply but a plain "clean" or "found" (an error, a limit of the scanner,
// a broken connection) leaves the document not scanned, and such a document is
// not shown.
package scan

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// Verdict is the result for a document.
type Verdict string

// The verdicts.
const (
	Pending  Verdict = "pending"  // not scanned yet
	Clean    Verdict = "clean"    //
	Infected Verdict = "infected" // quarantined
)

// Scanner scans a document and returns Clean, or Infected and the name of the
// malware. An error means that it was not scanned and wraps
// errs.ErrUnavailable.
type Scanner interface {
	Scan(ctx context.Context, content io.Reader) (v Verdict, signature string, err error)
}

// Clamd is a Scanner that uses a clamd.
type Clamd struct {
	Network, Address string        // "unix" and a path, or "tcp" and host:port
	Timeout          time.Duration // for one document; 0 = 2 minutes
}

// ParseAddress parses unix:/path or tcp:host:port.
func ParseAddress(s string) (Clamd, error) {
	network, address, ok := strings.Cut(s, ":")
	if ok && network == "unix" && strings.HasPrefix(address, "/") {
		return Clamd{Network: network, Address: address}, nil
	}
	if host, port, err := net.SplitHostPort(address); ok && network == "tcp" && err == nil && host != "" && port != "" {
		return Clamd{Network: network, Address: address}, nil
	}
	return Clamd{}, errors.New("write unix:/run/clamav/clamd.ctl or tcp:host:3310")
}

const chunk = 64 << 10

// Scan streams the content to clamd and returns its verdict.
func (c Clamd) Scan(ctx context.Context, content io.Reader) (Verdict, string, error) {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 2 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, c.Network, c.Address)
	if err != nil {
		return Pending, "", errs.Unavailable("clamd", err)
	}
	defer conn.Close()
	// Close the connection when the context ends.
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := send(conn, content); err != nil {
		return Pending, "", errs.Unavailable("clamd", err)
	}
	const longest = 4096
	reply, err := bufio.NewReader(io.LimitReader(conn, longest)).ReadString(0)
	if err != nil {
		return Pending, "", errs.Unavailable("clamd", err)
	}
	return read(strings.TrimSuffix(reply, "\x00"))
}

func send(conn io.Writer, content io.Reader) error {
	w := bufio.NewWriterSize(conn, chunk+4)
	if _, err := w.WriteString("zINSTREAM\x00"); err != nil {
		return err
	}
	buffer := make([]byte, chunk)
	for {
		n, err := io.ReadFull(content, buffer)
		if n > 0 {
			if err := binary.Write(w, binary.BigEndian, uint32(n)); err != nil {
				return err
			}
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := binary.Write(w, binary.BigEndian, uint32(0)); err != nil {
		return err
	}
	return w.Flush()
}

// read parses "stream: OK" and "stream: NAME FOUND". Anything else is an error.
func read(reply string) (Verdict, string, error) {
	answer, ok := strings.CutPrefix(reply, "stream: ")
	if !ok {
		return Pending, "", errs.Unavailable("clamd", errors.New("answers something else than a verdict"))
	}
	if answer == "OK" {
		return Clean, "", nil
	}
	if name, found := strings.CutSuffix(answer, " FOUND"); found && name != "" && !strings.ContainsAny(name, " \t\r\n") {
		return Infected, name, nil
	}
	return Pending, "", errs.Unavailable("clamd", fmt.Errorf("no verdict: %q", answer))
}
