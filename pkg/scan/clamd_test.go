package scan_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/scan"
)

// chunk is the longest chunk that Clamd sends.
const chunk = 64 << 10

// clamd listens for one connection, in which serve answers, and returns a Clamd for it. The
// connection is closed when serve returns.
func clamd(t *testing.T, serve func(net.Conn)) scan.Clamd {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return accept(t, l, serve)
}

func accept(t *testing.T, l net.Listener, serve func(net.Conn)) scan.Clamd {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		serve(conn)
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return scan.Clamd{Network: l.Addr().Network(), Address: l.Addr().String(), Timeout: testenv.Patience}
}

// stream is what a clamd reads of the command INSTREAM.
type stream struct {
	content []byte
	chunks  []int
	whole   bool   // the end was sent
	behind  []byte // what was sent after the end
}

// receive reads a command with its content, as the manual of clamd describes it: the length of
// each chunk in four bytes, the highest first, and a length of zero as the end.
func receive(r io.Reader) (got stream) {
	const command = "zINSTREAM\x00"
	head := make([]byte, len(command))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != command {
		return got
	}
	for {
		var size uint32
		if err := binary.Read(r, binary.BigEndian, &size); err != nil {
			return got
		}
		if size == 0 {
			got.whole = true
			return got
		}
		if size > chunk {
			return got
		}
		part := make([]byte, size)
		n, err := io.ReadFull(r, part)
		got.content, got.chunks = append(got.content, part[:n]...), append(got.chunks, int(size))
		if err != nil {
			return got
		}
	}
}

// notScanned fails the test unless a scan ended without a verdict, because of the scanner.
func notScanned(t *testing.T, name string, v scan.Verdict, signature string, err error) {
	t.Helper()
	if v != scan.Pending || signature != "" || !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("%s: Scan() = %s, %q, %v, want %s and %v", name, v, signature, err, scan.Pending, errs.ErrUnavailable)
	}
}

// UP-04: the scanner gets the file, whole and once, however it is read.
func TestUP04_ScannerGetsTheFile(t *testing.T) {
	t.Parallel()
	readers := map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "end with the last bytes": iotest.DataErrReader,
	}
	for size, chunks := range map[int][]int{
		0: nil, 1: {1}, chunk - 1: {chunk - 1}, chunk: {chunk}, chunk + 1: {chunk, 1},
		3 * chunk: {chunk, chunk, chunk}, 3*chunk + 7: {chunk, chunk, chunk, 7},
	} {
		content := make([]byte, size)
		for i := range content {
			content[i] = byte(i * 7 / 3) // with zeros, which end nothing
		}
		for name, read := range readers {
			received := make(chan stream, 1)
			c := clamd(t, func(conn net.Conn) {
				got := receive(conn)
				_, _ = io.WriteString(conn, "stream: OK\x00")
				got.behind, _ = io.ReadAll(conn)
				received <- got
			})
			v, signature, err := c.Scan(t.Context(), read(bytes.NewReader(content)))
			if v != scan.Clean || signature != "" || err != nil {
				t.Errorf("%s: Scan(%d bytes) = %s, %q, %v, want %s", name, size, v, signature, err, scan.Clean)
			}
			got := <-received
			if !got.whole || !bytes.Equal(got.content, content) || !slices.Equal(got.chunks, chunks) || len(got.behind) > 0 {
				t.Errorf("%s: the scanner got %d bytes in chunks of %d, the end: %t, then %q, want %d in %d and the end alone",
					name, len(got.content), got.chunks, got.whole, got.behind, size, chunks)
			}
		}
	}
}

// UP-04: each answer, to a file that was read whole.
func TestUP04_ScannerAnswers(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]struct {
		verdict   scan.Verdict
		signature string
	}{
		"stream: OK\x00":                                      {scan.Clean, ""},
		"stream: Eicar-Test-Signature FOUND\x00":              {scan.Infected, "Eicar-Test-Signature"},
		"stream: Olid.Test.UNOFFICIAL FOUND\x00":              {scan.Infected, "Olid.Test.UNOFFICIAL"},
		"stream: Eicar(44d88612:68) FOUND\x00":                {scan.Infected, "Eicar(44d88612:68)"},
		"stream: OK FOUND\x00":                                {scan.Infected, "OK"},
		"stream: FOUND FOUND\x00":                             {scan.Infected, "FOUND"},
		"stream: FOUND\x00":                                   {scan.Pending, ""},
		"stream: a b FOUND\x00":                               {scan.Pending, ""},
		"stream: a\tFOUND\x00":                                {scan.Pending, ""},
		"stream: a\nb FOUND\x00":                              {scan.Pending, ""},
		"stream: a FOUND \x00":                                {scan.Pending, ""},
		"stream: a found\x00":                                 {scan.Pending, ""},
		"stream: a FOUND":                                     {scan.Pending, ""}, // hung up in its answer
		"stream: stream: OK\x00":                              {scan.Pending, ""},
		" stream: OK\x00":                                     {scan.Pending, ""},
		"1: stream: OK\x00":                                   {scan.Pending, ""}, // of an IDSESSION
		"instream(127.0.0.1@40000): OK\x00":                   {scan.Pending, ""}, // of its log
		"/tmp/clamav-1.tmp: OK\x00":                           {scan.Pending, ""}, // of another command
		"PONG\x00":                                            {scan.Pending, ""},
		"\x00stream: OK\x00":                                  {scan.Pending, ""},
		"stream: OK\r\n\x00":                                  {scan.Pending, ""},
		"stream: OK\n":                                        {scan.Pending, ""},
		"COMMAND READ TIMED OUT\x00":                          {scan.Pending, ""},
		"stream: " + strings.Repeat("a", 5000) + " FOUND\x00": {scan.Pending, ""}, // no signature is that long
	} {
		c := clamd(t, func(conn net.Conn) {
			receive(conn)
			_, _ = io.WriteString(conn, reply)
		})
		v, signature, err := c.Scan(t.Context(), strings.NewReader("x"))
		if want.verdict == scan.Pending {
			notScanned(t, fmt.Sprintf("the reply %.60q", reply), v, signature, err)
		} else if v != want.verdict || signature != want.signature || err != nil {
			t.Errorf("Scan() with the reply %.60q = %s, %q, %v, want %s, %q", reply, v, signature, err, want.verdict, want.signature)
		}
	}
}

// UP-04: a scanner that hangs up, before or after the file, has not scanned it, and neither
// has one that answers before it has read it.
func TestUP04_ScannerHangsUp(t *testing.T) {
	t.Parallel()
	long := int64(32 << 20) // more than both ends buffer
	for name, c := range map[string]struct {
		size  int64
		serve func(net.Conn)
	}{
		"at once":                       {long, func(net.Conn) {}},
		"at once, a small file":         {1, func(net.Conn) {}},
		"in the command":                {1, func(conn net.Conn) { _, _ = io.CopyN(io.Discard, conn, 5) }},
		"in the file":                   {long, func(conn net.Conn) { _, _ = io.CopyN(io.Discard, conn, 100_000) }},
		"after the file":                {100_000, func(conn net.Conn) { receive(conn) }},
		"after a word":                  {1, func(conn net.Conn) { receive(conn); _, _ = io.WriteString(conn, "stream: ") }},
		"clean, before it has the file": {long, func(conn net.Conn) { _, _ = io.WriteString(conn, "stream: OK\x00") }},
		"too long, before it has the file": {long, func(conn net.Conn) {
			_, _ = io.CopyN(io.Discard, conn, 100_000)
			_, _ = io.WriteString(conn, "INSTREAM size limit exceeded. ERROR\x00")
		}},
	} {
		v, signature, err := clamd(t, c.serve).Scan(t.Context(), io.LimitReader(zeros{}, c.size))
		notScanned(t, name, v, signature, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// UP-04: of a file that cannot be read to its end, the scanner gets no end, so that it has no
// verdict on a part; if it has, that is none of the file.
func TestUP04_FileBreaksOff(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, size := range []int{0, 1, chunk, chunk + 1, 3 * chunk} {
		received := make(chan stream, 1)
		c := clamd(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "stream: OK\x00")
			received <- receive(conn)
		})
		v, signature, err := c.Scan(t.Context(), io.MultiReader(bytes.NewReader(make([]byte, size)), iotest.ErrReader(broken)))
		if notScanned(t, "a file that breaks off", v, signature, err); !errors.Is(err, broken) {
			t.Errorf("Scan(%d bytes and an error) = %v, want %v too", size, err, broken)
		}
		if got := <-received; got.whole {
			t.Errorf("Scan(%d bytes and an error) sends %d bytes and the end of the file, want no end", size, len(got.content))
		}
	}
}

// UP-04: a scanner that neither reads nor answers is given up, at the end of the time or when
// the caller gives up.
func TestUP04_ScannerHangs(t *testing.T) {
	t.Parallel()
	endless, small := func() io.Reader { return zeros{} }, func() io.Reader { return strings.NewReader("x") }
	for name, c := range map[string]struct {
		content func() io.Reader
		serve   func(conn net.Conn, reached func())
	}{
		"does not read":   {endless, func(_ net.Conn, reached func()) { reached() }},
		"stops reading":   {endless, func(conn net.Conn, reached func()) { _, _ = io.CopyN(io.Discard, conn, 100_000); reached() }},
		"does not answer": {small, func(conn net.Conn, reached func()) { receive(conn); reached() }},
		"answers in part": {small, func(conn net.Conn, reached func()) {
			receive(conn)
			_, _ = io.WriteString(conn, "stream: OK")
			reached()
		}},
	} {
		for _, byTime := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, given up by time: %t", name, byTime), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				release := make(chan struct{})
				s := clamd(t, func(conn net.Conn) {
					c.serve(conn, func() {
						if !byTime {
							cancel()
						}
					})
					<-release // with the connection open
				})
				t.Cleanup(func() { close(release) })
				if s.Timeout = 0; byTime { // two minutes: longer than this test waits
					s.Timeout = 20 * time.Millisecond
				}
				ended := make(chan func(), 1)
				go func() {
					v, signature, err := s.Scan(ctx, c.content())
					ended <- func() { notScanned(t, name, v, signature, err) }
				}()
				select {
				case judge := <-ended:
					judge()
				case <-time.After(testenv.Patience):
					t.Errorf("%s: Scan() does not return", name)
				}
			})
		}
	}
}

// UP-04: without a scanner nothing is scanned, and nothing is read of the file.
func TestUP04_NoScanner(t *testing.T) {
	t.Parallel()
	left := filepath.Join(t.TempDir(), "clamd.ctl") // a socket that a scanner left behind
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: left, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	clean := func(conn net.Conn) {
		receive(conn)
		_, _ = io.WriteString(conn, "stream: OK\x00")
	}
	late := clamd(t, clean)
	late.Timeout = -1
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		clamd scan.Clamd
	}{
		"a socket of none": {t.Context(), scan.Clamd{Network: "unix", Address: left}},
		"no socket":        {t.Context(), scan.Clamd{Network: "unix", Address: left + "2"}},
		"no port":          {t.Context(), scan.Clamd{Network: "tcp", Address: "127.0.0.1:0"}},
		"no address":       {t.Context(), scan.Clamd{}},
		"given up before":  {ended, clamd(t, clean)},
		"its time is over": {t.Context(), late},
	} {
		content := strings.NewReader("x")
		v, signature, err := c.clamd.Scan(c.ctx, content)
		if notScanned(t, name, v, signature, err); content.Len() != 1 {
			t.Errorf("%s: Scan() leaves %d bytes of the file, want 1", name, content.Len())
		}
	}
}

// The address of a setting is used as it is written, and its Timeout of 0 is not none.
func TestParsedAddress(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clamd.ctl")
	unix, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for setting, l := range map[string]net.Listener{"unix:" + path: unix, "tcp:" + tcp.Addr().String(): tcp} {
		accept(t, l, func(conn net.Conn) {
			receive(conn)
			_, _ = io.WriteString(conn, "stream: Olid FOUND\x00")
		})
		c, err := scan.ParseAddress(setting)
		if err != nil {
			t.Errorf("ParseAddress(%q) = %v, want success", setting, err)
		}
		if v, signature, err := c.Scan(t.Context(), strings.NewReader("x")); v != scan.Infected || signature != "Olid" || err != nil {
			t.Errorf("Scan() by %s = %s, %q, %v, want %s, Olid, nil", setting, v, signature, err, scan.Infected)
		}
	}
	for setting, want := range map[string]scan.Clamd{
		"unix:/run/clamd: ctl": {Network: "unix", Address: "/run/clamd: ctl"}, "tcp:[::1]:3310": {Network: "tcp", Address: "[::1]:3310"},
		"tcp::3310": {}, "tcp:host:": {}, "UNIX:/a": {}, "unix": {}, "tcp": {}, "unix:@abstract": {},
	} {
		if got, err := scan.ParseAddress(setting); got != want || (err == nil) != (want != scan.Clamd{}) {
			t.Errorf("ParseAddress(%q) = %+v, %v, want %+v", setting, got, err, want)
		}
	}
}
