package apply_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/secret"
)

// visitor is one browser.
type visitor struct {
	*site
	client *http.Client
	lang   string
	csrf   string
}

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return &visitor{site: s, lang: "nl", client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is one answer.
type page struct {
	t        *testing.T
	status   int
	location string // path and query
	header   http.Header
	body     string
}

func (v *visitor) do(r *http.Request) page {
	v.t.Helper()
	r.Header.Set("Accept-Language", v.lang)
	resp, err := v.client.Do(r)
	must(v.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(v.t, err)
	if strings.Contains(string(body), ">apply.") || strings.Contains(string(body), "<no value>") {
		v.t.Errorf("%s: a text is missing:\n%s", r.URL.Path, body)
	}
	return page{v.t, resp.StatusCode, strings.TrimPrefix(resp.Header.Get("Location"), v.url), resp.Header, string(body)}
}

func (v *visitor) get(path string) page {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodGet, v.url+path, nil)
	must(v.t, err)
	return v.do(r)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// token is the browser's form token; the first page gives it.
func (v *visitor) token() string {
	v.t.Helper()
	if v.csrf == "" {
		found := csrfField.FindStringSubmatch(v.get("/apply").body)
		if found == nil {
			v.t.Fatal("no form token on /apply")
		}
		v.csrf = found[1]
	}
	return v.csrf
}

// form makes values out of name, value pairs.
func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

func (v *visitor) post(path string, fields url.Values) page {
	v.t.Helper()
	if !fields.Has("csrf") {
		fields.Set("csrf", v.token())
	}
	r, err := http.NewRequest(http.MethodPost, v.url+path, strings.NewReader(fields.Encode()))
	must(v.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

// part is one part of a multipart form; an empty disposition is made from
// the names.
type part struct {
	name, file, disposition string
	isFile                  bool
	content                 []byte
}

func multipartBody(t *testing.T, parts ...part) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		header := textproto.MIMEHeader{}
		switch {
		case p.disposition != "":
			header.Set("Content-Disposition", p.disposition)
		case p.isFile:
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, p.name, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.file)))
			header.Set("Content-Type", "application/pdf")
		default:
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"`, p.name))
		}
		out, err := w.CreatePart(header)
		must(t, err)
		_, err = out.Write(p.content)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

func (v *visitor) parts(parts ...part) page {
	v.t.Helper()
	body, contentType := multipartBody(v.t, parts...)
	r, err := http.NewRequest(http.MethodPost, v.url+"/apply/document", bytes.NewReader(body))
	must(v.t, err)
	r.Header.Set("Content-Type", contentType)
	return v.do(r)
}

// upload sends a document as a browser does; name "" is no file chosen.
func (v *visitor) upload(name string, content []byte) page {
	v.t.Helper()
	return v.parts(part{name: "csrf", content: []byte(v.token())}, part{name: "document", file: name, isFile: true, content: content})
}

// application is what is stored of this browser's draft.
func (v *visitor) application() application.Application {
	v.t.Helper()
	a, err := v.db.Applications().ByHandle(context.Background(), v.handle().Hash())
	must(v.t, err)
	return a
}

func (v *visitor) handle() secret.Text {
	v.t.Helper()
	for _, c := range v.cookies() {
		if c.Name == "olid-apply" {
			return secret.Text(c.Value)
		}
	}
	v.t.Fatal("no handle in the cookies")
	return ""
}

func (v *visitor) cookies() []*http.Cookie {
	u, err := url.Parse(v.url)
	must(v.t, err)
	return v.client.Jar.Cookies(u)
}

func (p page) is(status int) page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("status %d, want %d, location %q\n%s", p.status, status, p.location, p.main())
	}
	return p
}

// leads demands a redirect with 303.
func (p page) leads(to string) page {
	p.t.Helper()
	p.is(http.StatusSeeOther)
	if p.location != to {
		p.t.Fatalf("leads to %q, want %q", p.location, to)
	}
	return p
}

func (p page) has(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(p.body), text) {
			p.t.Errorf("without %q:\n%s", text, p.main())
		}
	}
	return p
}

func (p page) without(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(html.UnescapeString(p.body), text) {
			p.t.Errorf("with %q:\n%s", text, p.main())
		}
	}
	return p
}

// wrong demands the page again, with a problem at a field (and at the top).
func (p page) wrong(field string) page {
	p.t.Helper()
	p.is(http.StatusUnprocessableEntity)
	if !strings.Contains(p.body, `href="#`+field+`"`) || !strings.Contains(p.body, `id="`+field+`-error"`) || !strings.Contains(p.body, `id="`+field+`"`) {
		p.t.Errorf("no problem at %s:\n%s", field, p.main())
	}
	return p
}

// main is the middle of a page, for messages.
func (p page) main() string {
	_, rest, _ := strings.Cut(p.body, `id="main"`)
	middle, _, _ := strings.Cut(rest, "</main>")
	return middle
}

// hidden is the value of a hidden field.
func (p page) hidden(name string) string {
	p.t.Helper()
	found := regexp.MustCompile(`type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(p.body)
	if found == nil {
		p.t.Fatalf("no field %s:\n%s", name, p.main())
	}
	return found[1]
}
