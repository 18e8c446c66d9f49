package testenv

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// ClamdServer is a clamd of one test, with two signatures: EICAR's test file and Infected. It
// ends with the test.
type ClamdServer struct {
	Addr string // 127.0.0.1:PORT

	t     testing.TB
	conf  string
	child *child
}

// Infected is a harmless text that the test's clamd reports as Olid.Test.UNOFFICIAL.
const Infected = "OLID-MALWARE-TEST-STRING-DOES-NO-HARM"

// eicar returns the test file that every scanner knows, assembled so that scanners ignore this
// source file.
func eicar() string {
	return `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-` + `ANTIVIRUS-TEST-FILE!$H+H*`
}

// EICAR is the content of that file.
func EICAR() []byte { return []byte(eicar()) }

// NewClamd starts a clamd for this test alone.
func NewClamd(t testing.TB) *ClamdServer {
	t.Helper()
	Tool(t, "clamd")
	dir := Dir(t, "clamd")
	signatures := fmt.Sprintf("Olid.Test:0:*:%x\nEicar-Test-Signature:0:*:%x\n", Infected, eicar())
	if err := os.WriteFile(filepath.Join(dir, "olid.ndb"), []byte(signatures), 0o644); err != nil {
		t.Fatal(err)
	}
	s := &ClamdServer{Addr: FreeAddr(t), t: t, conf: filepath.Join(dir, "clamd.conf")}
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	conf := strings.Join([]string{
		"Foreground yes", "TCPAddr " + host, "TCPSocket " + port, "DatabaseDirectory " + dir, "TemporaryDirectory " + dir, "StreamMaxLength 11M",
	}, "\n") + "\n"
	if err := os.WriteFile(s.conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Start starts the server on its port and waits until it answers.
func (s *ClamdServer) Start() {
	s.t.Helper()
	c, err := startChild(exec.Command(Tool(s.t, "clamd"), "--config-file="+s.conf), "TERM")
	if err == nil {
		err = c.await(func() error {
			conn, err := net.Dial("tcp", s.Addr)
			if err != nil {
				return err
			}
			return conn.Close()
		})
	}
	if err != nil {
		s.t.Fatalf("clamd: %v", err)
	}
	s.child = c
}

// Stop stops the server.
func (s *ClamdServer) Stop() {
	s.t.Helper()
	if err := s.child.end(syscall.SIGTERM); err != nil {
		s.t.Error(err)
	}
}
