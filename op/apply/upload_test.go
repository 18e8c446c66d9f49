package apply_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/limit"
)

// UP-14, UP-15: the form has a token and a document, and nothing else.
func TestUP14_UP15_OnlyTheForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	token := site.Part{Name: "csrf", Content: []byte(v.token())}
	file := site.Part{Name: "document", File: "x.pdf", IsFile: true, Content: []byte(smallPDF)}
	other := s.visitor()
	named := func(name string, p site.Part) site.Part { p.Name = name; return p }
	for name, c := range map[string]struct {
		status int
		parts  []site.Part
	}{
		"nothing":                    {400, nil},
		"no file":                    {400, []site.Part{token}},
		"no token":                   {400, []site.Part{file}},
		"the file first":             {400, []site.Part{file, token}},
		"two files":                  {400, []site.Part{token, file, file}},
		"a field more":               {400, []site.Part{token, file, {Name: "x", Content: []byte("y")}}},
		"another field":              {400, []site.Part{token, named("documents", file)}},
		"the token by another name":  {400, []site.Part{named("token", token), file}},
		"text in the file's place":   {400, []site.Part{token, {Name: "document", Content: []byte("text")}}},
		"a file in the token's":      {400, []site.Part{{Name: "csrf", File: "x", IsFile: true, Content: []byte(v.token())}, file}},
		"content without a name":     {400, []site.Part{token, {Name: "document", IsFile: true, Content: []byte(smallPDF)}}},
		"a thousand parts":           {400, append([]site.Part{token, file}, slices.Repeat([]site.Part{{Name: "x"}}, 1000)...)},
		"two names":                  {400, []site.Part{token, {Disposition: `form-data; name="document"; filename="a.pdf"; filename="b.pdf"`, Content: []byte(smallPDF)}}},
		"no disposition":             {400, []site.Part{token, {Disposition: `x`, Content: []byte(smallPDF)}}},
		"a multipart in a multipart": {400, []site.Part{token, {Name: "document", IsFile: true, Content: []byte("--x\r\n\r\n--x--")}}},
		"a header of 20 megabytes":   {400, []site.Part{token, {Disposition: `form-data; name="document"; filename="` + strings.Repeat("x", 20<<20) + `"`}}},
		"a token that does not end":  {403, []site.Part{{Name: "csrf", Content: []byte(v.token() + strings.Repeat("x", 1<<20))}, file}},
		"another browser's token":    {403, []site.Part{{Name: "csrf", Content: []byte(other.token())}, file}},
		"no token in its part":       {403, []site.Part{{Name: "csrf"}, file}},
	} {
		if p := v.parts(c.parts...); p.Status != c.status {
			t.Errorf("%s: status %d %s", name, p.Status, p.Location())
		}
	}
	for _, contentType := range []string{"multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x", "application/pdf", ""} {
		r, err := http.NewRequest(http.MethodPost, s.Server.URL+"/apply/document", strings.NewReader(smallPDF))
		site.Must(t, err)
		r.Header.Set("Content-Type", contentType)
		if p := v.Send(r); p.Status < 400 || p.Status >= 500 {
			t.Errorf("%q: status %d", contentType, p.Status)
		}
	}
	if v.application().Answers.DocumentDone {
		t.Error("one of them was kept")
	}
	v.parts(token, file).Leads("/apply/check")
}

// raw begins an upload on a connection of its own, and sends only the given part of
// the body.
func (v *visitor) raw(body []byte, length int, contentType string) (net.Conn, *bufio.Reader) {
	v.s.T.Helper()
	return v.rawFrom("", body, length, contentType)
}

// rawFrom is raw through a proxy that names a source.
func (v *visitor) rawFrom(source string, body []byte, length int, contentType string) (net.Conn, *bufio.Reader) {
	v.s.T.Helper()
	u, err := url.Parse(v.s.Server.URL)
	site.Must(v.s.T, err)
	conn, err := net.Dial("tcp", u.Host)
	site.Must(v.s.T, err)
	v.s.T.Cleanup(func() { _ = conn.Close() })
	var cookies []string
	for name, value := range v.Cookies() {
		cookies = append(cookies, name+"="+value)
	}
	_, err = fmt.Fprintf(conn, "POST /apply/document HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\nCookie: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		u.Host, source, strings.Join(cookies, "; "), contentType, length, body)
	site.Must(v.s.T, err)
	return conn, bufio.NewReader(conn)
}

// UP-13: an upload that stops, or is too slow for too long, is cut off with a page
// that says so; no part of it is stored, and another upload works.
func TestUP13_SlowUpload(t *testing.T) {
	for name, limits := range map[string]struct{ stall, whole time.Duration }{
		"stalled":  {50 * time.Millisecond, time.Hour},
		"too long": {time.Hour, 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAltered(t, func(r *apply.Room) { r.UploadStall, r.UploadTime = limits.stall, limits.whole })
			v := s.visitor()
			v.fill("burger", "jo@example.com", "/apply/document")
			body, contentType := site.Multipart(t, site.Part{Name: "csrf", Content: []byte(v.token())},
				site.Part{Name: "document", File: "x.pdf", IsFile: true, Content: bytes.Repeat([]byte("x"), 1000)})
			_, answer := v.raw(body[:len(body)-500], len(body), contentType)
			resp, err := http.ReadResponse(answer, nil)
			site.Must(t, err)
			text, err := io.ReadAll(resp.Body)
			site.Must(t, err)
			if resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(text), "duurde te lang") {
				t.Errorf("status %d\n%s", resp.StatusCode, text)
			}
			if documents, err := s.Stores.DB.Applications().Documents(t.Context(), v.application().ID); err != nil || len(documents) != 0 {
				t.Errorf("%v %v", documents, err)
			}
		})
	}
}

// A slow connection that keeps sending is served, however long it takes.
func TestUP13_PatientUpload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	body, contentType := site.Multipart(t, site.Part{Name: "csrf", Content: []byte(v.token())},
		site.Part{Name: "document", File: "x.pdf", IsFile: true, Content: append([]byte(smallPDF), make([]byte, 300_000)...)})
	conn, answer := v.raw(nil, len(body), contentType)
	for chunk := range slices.Chunk(body, 7000) {
		_, err := conn.Write(chunk)
		site.Must(t, err)
	}
	resp, err := http.ReadResponse(answer, nil)
	site.Must(t, err)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/apply/check" {
		t.Errorf("status %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
}

// UP-16: one source can neither take all places nor keep them.
func TestUP16_UploadsAtOnce(t *testing.T) {
	t.Parallel()
	counted := make(chan struct{}, 1000)
	s := withMails(site.Start(t, site.Setup{Wrap: func(s *app.Stores) { s.Windows = reading{s.Windows, counted} }}))
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	var waiting []net.Conn
	var answers []*bufio.Reader
	var rest [][]byte
	for i := range 8 {
		other := s.visitor()
		other.fill("burger", "jo"+strconv.Itoa(i)+"@example.com", "/apply/document")
		body, contentType := site.Multipart(t, site.Part{Name: "csrf", Content: []byte(other.token())}, site.Part{Name: "document", File: "x.pdf", IsFile: true, Content: []byte(smallPDF)})
		conn, answer := other.raw(body[:100], len(body), contentType)
		waiting, answers, rest = append(waiting, conn), append(answers, answer), append(rest, body[100:])
	}
	for range 8 {
		<-counted
	}
	// Until all eight are being read, the ninth is still accepted.
	for {
		p := v.upload("y.pdf", []byte(smallPDF))
		if p.Status == http.StatusServiceUnavailable {
			if p.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			break
		}
		p.Leads("/apply/check")
	}
	for i, conn := range waiting {
		_, err := conn.Write(rest[i])
		site.Must(t, err)
		resp, err := http.ReadResponse(answers[i], nil)
		site.Must(t, err)
		if resp.StatusCode != http.StatusSeeOther {
			t.Errorf("upload %d: status %d", i, resp.StatusCode)
		}
	}
	v.upload("z.pdf", []byte(smallPDF)).Leads("/apply/check")
}

// X6: slow uploads hold on to their places, and honest ones pass: one draft has one
// place, a source a few, and when all are taken the slowest makes place.
func TestX6_SlowUploadsMakePlace(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.Start(t, site.Setup{
			Config:   func(c *config.Config) { on(c); c.TrustedProxies = []string{"127.0.0.1"} },
			Citizens: altered(t, func(r *apply.Room) { r.UploadGrace = time.Nanosecond }),
		}))
		hold := func(v *visitor, source string) *bufio.Reader {
			body, contentType := site.Multipart(t, site.Part{Name: "csrf", Content: []byte(v.token())}, site.Part{Name: "document", File: "x.pdf", IsFile: true, Content: pdfOf(100_000)})
			_, answer := v.rawFrom(source, body[:100], len(body), contentType)
			return answer
		}
		filled := func(name string) *visitor {
			v := s.visitor()
			v.fill("burger", name+"@example.com", "/apply/document")
			return v
		}
		// One draft from three sources has one place.
		one := filled("one")
		for i := range 24 {
			hold(one, "198.51.100."+strconv.Itoa(i%3))
		}
		honest := filled("honest")
		honest.upload("y.pdf", []byte(smallPDF)).Leads("/apply/check")
		// Many drafts of many sources have all places; uploads go on.
		for i := range 30 {
			hold(filled("many"+strconv.Itoa(i)), "203.0.113."+strconv.Itoa(i/6))
		}
		for i := range 5 {
			honest.upload("z"+strconv.Itoa(i)+".pdf", pdfOf(1<<20)).Leads("/apply/check")
		}
	})
}

// reading reports when an upload has been counted; reading it is next.
type reading struct {
	limit.Windows
	uploads chan<- struct{}
}

func (w reading) Spend(ctx context.Context, charges ...limit.Charge) (int, time.Duration, error) {
	over, wait, err := w.Windows.Spend(ctx, charges...)
	if slices.ContainsFunc(charges, func(c limit.Charge) bool { return c.Name == "apply-upload" }) {
		w.uploads <- struct{}{}
	}
	return over, wait, err
}

func TestUP08_BodyThatNeverEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	head, contentType := site.Multipart(t, site.Part{Name: "csrf", Content: []byte(v.token())}, site.Part{Name: "document", File: "x.pdf", IsFile: true})
	head = head[:bytes.LastIndex(head, []byte("\r\n--"))]
	r, err := http.NewRequest(http.MethodPost, s.Server.URL+"/apply/document", io.MultiReader(bytes.NewReader(head), endless{}))
	site.Must(t, err)
	r.Header.Set("Content-Type", contentType)
	resp, err := v.HTTP.Do(r)
	if err == nil { // the answer may be lost with the connection
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	if v.application().Answers.DocumentDone {
		t.Error("something was kept")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
