package app

import (
	"os"
	"runtime"

	"omgevingsloket-id/pkg/document"
)

// inspectAtOnce is how many files are inspected at the same time.
const inspectAtOnce = 2

// newInspector returns the worker that starts this program again. On Linux it starts
// the running program, even if the file was replaced meanwhile.
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
