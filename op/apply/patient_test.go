package apply

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// UP-13: the deadline moves once for each uploadChunk that arrived, whatever the
// size of the reads, and not for less.
func TestUP13_DeadlineMovesWithTheBytes(t *testing.T) {
	t.Parallel()
	for _, chunks := range []int{0, 1, 5} {
		for name, pieces := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "bytes": iotest.OneByteReader,
		} {
			moved := 0
			body := &patientBody{ReadCloser: io.NopCloser(pieces(bytes.NewReader(make([]byte, chunks*uploadChunk)))), extend: func() { moved++ }}
			// The rest of a read beyond one chunk counts for the next.
			buffer := make([]byte, 3*uploadChunk/4)
			for {
				if _, err := body.Read(buffer); err != nil {
					break
				}
			}
			if moved < 1 || moved > chunks+1 || chunks > 0 && moved < chunks/2 {
				t.Errorf("%s: %d chunks moved the deadline %d times", name, chunks, moved)
			}
		}
	}
}
