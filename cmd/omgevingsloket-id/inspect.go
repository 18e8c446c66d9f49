package main

import (
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
