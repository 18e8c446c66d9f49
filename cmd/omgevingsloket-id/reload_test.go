package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
)

// certificate writes a certificate with a serial number, as an editor on Windows
// leaves it.
func certificate(t *testing.T, dir string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	site.Must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	site.Must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	site.Must(t, err)
	for name, block := range map[string]*pem.Block{"tls.pem": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: private}} {
		text := "\ufeff" + strings.ReplaceAll(string(pem.EncodeToMemory(block)), "\n", " \r\n")
		site.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}

// buffer is a log that can be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// wait returns when the log has a text n times.
func (b *buffer) wait(t *testing.T, text string, n int) {
	t.Helper()
	for end := time.Now().Add(testenv.Patience); ; time.Sleep(10 * time.Millisecond) {
		b.mu.Lock()
		log := b.text.String()
		b.mu.Unlock()
		if strings.Count(log, text) >= n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the log does not have %q %d times:\n%s", text, n, log)
		}
	}
}

// Y30, Y31: SIGHUP ends nothing; the certificate, the clients of the file and the theme
// are read again, a broken file changes nothing, and other settings are named. Not
// parallel: the signal is for the whole process.
func TestY31_Hangup(t *testing.T) {
	dir, address := demoFolder(t), freeAddress(t)
	file, theme := filepath.Join(dir, demoConfigName), filepath.Join(dir, "theme")
	site.Must(t, os.Mkdir(theme, 0o755))
	certificate(t, dir, 1)
	text, err := os.ReadFile(file)
	site.Must(t, err)
	first := strings.NewReplacer("http://localhost:18080", "https://"+address, "localhost:18080", address, "level: warn", "level: info").Replace(string(text)) +
		"tls: {cert_file: " + filepath.Join(dir, "tls.pem") + ", key_file: " + filepath.Join(dir, "tls.key") + "}\nbranding: {theme_dir: " + theme + "}\n"
	write := func(text string) { site.Must(t, os.WriteFile(file, []byte(text), 0o600)) }
	write(first)

	ctx, stop := context.WithCancel(t.Context())
	log, done := &buffer{}, make(chan int, 1)
	go func() {
		done <- run(world{ctx: ctx, stdout: log, stderr: log, getenv: func(string) string { return "" }}, []string{"serve", "--config", file})
	}()
	log.wait(t, "msg=serving", 1)
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}, //nolint:gosec // the test compares serial numbers
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	// look returns the serial number, whether the client "other" is known, and whether
	// the front page has the theme.
	look := func() (serial int64, known, themed bool) {
		t.Helper()
		res, err := client.Get("https://" + address + "/authorize?response_type=code&scope=openid&client_id=other&redirect_uri=https%3A%2F%2Fother.example%2Fcb&code_challenge=" + strings.Repeat("A", 43) + "&code_challenge_method=S256")
		site.Must(t, err)
		_ = res.Body.Close()
		front, err := client.Get("https://" + address + "/")
		site.Must(t, err)
		defer front.Body.Close()
		var page bytes.Buffer
		_, err = page.ReadFrom(front.Body)
		site.Must(t, err)
		return res.TLS.PeerCertificates[0].SerialNumber.Int64(), res.StatusCode == http.StatusSeeOther, strings.Contains(page.String(), "/custom.css")
	}
	hangup := func() {
		t.Helper()
		self, err := os.FindProcess(os.Getpid())
		site.Must(t, err)
		site.Must(t, self.Signal(syscall.SIGHUP))
	}
	if serial, known, themed := look(); serial != 1 || known || themed {
		t.Fatalf("at first: %d %v %v", serial, known, themed)
	}
	const more = "\n    - {id: other, name: Ander, redirect_uris: ['https://other.example/cb'], auth_method: none, scopes: [email]}\n"
	second := strings.Replace(first, "\nclients:\n", "\nclients:"+more, 1)
	if second == first {
		t.Fatal("the configuration has no list of clients")
	}
	certificate(t, dir, 2)
	site.Must(t, os.WriteFile(filepath.Join(theme, "custom.css"), []byte("p{}"), 0o644))
	write(strings.Replace(second, "home_client: demo-portal", "home_client: demo-second", 1))
	hangup()
	log.wait(t, "msg=\"not reloaded: these settings take a restart\" settings=home_client", 1)
	if serial, known, themed := look(); serial != 2 || !known || !themed {
		t.Errorf("after SIGHUP: %d %v %v, want 2 true true", serial, known, themed)
	}
	// Nothing of a broken configuration, certificate or list of clients is taken over.
	write(first + "nonsense: 1\n")
	hangup()
	log.wait(t, "goes on with the configuration that it has", 1)
	write(second)
	site.Must(t, os.WriteFile(filepath.Join(dir, "tls.key"), []byte("no key"), 0o600))
	hangup()
	log.wait(t, "what=tls", 2)
	if serial, known, themed := look(); serial != 2 || !known || !themed {
		t.Errorf("after broken files: %d %v %v, want 2 true true", serial, known, themed)
	}
	stop()
	if code := <-done; code != exitOK {
		t.Error("stopped with", code)
	}
}
