package testenv

import (
	"flag"
	"runtime"
	"strconv"
)

// Waiting lets twice as many tests of a package run at a time as there are processors,
// unless -parallel says how many. It is for packages whose tests wait most of their time,
// for the next code of an authenticator app. TestMain calls it before m.Run.
func Waiting() {
	if !flag.Parsed() {
		flag.Parse()
	}
	processors := runtime.GOMAXPROCS(0)
	if f := flag.Lookup("test.parallel"); f != nil && f.Value.String() == strconv.Itoa(processors) {
		_ = f.Value.Set(strconv.Itoa(2 * processors))
	}
}
