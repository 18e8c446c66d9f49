package replicas

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// previous is the commit whose binary has to work beside this one: the one that closed the
// redesign of the house.
const previous = "01a41502737e4041a74bc81d1eb439344816132f"

// refusedOnce sends a request to the other server if the connection is refused: nothing of it
// was sent then.
type refusedOnce struct {
	http.RoundTripper
	other func(*http.Request) *http.Request
}

func (p refusedOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		r.Body = http.NoBody // so that the transport itself repeats a GET whose connection was closed while idle
	}
	res, err := p.RoundTripper.RoundTrip(r)
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" && errors.Is(err, syscall.ECONNREFUSED) {
		r = p.other(r)
		r.Body = io.NopCloser(bytes.NewReader(body))
		return p.RoundTripper.RoundTrip(r)
	}
	return res, err
}

// W7: people apply, enrol and log in while every second request is answered by the previous
// version, and while its servers are replaced one after the other. No request fails. Afterwards
// the previous version refuses a schema that it may not use.
func TestW7_PreviousVersionBeside(t *testing.T) {
	t.Parallel()
	old := testenv.PreviousBinary(t, previous, "./cmd/omgevingsloket-id")
	h := buildOf(t, [2]string{old, testenv.Binary(t, "./cmd/omgevingsloket-id")})
	h.people(t, "both versions", 6)

	var replaced sync.WaitGroup
	replaced.Go(func() { h.replace(0, testenv.Binary(t, "./cmd/omgevingsloket-id")) })
	h.people(t, "while the previous version is replaced", 6)
	replaced.Wait()
	h.people(t, "this version", 2)
	for i := range h.requests {
		if n := h.requests[i].Load(); n < 30 {
			t.Errorf("server %d had %d requests, want at least 30", i, n)
		}
	}

	h.exec(t, `UPDATE schema_floor SET version = 99998`)
	r := testenv.Run(t, old, []string{"serve", "--config", h.config})
	if r.Code != 1 || !strings.Contains(r.Stderr, "too old for the database") {
		t.Errorf("the previous version on a schema that it may not use = %+v, want code 1 and the reason", r)
	}
}

// replace stops a server and starts one with another binary in its place.
func (h *cluster) replace(i int, binary string) {
	h.processes[i].Stop()
	h.start(i, binary)
}

// exec runs a statement on the database of the cluster.
func (h *cluster) exec(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", h.database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// people has so many people apply, enrol, log out and log in, at the same time.
func (h *cluster) people(t *testing.T, when string, n int) {
	t.Helper()
	t.Run(when, func(t *testing.T) {
		for i := range n {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				p := h.Member(h.Person(t, practice.Burger, practice.Dutch))
				c := h.Client(t)
				c.LogIn(p).On("login/code").Submit("code", p.Phone.Code())
				if c.URL != h.Portal+"/" || !strings.Contains(c.Body, p.Email) {
					t.Errorf("the second login ended at %s:\n%s", c.URL, c.Body)
				}
			})
		}
	})
}
