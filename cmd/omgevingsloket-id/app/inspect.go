package app

import (
	"os"
	"runtime"

	"omgevingsloket-id/pkg/document"
)

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
