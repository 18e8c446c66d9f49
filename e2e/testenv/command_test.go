package testenv

import (
	"net/http"
	"strings"
	"testing"
)

const probe = "./e2e/testenv/testdata/probe"

func TestBinaryIsBuiltOnce(t *testing.T) {
	if one, two := Binary(t, probe), Binary(t, probe); one != two {
		t.Errorf("built twice: %s and %s", one, two)
	}
	got := verdict(t, func(t testing.TB) { Binary(t, "./e2e/nothing") })
	if !strings.Contains(got, "nothing") {
		t.Errorf("building what is not there: %q", got)
	}
}

func TestRun(t *testing.T) {
	t.Setenv("OLID_LEAK", "a setting of whoever runs the tests")
	got := Run(t, Binary(t, probe), []string{"exit"}, "PROBE=hello")
	if want := (Result{3, "out hello \n", "err\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestProcess(t *testing.T) {
	addr := FreeAddr(t)
	url := "http://" + addr + "/ready"
	p := Start(t, Binary(t, probe), []string{"serve", addr})
	p.WaitReady(url)
	p.WaitLog("listening")
	if code := p.Stop(); code != 4 {
		t.Errorf("SIGTERM: exit code %d", code)
	}
	if res, err := http.Get(url); err == nil {
		res.Body.Close()
		t.Error("a stopped server answered")
	}
	p = Start(t, Binary(t, probe), []string{"serve", addr})
	p.WaitReady(url)
	p.Kill()
	if code := p.Wait(); code != -1 {
		t.Errorf("SIGKILL: exit code %d", code)
	}
}

func TestProcessThatEndsAtOnce(t *testing.T) {
	got := verdict(t, func(t testing.TB) {
		Start(t, Binary(t, probe), []string{"exit"}).WaitReady("http://" + FreeAddr(t) + "/ready")
	})
	if !strings.Contains(got, "exit status 3") || !strings.Contains(got, "out") {
		t.Errorf("the test was told: %q", got)
	}
}

func TestRaceInABinaryFailsTheTest(t *testing.T) {
	if !UnderRace {
		return // without -race the binary has no detector
	}
	got := verdict(t, func(t testing.TB) { Run(t, Binary(t, probe), []string{"race"}) })
	if !strings.Contains(got, "data race") {
		t.Errorf("the test was told: %q", got)
	}
}
