package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/limit"
)

// X9: more bytes of strangers than limit.StrangersBytes are an alarm in the log.
func TestX9_StrangersAlarm(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	m := newMetrics(&App{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now})
	if m.strangers(limit.StrangersBytes); log.Len() > 0 {
		t.Errorf("an alarm at the figure itself: %s", &log)
	}
	if m.strangers(limit.StrangersBytes + 1); !strings.Contains(log.String(), "alarm: strangers fill the database") {
		t.Errorf("logged %q, want an alarm", &log)
	}
}
