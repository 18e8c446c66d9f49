package main

import (
	"os"
	"os/signal"
	"syscall"
)

// onHangup calls do at each SIGHUP, which would otherwise end the process, until stop is
// called.
func onHangup(do func()) (stop func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-signals:
				do()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}
