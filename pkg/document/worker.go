package document

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"omgevingsloket-id/pkg/errs"
)

const (
	// longestRun is the time limit of a process.
	longestRun = 15 * time.Second
	// largestAnswer is the most output of a process, in bytes. A picture of
	// the largest size takes a few megabytes.
	largestAnswer = 16 << 20
)

// Worker inspects files, each in a process of its own. It is safe for concurrent
// use.
type Worker struct {
	places  chan struct{}
	command []string
	longest time.Duration
}

// NewWorker returns a worker that runs at most atOnce processes at the same
// time. command and the kind as last argument are the command line of the
// process (Child).
func NewWorker(atOnce int, command ...string) *Worker {
	return &Worker{places: make(chan struct{}, atOnce), command: command, longest: longestRun}
}

// Picture runs the function Picture in a process. It returns ErrRefused, or
// errs.ErrUnavailable if no process can be started in time.
func (w *Worker) Picture(ctx context.Context, content []byte) ([]byte, error) {
	out, err := w.run(ctx, KindPicture, content)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(out, []byte{0xff, 0xd8, 0xff}) {
		return nil, fmt.Errorf("%w: the process gave no picture", ErrRefused)
	}
	return out, nil
}

// PDF runs the function PDF in a process, with the errors of Picture.
func (w *Worker) PDF(ctx context.Context, content []byte) ([]Active, error) {
	out, err := w.run(ctx, KindPDF, content)
	if err != nil {
		return nil, err
	}
	var found []Active
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, fmt.Errorf("%w: the process gave no list", ErrRefused)
	}
	// The file may have taken over the process, so check its output too.
	if len(found) > len(Actives) || slices.ContainsFunc(found, func(a Active) bool { return !slices.Contains(Actives, a) }) {
		return nil, fmt.Errorf("%w: the process found what does not exist", ErrRefused)
	}
	return found, nil
}

// verdict is what a process returns for KindJudge.
type verdict struct{ Type, Wrong string }

// Judge runs the function Judge in a process and returns its results, and the
// processor time that the process took. It returns errs.ErrUnavailable if no
// process can be started in time, or if it was ended by something else than the
// document.
func (w *Worker) Judge(ctx context.Context, content []byte, practice bool) (kind, wrong string, cost time.Duration, err error) {
	kind = typeOf(content)
	if kind == "" {
		kind, wrong = practised(practice, kind, faultOf(kind, content)) // reads nothing
		return kind, wrong, 0, nil
	}
	out, cost, err := w.spend(ctx, KindJudge, content)
	var v verdict
	switch {
	case errors.Is(err, errNoFault):
		return "", "", cost, errs.Unavailable("judging a document", errors.New(err.Error()))
	case errors.Is(err, ErrRefused): // the process came to its limits
		v = verdict{kind, DamagedPicture}
		if kind == TypePDF {
			v.Wrong = Damaged
		}
	case err != nil:
		return "", "", cost, err
	case json.Unmarshal(out, &v) != nil || v.Type != kind || !isFault(v.Wrong):
		v = verdict{kind, Damaged} // the file may have taken over the process
	}
	kind, wrong = practised(practice, v.Type, v.Wrong)
	return kind, wrong, cost, nil
}

// Missing returns the walls that the processes of this machine lack, found by
// starting one. It returns errs.ErrUnavailable if none can be started.
func (w *Worker) Missing(ctx context.Context) ([]Missing, error) {
	out, err := w.run(ctx, kindWalls, nil)
	if err != nil {
		return nil, err
	}
	var missing []Missing
	if err := json.Unmarshal(out, &missing); err != nil {
		return nil, errs.Unavailable("asking for walls", err)
	}
	return missing, nil
}

// enter waits for a place, for at most twice the time limit of a process.
func (w *Worker) enter(ctx context.Context) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*w.longest)
	defer cancel()
	select {
	case w.places <- struct{}{}:
		return func() { <-w.places }, nil
	case <-ctx.Done():
		return nil, errs.Unavailable("looking into a document", ctx.Err())
	}
}

func (w *Worker) run(ctx context.Context, kind Kind, content []byte) ([]byte, error) {
	out, _, err := w.spend(ctx, kind, content)
	return out, err
}

// spend is like run, and returns the processor time of the process too.
func (w *Worker) spend(ctx context.Context, kind Kind, content []byte) (answer []byte, cost time.Duration, err error) {
	leave, err := w.enter(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer leave()
	look, cancel := context.WithTimeout(ctx, w.longest)
	defer cancel()
	out, stderr := &bounded{most: largestAnswer, full: cancel}, &bounded{most: 4 << 10, full: cancel}
	cmd := exec.CommandContext(look, w.command[0], append(w.command[1:len(w.command):len(w.command)], string(kind))...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = []string{}, "/", time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(content), out, stderr
	if err := closeOnExec(); err != nil {
		return nil, 0, errs.Unavailable("looking into a document", err)
	}
	err = cmd.Run()
	if cmd.ProcessState != nil {
		cost = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.held, cost, nil
	case ctx.Err() != nil: // the caller gave up
		return nil, cost, errs.Unavailable("looking into a document", ctx.Err())
	case errors.As(err, &exit) && exit.ExitCode() != exitUnfit, look.Err() != nil, errors.Is(err, errTooMuch):
		first, _, _ := bytes.Cut(stderr.held, []byte("\n"))
		err = fmt.Errorf("%w: %w: %.200q", ErrRefused, err, first)
		if !out.over && !stderr.over && mayBeOurs(exit, cost, stderr.held) {
			err = fmt.Errorf("%w, %w", err, errNoFault)
		}
		return nil, cost, err
	}
	return nil, cost, errs.Unavailable("looking into a document", fmt.Errorf("%w: %q", err, stderr.held))
}

// errNoFault is returned for a process that was probably ended because of this
// machine, not because of its document.
var errNoFault = errors.New("perhaps by a busy machine")

// mayBeOurs reports whether a process was ended by a machine that is busy or out of
// memory: killed before it had used up its own processor time, or unable to start.
func mayBeOurs(exit *exec.ExitError, cost time.Duration, stderr []byte) bool {
	if exit == nil {
		return true // it was not started
	}
	killed := exit.ExitCode() < 0
	return killed && cost < (mostSeconds-1)*time.Second || bytes.Contains(stderr, []byte("failed to create new OS thread"))
}

var errTooMuch = errors.New("more than may be answered")

// bounded is a buffer with a limit. It does not embed bytes.Buffer, whose
// ReadFrom would bypass the limit.
type bounded struct {
	held []byte
	most int
	full func() // stops the writer
	over bool   // full was called
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(b.held)+len(p) > b.most {
		b.over = true
		b.full()
		return 0, errTooMuch
	}
	b.held = append(b.held, p...)
	return len(p), nil
}
