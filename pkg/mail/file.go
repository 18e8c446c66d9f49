package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// FileSender writes each message as an .eml file instead of sending it, for
// the demo and for practice on one machine. A file is written completely or
// not at all, with mode 0600 because it may hold a code. The same message
// again replaces its file.
type FileSender struct {
	Dir  string // has to exist
	From From
	HTML func(Message) string // see Form
}

// Send writes <unix-milliseconds>-<id>.eml. Errors of the file system are
// ErrTemporary.
func (s FileSender) Send(_ context.Context, m Message) error {
	msg, err := Form{From: s.From, HTML: s.HTML}.compose(m)
	if err != nil {
		return err
	}
	name := filepath.Join(s.Dir, strconv.FormatInt(m.At.UnixMilli(), 10)+"-"+m.ID+".eml")
	tmp, err := os.CreateTemp(s.Dir, ".writing-*") // 0600
	if err != nil {
		return fmt.Errorf("mail: %w: %w", ErrTemporary, err)
	}
	_, err = msg.WriteTo(tmp)
	if err := errors.Join(err, tmp.Close()); err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("mail: %w: %w", ErrTemporary, err)
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("mail: %w: %w", ErrTemporary, err)
	}
	return nil
}
