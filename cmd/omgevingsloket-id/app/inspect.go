package app

import (
	"context"
	"log/slog"
	"os"
	"runtime"

	"omgevingsloket-id/pkg/document"
)

// inspectAtOnce is how many files are inspected at the same time for officials, and
// judged for applicants. Neither waits for the other.
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

// walled is the part of document.Worker that reports missing walls.
type walled interface {
	Missing(ctx context.Context) ([]document.Missing, error)
}

// reportWalls logs, once, each wall around the process that opens documents
// that this machine lacks, and sets the metric of each wall.
func (m *Metrics) reportWalls(ctx context.Context, w walled, log *slog.Logger) {
	missing, err := w.Missing(ctx)
	if err != nil {
		log.ErrorContext(ctx, "no process can be started to open documents", "error", err.Error())
		return
	}
	for _, wall := range document.Walls {
		m.walls.WithLabelValues(string(wall)).Set(1)
	}
	for _, lack := range missing {
		m.walls.WithLabelValues(string(lack.Wall)).Set(0)
		log.WarnContext(ctx, "documents are opened without a wall", "wall", string(lack.Wall), "why", lack.Why)
	}
}
