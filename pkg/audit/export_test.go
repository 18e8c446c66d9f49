package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
)

// export returns the lines of an export of m.
func export(t *testing.T, m *memory, s audit.Signer, after int64) [][]byte {
	t.Helper()
	var out bytes.Buffer
	if err := audit.Export(t.Context(), &out, m, m, s, after, noon.Add(time.Hour)); err != nil {
		t.Fatalf("Export() = %v, want nil", err)
	}
	lines := bytes.SplitAfter(out.Bytes(), []byte("\n"))
	return lines[:len(lines)-1]
}

// ReadExport accepts whole exports and nothing else.
func TestExportReadsBack(t *testing.T) {
	t.Parallel()
	m, s := log(t, 3)
	lines := export(t, m, s, 0)
	pruned, _ := log(t, 6)
	if _, _, err := audit.Prune(t.Context(), pruned, pruned, s, 7*time.Hour-1, noon.Add(10*time.Hour), audit.System("")); err != nil {
		t.Fatalf("Prune() = %v, want nil", err)
	}
	begun := export(t, pruned, s, 0)
	for name, c := range map[string]struct {
		lines [][]byte
		want  int64 // the event of the head; 0 = audit.ErrExport
	}{
		"whole":                             {lines, 3},
		"the last line alone":               {lines[3:], 3},
		"empty lines between":               {[][]byte{lines[0], []byte("\n \n"), lines[1], lines[2], lines[3], []byte("\n")}, 3},
		"from an event on":                  {export(t, m, s, 2), 3},
		"of a log that does not begin at 1": {begun, 7},
		"without its beginning":             {begun[1:], 7}, // any first event is accepted
		"nothing":                           {nil, 0},
		"no last line":                      {lines[:3], 0},
		"something behind it":               {[][]byte{lines[0], lines[1], lines[2], lines[3], lines[0]}, 0},
		"a line missing":                    {[][]byte{lines[0], lines[2], lines[3]}, 0},
		"the last event missing":            {[][]byte{lines[0], lines[1], lines[3]}, 0},
		"the first event missing":           {lines[1:], 0},
		"two lines exchanged":               {[][]byte{lines[1], lines[0], lines[2], lines[3]}, 0},
		"an event changed":                  {[][]byte{lines[0], bytes.Replace(lines[1], []byte(`"a2"`), []byte(`"a9"`), 1), lines[2], lines[3]}, 0},
		"another head":                      {[][]byte{lines[0], lines[1], lines[2], begun[len(begun)-1]}, 0},
		"the anchor's first event missing":  {append([][]byte{begun[0]}, begun[2:]...), 0},
		"another beginning":                 {append([][]byte{bytes.Replace(begun[0], []byte(`"hash":"`), []byte(`"hash":"0`), 1)}, begun[1:]...), 0},
		"not an export":                     {[][]byte{[]byte("<html>\n")}, 0},
	} {
		head, err := audit.ReadExport(bytes.NewReader(bytes.Join(c.lines, nil)))
		if c.want == 0 && !errors.Is(err, audit.ErrExport) || c.want > 0 && (err != nil || head.Seq != c.want || head.Verify(s.Public()) != nil) {
			t.Errorf("%s: ReadExport() = head of %d, %v, want %d", name, head.Seq, err, c.want)
		}
	}
	// A line may be long.
	m.add(audit.Event{At: noon, Reason: strings.Repeat("x", 1<<20)})
	if head, err := audit.ReadExport(bytes.NewReader(bytes.Join(export(t, m, s, 0), nil))); err != nil || head.Seq != 4 {
		t.Errorf("ReadExport() with a line of a megabyte = head of %d, %v, want 4", head.Seq, err)
	}
	var last audit.Line
	must(t, json.Unmarshal(lines[3], &last))
	if last.Key != s.Public() || last.Events == nil || *last.Events != 3 {
		t.Errorf("the last line is %s, want the key and 3 events", lines[3])
	}
}

// Export returns an error rather than write an incomplete export.
func TestExportFails(t *testing.T) {
	t.Parallel()
	m, s := log(t, 3)
	failed := errors.New("disk full")
	if err := audit.Export(t.Context(), writer{failed}, m, m, s, 0, noon); !errors.Is(err, failed) {
		t.Errorf("Export() = %v, want %v", err, failed)
	}
	m.events = append(m.events[:1:1], m.events[2:]...)
	if err := audit.Export(t.Context(), io.Discard, m, m, s, 0, noon); err == nil || !strings.Contains(err.Error(), "event 2 is missing") {
		t.Errorf("Export() = %v, want an error about event 2", err)
	}
	m.events = m.events[:1]
	if err := audit.Export(t.Context(), io.Discard, m, m, s, 0, noon); err == nil || !strings.Contains(err.Error(), "event 2 is missing") {
		t.Errorf("Export() of a log without its end = %v, want an error about event 2", err)
	}
	m.down = true
	if err := audit.Export(t.Context(), io.Discard, m, m, s, 0, noon); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Export() = %v, want errs.ErrUnavailable", err)
	}
	pruned, _ := log(t, 6)
	if _, _, err := audit.Prune(t.Context(), pruned, pruned, s, 7*time.Hour-1, noon.Add(10*time.Hour), audit.System("")); err != nil {
		t.Fatalf("Prune() = %v, want nil", err)
	}
	for after, want := range map[int64]bool{0: true, 1: false, 3: false, 4: true, 7: true} {
		if err := audit.Export(t.Context(), io.Discard, pruned, pruned, s, after, noon); (err == nil) != want || err != nil && !strings.Contains(err.Error(), "earlier exports") {
			t.Errorf("Export(after %d) of a log that begins after 4 = %v, want it done: %t", after, err, want)
		}
	}
}

// Events that are written during an export are not in it.
func TestExportMeanwhile(t *testing.T) {
	t.Parallel()
	m, s := log(t, 3)
	m.during = func() { m.add(audit.Event{At: noon}) }
	lines := export(t, m, s, 0)
	if head, err := audit.ReadExport(bytes.NewReader(bytes.Join(lines, nil))); err != nil || head.Seq != 3 || len(lines) != 4 {
		t.Errorf("ReadExport() = head of %d in %d lines, %v, want 3 in 4", head.Seq, len(lines), err)
	}
}

type writer struct{ err error }

func (w writer) Write([]byte) (int, error) { return 0, w.err }

func TestReadLine(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		`{"event":{"seq":1}}`: true, `{"head":{"seq":1},"key":"k","events":1}`: true, `{"anchor":{"seq":1}}`: true, `{"event":{"seq":1},"later":"x"}`: true,
		"": false, "{}": false, "null": false, `{"event":{"seq":1},"head":{"seq":1}}`: false, `{"key":"k"}`: false, `{"event":{"seq":"x"}}`: false, `{"event":{}}{}`: false,
	} {
		if _, err := audit.ReadLine([]byte(line)); (err == nil) != want {
			t.Errorf("ReadLine(%q) = %v, want it read: %t", line, err, want)
		}
	}
}

// Some terminals obey the upper control characters, which JSON leaves as they
// are.
func TestLineAppend(t *testing.T) {
	t.Parallel()
	e := audit.Event{Reason: "a\x1b[2J\u009bb\x7fcé\u2028\n"}
	got, err := audit.Line{Event: &e}.Append([]byte("before "))
	must(t, err)
	for _, r := range strings.TrimSuffix(string(got), "\n") {
		if r < ' ' || r >= 0x7f && r <= 0x9f {
			t.Errorf("Append() = %q, which holds %q", got, r)
		}
	}
	back, err := audit.ReadLine(bytes.TrimPrefix(got, []byte("before ")))
	if err != nil || back.Event.Reason != e.Reason || !bytes.HasSuffix(got, []byte("}\n")) || bytes.Count(got, []byte("\n")) != 1 {
		t.Errorf("Append() = %q, which reads as %+v, %v, want one line with %q", got, back.Event, err, e.Reason)
	}
}

// Logboek.Write writes the same events, from the anchor on.
func TestLogboekWrite(t *testing.T) {
	t.Parallel()
	m, s := log(t, 6)
	m.add(audit.System("").Did(audit.KeyMoved, "k", noon)) // about no person
	l := audit.Logboek{Activities: "https://register.example", Key: []byte("key"), Issuer: "https://id.example"}
	count := func(after int64) int {
		t.Helper()
		var out bytes.Buffer
		must(t, l.Write(t.Context(), &out, m, m, after))
		return strings.Count(out.String(), "\n")
	}
	for after, want := range map[int64]int{0: 6, 2: 4, 6: 0} {
		if got := count(after); got != want {
			t.Errorf("Write(after %d) = %d lines, want %d", after, got, want)
		}
	}
	if _, _, err := audit.Prune(t.Context(), m, m, s, 7*time.Hour-1, noon.Add(10*time.Hour), audit.System("")); err != nil {
		t.Fatalf("Prune() = %v, want nil", err)
	}
	if got, want := count(0), 2; got != want {
		t.Errorf("Write() of a log that begins after 4 = %d lines, want %d", got, want)
	}
	if err := l.Write(t.Context(), writer{io.ErrShortWrite}, m, m, 0); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("Write() = %v, want %v", err, io.ErrShortWrite)
	}
	m.down = true
	if err := l.Write(t.Context(), io.Discard, m, m, 0); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Write() = %v, want errs.ErrUnavailable", err)
	}
}
