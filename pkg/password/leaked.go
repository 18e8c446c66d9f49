package password

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the hash of the lists, which protects nothing here
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

const (
	hashText = 2 * sha1.Size // a hash in hexadecimal
	// longestLine is the most bytes of a line with its end: a hash, a colon, a
	// count, and room for what other tools add.
	longestLine = 128
	// block is the most bytes that are read at once instead of being halved again.
	block = 4096
	// samples is how many lines are read when a file is opened.
	samples = 512
)

// ErrList is returned for a file that is not a sorted list of SHA-1 hashes.
var ErrList = errors.New("not a sorted list of SHA-1 hashes")

// Leaked is a list of leaked passwords on disk: lines of the SHA-1 hash in
// hexadecimal, sorted, each with a colon and a count or without. It is searched
// by bisection and never loaded. A Leaked is safe for concurrent use.
type Leaked struct {
	file *os.File
	size int64
}

// OpenLeaked opens a list. It returns an error for what is no regular file, and
// ErrList if a sample of the lines is not sorted hashes.
func OpenLeaked(path string) (*Leaked, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	l := &Leaked{file: file, size: info.Size()}
	if err := l.sample(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return l, nil
}

// Close closes the file. Without it, the file is closed when the Leaked is
// collected.
func (l *Leaked) Close() error { return l.file.Close() }

// Has reports whether the list has a password, in NFKC as typed. A text that can
// be no password is on no list.
func (l *Leaked) Has(password string) (bool, error) {
	text, err := normalise(password)
	if err != nil {
		return false, nil
	}
	return l.find(sha1.Sum([]byte(text))) //nolint:gosec // as above
}

// find reports whether a line has the hash.
func (l *Leaked) find(want [sha1.Size]byte) (bool, error) {
	var buf [block + longestLine]byte
	// No line that begins before low has the hash or a greater one, and no line
	// that begins at high or later has it. low is the beginning of a line.
	low, high := int64(0), l.size
	for high-low > block {
		middle := low + (high-low)/2
		begins, hash, next, err := l.after(buf[:2*longestLine], middle)
		if err != nil {
			return false, err
		}
		switch c := bytes.Compare(hash[:], want[:]); {
		case begins >= high:
			high = middle
		case c == 0:
			return true, nil
		case c < 0:
			low = next
		default:
			high = middle
		}
	}
	text, err := l.read(buf[:min(high-low+longestLine, l.size-low)], low)
	if err != nil {
		return false, err
	}
	for at := int64(0); at < high-low; {
		hash, length, err := l.line(text[at:], low+at)
		if err != nil {
			return false, err
		}
		if length == 0 || bytes.Compare(hash[:], want[:]) > 0 {
			return false, nil
		}
		if hash == want {
			return true, nil
		}
		at += length
	}
	return false, nil
}

// after returns the first line that begins at the offset or later: where it
// begins, its hash, and where the next one begins. If there is none, it begins at
// the end of the file.
func (l *Leaked) after(buf []byte, offset int64) (begins int64, hash [sha1.Size]byte, next int64, err error) {
	from := max(offset-1, 0)
	text, err := l.read(buf[:min(int64(len(buf)), l.size-from)], from)
	if err != nil {
		return 0, hash, 0, err
	}
	skip := int64(0)
	if offset > 0 {
		skip = int64(bytes.IndexByte(text, '\n')) + 1
		switch {
		case skip > 0:
		case from+int64(len(text)) == l.size:
			return l.size, hash, l.size, nil // the last line has no end
		default:
			return 0, hash, 0, fmt.Errorf("%w: a line of more than %d bytes before byte %d", ErrList, longestLine, l.size)
		}
	}
	begins = from + skip
	hash, length, err := l.line(text[skip:], begins)
	if length == 0 {
		begins = l.size
	}
	return begins, hash, begins + length, err
}

// line returns the hash of the line at the beginning of text, which is at an
// offset of the file, and the length of the line with its end: 0 at the end of
// the file, also for a last line that was cut off within its hash.
func (l *Leaked) line(text []byte, offset int64) (hash [sha1.Size]byte, length int64, err error) {
	end := bytes.IndexByte(text, '\n')
	last := end < 0 && offset+int64(len(text)) == l.size
	switch {
	case end >= 0:
		length = int64(end) + 1
	case last:
		end, length = len(text), int64(len(text))
	default:
		return hash, 0, fmt.Errorf("%w: the line at byte %d has more than %d bytes", ErrList, offset, longestLine)
	}
	line := bytes.TrimRight(text[:end], "\r \t")
	if len(line) < hashText && offset+length == l.size && (last || len(line) == 0) {
		return hash, 0, nil
	}
	if len(line) < hashText || len(line) > hashText && line[hashText] != ':' {
		return hash, 0, fmt.Errorf("%w: the line at byte %d", ErrList, offset)
	}
	if _, err := hex.Decode(hash[:], line[:hashText]); err != nil {
		return hash, 0, fmt.Errorf("%w: the line at byte %d", ErrList, offset)
	}
	return hash, length, nil
}

// read fills buf from an offset. A file that has become shorter is an error.
func (l *Leaked) read(buf []byte, offset int64) ([]byte, error) {
	n, err := l.file.ReadAt(buf, offset)
	if n == len(buf) {
		return buf, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("leaked passwords: %w", err)
}

// sample reads the first line, and lines at equal distances or all of a small
// file, and demands that they are sorted hashes.
func (l *Leaked) sample() error {
	var (
		buf    [2 * longestLine]byte
		before [sha1.Size]byte
	)
	for at := int64(0); at < l.size || at == 0; {
		begins, hash, next, err := l.after(buf[:], at)
		switch {
		case err != nil:
			return err
		case begins == l.size && at == 0:
			return fmt.Errorf("%w: no line", ErrList)
		case begins == l.size:
			return nil
		case bytes.Compare(before[:], hash[:]) > 0:
			return fmt.Errorf("%w: the line at byte %d is less than one before it; sort the file (LC_ALL=C sort)", ErrList, begins)
		}
		before, at = hash, max(next, at+l.size/samples)
	}
	return nil
}

// Leaks is the list that a server asks, which can be replaced while it runs. The
// zero Leaks has no list.
type Leaks struct {
	// Failed, if not nil, is called with each error of the list. A password that
	// could not be looked up counts as not leaked
	// (deploy/decisions/016-leaked-passwords.md).
	Failed func(error)

	list atomic.Pointer[Leaked]
}

// Use replaces the list; nil is none. The previous one is closed when it is no
// longer read.
func (l *Leaks) Use(list *Leaked) { l.list.Store(list) }

// Has reports whether the list has the password.
func (l *Leaks) Has(password string) bool {
	list := l.list.Load()
	if list == nil {
		return false
	}
	has, err := list.Has(password)
	if err != nil && l.Failed != nil {
		l.Failed(err)
	}
	return has && err == nil
}
