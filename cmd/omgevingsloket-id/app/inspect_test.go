package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"omgevingsloket-id/pkg/document"
)

type walls struct {
	missing []document.Missing
	err     error
}

func (w walls) Missing(context.Context) ([]document.Missing, error) { return w.missing, w.err }

// X17: a wall that this machine lacks is in the log and in the metrics.
func TestX17_MissingWallIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		walls   walls
		log     []string // "" is an empty log
		metrics []string
	}{
		{"all", walls{}, []string{""}, []string{`olid_document_wall{wall="calls"} 1`, `olid_document_wall{wall="files"} 1`}},
		{"one lacks", walls{missing: []document.Missing{{Wall: document.WallFiles, Why: "no Landlock"}}},
			[]string{"level=WARN", "documents are opened without a wall", "wall=files", `why="no Landlock"`},
			[]string{`olid_document_wall{wall="calls"} 1`, `olid_document_wall{wall="files"} 0`}},
		{"no process", walls{err: errors.New("no such program")}, []string{"level=ERROR", "no such program"}, nil},
	} {
		var log bytes.Buffer
		m := newMetrics(&App{})
		m.reportWalls(t.Context(), c.walls, slog.New(slog.NewTextHandler(&log, nil)))
		for _, want := range c.log {
			if !strings.Contains(log.String(), want) || want == "" && log.Len() > 0 {
				t.Errorf("%s: the log is %q, want %q", c.name, log.String(), want)
			}
		}
		registry := prometheus.NewRegistry()
		registry.MustRegister(m.walls)
		w := httptest.NewRecorder()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		for _, want := range c.metrics {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: /metrics lacks %s", c.name, want)
			}
		}
	}
}
