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
	exitRefused = 3 // the file cannot be inspected
	exitUnfit   = 4 // the process cannot be confined, or has wrong arguments
)

const (
	// mostMemory is the memory limit, in bytes. Decoding a progressive JPEG of
	// MostPixels takes 600 MB.
	mostMemory = 1 << 30
	// mostSeconds is the limit on processor time.
	mostSeconds = 10
	// largestFile is the most bytes that it reads, above the limit of an upload.
	largestFile = 32 << 20
)

// Child is the main function of the process that a Worker starts. It confines
// the process, reads one file from in, writes the result to out and an error to
// stderr, and returns the exit code.
func Child(kind string, in io.Reader, out, stderr io.Writer) int {
	code, err := child(Kind(kind), in, out)
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	return code
}

func child(kind Kind, in io.Reader, out io.Writer) (code int, err error) {
	missing, err := confine()
	if err != nil {
		return exitUnfit, fmt.Errorf("cannot be confined: %w", err)
	}
	debug.SetMemoryLimit(mostMemory * 3 / 4)
	content, err := io.ReadAll(io.LimitReader(in, largestFile))
	if err != nil {
		return exitUnfit, err
	}
	var answer []byte
	switch kind {
	case kindWalls:
		answer, err = json.Marshal(missing)
	case KindPicture:
		answer, err = Picture(content)
	case KindPDF:
		var found []Active
		if found, err = PDF(content); err == nil {
			answer, err = json.Marshal(found)
		}
	case KindJudge:
		v := verdict{Type: typeOf(content)}
		v.Wrong = faultOf(v.Type, content)
		answer, err = json.Marshal(v)
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
