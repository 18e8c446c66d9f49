package practice

import (
	"bytes"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Client is a visitor without a browser: it has a cookie jar and one page at a time.
type Client struct {
	HTTP   *http.Client // follows no redirects
	URL    string       // of the present page
	Status int
	Header http.Header
	Body   string

	t    testing.TB
	site *Site
}

// Client returns a new visitor.
func (s *Site) Client(t testing.TB) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 4}
	t.Cleanup(transport.CloseIdleConnections)
	return &Client{t: t, site: s, HTTP: &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// mostHops is how many redirects and refreshes are followed.
const mostHops = 12

// Get opens an address, relative to the present page, and follows where it leads.
func (c *Client) Get(address string) *Client {
	c.t.Helper()
	return c.follow(c.request(http.MethodGet, address, "", nil))
}

// Submit sends the form of the page with the fields (name, value, …) and its hidden ones, and
// follows where it leads.
func (c *Client) Submit(fields ...string) *Client {
	c.t.Helper()
	return c.follow(c.Form(fields...))
}

// Form returns the request that Submit sends, to be sent many times.
func (c *Client) Form(fields ...string) *http.Request {
	c.t.Helper()
	values := c.hidden()
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return c.request(http.MethodPost, c.action(), "application/x-www-form-urlencoded", []byte(values.Encode()))
}

// Upload sends the form of the page with a file.
func (c *Client) Upload(field, name string, content []byte) *Client {
	c.t.Helper()
	return c.follow(c.UploadForm(field, name, content))
}

// UploadForm returns the request that Upload sends.
func (c *Client) UploadForm(field, name string, content []byte) *http.Request {
	c.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for key, values := range c.hidden() {
		_ = w.WriteField(key, values[0]) // a buffer does not fail
	}
	part, err := w.CreateFormFile(field, name)
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = w.Close()
	return c.request(http.MethodPost, c.action(), w.FormDataContentType(), body.Bytes())
}

var (
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	formAction  = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	appLink     = regexp.MustCompile(`href="(otpauth:[^"]*)"`)
	pageName    = regexp.MustCompile(`<main[^>]* data-page="([^"]*)"`)
)

func (c *Client) hidden() url.Values {
	values := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(c.Body, -1) {
		values.Set(m[1], html.UnescapeString(m[2]))
	}
	return values
}

func (c *Client) action() string {
	if m := formAction.FindStringSubmatch(c.Body); m != nil {
		return html.UnescapeString(m[1])
	}
	return c.URL
}

// Page returns the name of the template of the page, or "" if it is not one of ours.
func (c *Client) Page() string {
	if m := pageName.FindStringSubmatch(c.Body); m != nil {
		return m[1]
	}
	return ""
}

// On fails the test unless the page is the one with this name.
func (c *Client) On(page string) *Client {
	c.t.Helper()
	if got := c.Page(); got != page {
		c.t.Fatalf("at %s (status %d) the page is %q, want %q:\n%s", c.URL, c.Status, got, page, c.Body)
	}
	return c
}

// OTPAuth returns the otpauth URI of 'Open de app op deze telefoon', or "".
func (c *Client) OTPAuth() string {
	if m := appLink.FindStringSubmatch(c.Body); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

func (c *Client) request(method, address, kind string, body []byte) *http.Request {
	c.t.Helper()
	if c.URL != "" {
		base, err := url.Parse(c.URL)
		if err != nil {
			c.t.Fatal(err)
		}
		to, err := base.Parse(address)
		if err != nil {
			c.t.Fatal(err)
		}
		address = to.String()
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	}
	r.Header.Set("Accept-Language", "nl")
	return r
}

// follow sends a request and follows redirects and refreshes.
func (c *Client) follow(r *http.Request) *Client {
	c.t.Helper()
	for range mostHops {
		res, err := c.HTTP.Do(r)
		if err != nil {
			c.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			c.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
		}
		c.URL, c.Status, c.Header, c.Body = r.URL.String(), res.StatusCode, res.Header, string(body)
		next := Onward(res)
		if next == "" {
			return c
		}
		r = c.request(http.MethodGet, next, "", nil)
	}
	c.t.Fatalf("%s leads on and on", c.URL)
	return nil
}

// Onward returns the address that an answer leads to by itself, "" if none.
func Onward(res *http.Response) string {
	if to := res.Header.Get("Location"); to != "" {
		return to
	}
	_, to, _ := strings.Cut(res.Header.Get("Refresh"), "url=")
	return to
}

// Raw sends a request with the visitor's cookies and returns the body or the error. It leaves
// the page as it is, so that many may be sent at the same time. Of a form that was refused it
// returns the form's page.
func (c *Client) Raw(r *http.Request) string {
	res, err := c.HTTP.Do(r)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusSeeOther && r.Method == http.MethodPost {
		if to, err := res.Location(); err == nil && to.Path == r.URL.Path {
			back := c.request(http.MethodGet, to.String(), "", nil)
			back.Header = r.Header.Clone()
			back.Header.Del("Content-Type")
			back.Header.Del("Cookie") // the jar adds it
			return c.Raw(back)
		}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}
