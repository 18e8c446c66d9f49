package main

import (
	"omgevingsloket-id/pkg/document"
)

// inspectCommand inspects one untrusted file. The program runs it as a child process of
// itself (package document).
type inspectCommand struct {
	Kind string `arg:""`
}

// exitCode is an error with nothing to print.
type exitCode int

func (exitCode) Error() string { return "exit" }

// Run reads the file from standard input.
func (c inspectCommand) Run(w world) error {
	if code := document.Child(c.Kind, w.stdin, w.stdout, w.stderr); code != exitOK {
		return exitCode(code)
	}
	return nil
}
