// Command probe is a server that the tests of testenv build, start and stop.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	switch os.Args[1] {
	case "exit":
		fmt.Println("out", os.Getenv("PROBE"), os.Getenv("OLID_LEAK"))
		fmt.Fprintln(os.Stderr, "err")
		os.Exit(3)
	case "race":
		race()
	case "serve":
		serve(os.Args[2])
	}
}

// serve serves on addr until SIGTERM, and then exits with 4, by which a test recognises that end.
func serve(addr string) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		fmt.Println("listening")
		if err := http.ListenAndServe(addr, http.HandlerFunc(answer)); err != nil {
			fmt.Println(err)
			os.Exit(5)
		}
	}()
	<-stop
	os.Exit(4)
}

// race has a data race on purpose.
func race() {
	n := 0
	done := make(chan bool)
	go func() { n++; done <- true }()
	n++
	<-done
	fmt.Println(n)
}

func answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/ready" {
		http.NotFound(w, r)
	}
}
