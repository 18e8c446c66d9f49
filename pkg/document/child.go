package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// Exit codes of the process.
const (
	exitDone    = 0
	exitRefused = 3 // the file cannot be looked into
	exitUnfit   = 4 // the process cannot be confined, or was called wrongly
)

const (
	// mostMemory is what the process may have. A progressive JPEG of
	// MostPixels needs 600 MB while it is unpacked.
	mostMemory = 1 << 30
	// mostSeconds is the processor's time it may take.
	mostSeconds = 10
	// largestFile is the most it reads: what an upload may hold, and some.
	largestFile = 32 << 20
)

// Child is the process's whole life: it takes from itself what it does not
// need, reads one file from in, writes what is found to out, and gives the
// exit code. What went wrong goes to words.
func Child(kind string, in io.Reader, out, words io.Writer) int {
	code, err := child(Kind(kind), in, out)
	if err != nil {
		fmt.Fprintln(words, err)
	}
	return code
}

func child(kind Kind, in io.Reader, out io.Writer) (code int, err error) {
	if err := confine(); err != nil {
		return exitUnfit, fmt.Errorf("cannot be confined: %w", err)
	}
	debug.SetMemoryLimit(mostMemory * 3 / 4)
	content, err := io.ReadAll(io.LimitReader(in, largestFile))
	if err != nil {
		return exitUnfit, err
	}
	var answer []byte
	switch kind {
	case KindPicture:
		answer, err = Picture(content)
	case KindPDF:
		var found []Active
		if found, err = PDF(content); err == nil {
			answer, err = json.Marshal(found)
		}
	default:
		return exitUnfit, errors.New("no such kind")
	}
	if err != nil {
		return exitRefused, err
	}
	if _, err := out.Write(answer); err != nil {
		return exitUnfit, err
	}
	return exitDone, nil
}
