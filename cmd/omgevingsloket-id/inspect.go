package main

import (
	"os"
	"runtime"

	"omgevingsloket-id/pkg/document"
)

// inspectCommand is what this program runs itself as, to look into one
// stranger's file (package document).
type inspectCommand struct {
	Kind string `arg:""`
}

// exitCode is an error that has said all there is to say.
type exitCode int

func (exitCode) Error() string { return "exit" }

// Run reads the file from standard input.
func (c inspectCommand) Run(w world) error {
	if code := document.Child(c.Kind, w.stdin, w.stdout, w.stderr); code != exitOK {
		return exitCode(code)
	}
	return nil
}

// inspectAtOnce is how many files are looked into at the same time.
const inspectAtOnce = 2

// newInspector makes the worker that starts this program again. On Linux the
// running program is meant, also when its file was replaced meanwhile.
func newInspector() (*document.Worker, error) {
	program := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		var err error
		if program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	return document.NewWorker(inspectAtOnce, program, "inspect-document"), nil
}
