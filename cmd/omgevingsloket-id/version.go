package main

import (
	"fmt"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
)

// versionCommand prints what this binary was built from; --version does the same.
type versionCommand struct{}

// Run prints one line.
func (versionCommand) Run(w world) error {
	_, err := fmt.Fprintln(w.stdout, app.BuildInfo())
	return err
}
