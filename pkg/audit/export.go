package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Line is one line of an export: first the anchor, if there is one, then the
// events, and last a signed head with the number of events before it. An
// export without its last line is incomplete. Exactly one of Anchor, Event and
// Head is set.
type Line struct {
	Anchor *Anchor     `json:"anchor,omitempty"`
	Event  *Event      `json:"event,omitempty"`
	Head   *SignedHead `json:"head,omitempty"`
	Key    string      `json:"key,omitempty"`    // Signer.Public, beside the head
	Events *int64      `json:"events,omitempty"` // beside the head
}

// ReadLine parses one line of an export.
func ReadLine(b []byte) (Line, error) {
	var l Line
	err := json.Unmarshal(b, &l)
	parts := 0
	for _, there := range []bool{l.Anchor != nil, l.Event != nil, l.Head != nil} {
		if there {
			parts++
		}
	}
	if err != nil || parts != 1 {
		return Line{}, errors.New("audit: not a line of an export")
	}
	return l, nil
}

// Export writes the events with a higher Seq than after, and last a head that
// is signed at now. If after is 0, it starts at the anchor. It returns an
// error if events are missing or if after lies before the anchor.
func Export(ctx context.Context, out io.Writer, store Store, heads Heads, s Signer, after int64, now time.Time) error {
	head, err := Checkpoint(ctx, heads, s, now)
	if err != nil {
		return err
	}
	begin, err := heads.Anchor(ctx)
	if err != nil {
		return err
	}
	w := &lineWriter{out: out}
	switch {
	case after > 0 && after < begin.Seq:
		return fmt.Errorf("audit: the log begins after event %d: older ones were removed at %s and are in earlier exports", begin.Seq, begin.At.Format(time.RFC3339))
	case after == 0 && begin.Seq > 0:
		after = begin.Seq
		w.write(Line{Anchor: &begin})
	}
	var n int64
	err = eachEvent(ctx, store, after, head.Seq, func(e Event) error {
		n++
		w.write(Line{Event: &e})
		return w.err
	})
	if err != nil {
		return err
	}
	w.write(Line{Head: &head, Key: s.Public(), Events: &n})
	return w.err
}

// eachEvent calls give for the events after+1 to last in order, and returns an
// error if one is missing.
func eachEvent(ctx context.Context, store Store, after, last int64, give func(Event) error) error {
	for after < last {
		events, err := store.Events(ctx, after, page)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return fmt.Errorf("audit: event %d is missing; run `audit verify`", after+1)
		}
		for _, e := range events {
			if e.Seq != after+1 {
				return fmt.Errorf("audit: event %d is missing; run `audit verify`", after+1)
			}
			if e.Seq > last {
				return nil
			}
			after = e.Seq
			if err := give(e); err != nil {
				return err
			}
		}
	}
	return nil
}

type lineWriter struct {
	out  io.Writer
	line []byte
	err  error
}

func (w *lineWriter) write(l Line) {
	if w.err != nil {
		return
	}
	if w.line, w.err = l.Append(w.line[:0]); w.err == nil {
		_, w.err = w.out.Write(w.line)
	}
}

// ErrExport is returned by ReadExport for an incomplete or damaged export.
var ErrExport = errors.New("audit: not a whole export")

// ReadExport reads an export, or its last line alone, and returns its head. It
// checks that the events form a chain, end at the head and are as many as it
// says, and returns ErrExport otherwise. It does not check the signature:
// SignedHead.Verify does.
func ReadExport(in io.Reader) (SignedHead, error) {
	var last Event
	var n int64
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		l, err := ReadLine(lines.Bytes())
		switch {
		case err != nil:
			return SignedHead{}, fmt.Errorf("%w: %w", ErrExport, err)
		case l.Anchor != nil && n == 0:
			last = Event{Seq: l.Anchor.Seq, Hash: l.Anchor.Hash}
		case l.Event != nil:
			e := *l.Event
			if (n > 0 || last.Seq > 0) && (e.Seq != last.Seq+1 || e.PrevHash != last.Hash) || ChainHash(e.PrevHash, e) != e.Hash {
				return SignedHead{}, fmt.Errorf("%w: event %d does not follow from the one before it", ErrExport, e.Seq)
			}
			last, n = e, n+1
		case l.Head != nil:
			whole := n == 0 || l.Head.Seq == last.Seq && l.Head.Hash == last.Hash && (l.Events == nil || *l.Events == n)
			if !whole || lines.Scan() && len(bytes.TrimSpace(lines.Bytes())) > 0 {
				return SignedHead{}, fmt.Errorf("%w: its head is not that of its events", ErrExport)
			}
			return *l.Head, lines.Err()
		}
	}
	if err := lines.Err(); err != nil {
		return SignedHead{}, err
	}
	return SignedHead{}, fmt.Errorf("%w: it does not end with a signed head", ErrExport)
}
