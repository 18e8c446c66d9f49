package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"omgevingsloket-id/op/web"
)

const formType = "application/x-www-form-urlencoded"

func post(kind, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	return r
}

// Each rule of a form refuses something that all other rules allow.
func TestFormRead(t *testing.T) {
	t.Parallel()
	allow := web.Form{Size: 64, Fields: map[string]int{"a": 4, "b": 32}}
	ignore := web.Form{Size: 1 << 10, Ignore: true, Fields: allow.Fields}
	names := func(n int) string {
		v := url.Values{}
		for i := range n {
			v.Set("x"+strconv.Itoa(i), "")
		}
		return v.Encode()
	}
	for name, c := range map[string]struct {
		form   web.Form
		kind   string
		body   string
		status int // 0 means that it was read
		reason string
	}{
		"all of it":            {allow, formType, "a=1234&b=x", 0, ""},
		"nothing":              {allow, formType, "", 0, ""},
		"type with parameters": {allow, formType + "; charset=utf-8", "a=1", 0, ""},
		"no type":              {allow, "", "a=1", 415, "content type must be " + formType},
		"JSON":                 {allow, "application/json", "{}", 415, "content type must be " + formType},
		"two types":            {allow, formType + ", text/plain", "a=1", 415, "content type must be " + formType},
		"multipart":            {allow, "multipart/form-data; boundary=x", "--x--", 415, "content type must be " + formType},
		"longest":              {allow, formType, "b=" + strings.Repeat("%20", 20) + "xx", 0, ""},
		"too long":             {allow, formType, "b=" + strings.Repeat("%20", 20) + "xxx", 413, "the body cannot be read as a form of at most 64 bytes"},
		"not a form":           {allow, formType, "a=%zz", 400, "the body cannot be read as a form of at most 64 bytes"},
		"semicolon":            {allow, formType, "a=1;b=2", 400, "the body cannot be read as a form of at most 64 bytes"},
		"unknown":              {allow, formType, "c=1", 400, "a parameter is not known"},
		"unknown, ignored":     {ignore, formType, "a=1&c=" + strings.Repeat("x", 100) + "%00%ff", 0, ""},
		"twice":                {allow, formType, "a=1&a=1", 400, "a parameter is repeated"},
		"unknown twice":        {ignore, formType, "c=1&c=1", 0, ""},
		"known twice":          {ignore, formType, "a=1&a=1", 400, "a is repeated"},
		"not a form, ignored":  {ignore, formType, "c=%zz&%=1", 0, ""},
		"not a form, known":    {ignore, formType, "a=%zz", 400, "a is not encoded as a form"},
		"semicolon as data":    {ignore, formType, "a=1;2", 0, ""},
		"value too long":       {allow, formType, "a=12345", 400, "a is too long"},
		"NUL":                  {allow, formType, "a=1%002", 400, "a is not text"},
		"not UTF-8":            {allow, formType, "b=%ff", 400, "b is not text"},
		"a surrogate":          {ignore, formType, "b=%ed%a0%80", 400, "b is not text"},
		"forty names":          {ignore, formType, names(40), 0, ""},
		"41 names":             {ignore, formType, names(41), 400, "too many parameters"},
	} {
		r := post(c.kind, c.body)
		got := web.FormError{}
		if err := c.form.Read(httptest.NewRecorder(), r); err != nil {
			got = *err
		}
		if got.Status != c.status || got.Reason != c.reason {
			t.Errorf("%s: Read() = %d %q, want %d %q", name, got.Status, got.Reason, c.status, c.reason)
		}
		sent, _ := url.ParseQuery(strings.ReplaceAll(c.body, ";", "%3B"))
		if c.form.Ignore {
			maps.DeleteFunc(sent, func(name string, _ []string) bool { return c.form.Fields[name] == 0 })
		}
		if c.status == 0 && !maps.EqualFunc(sent, r.PostForm, func(a, b []string) bool { return a[0] == b[0] }) {
			t.Errorf("%s: PostForm = %v, want %v", name, r.PostForm, sent)
		}
	}
}

func TestFormQuery(t *testing.T) {
	t.Parallel()
	form := web.Form{Ignore: true, Fields: map[string]int{"a": 4}}
	for query, want := range map[string]string{
		"a=1": "", "": "", "a=12345": "a is too long", "a=%00": "a is not text", "a=1&a=2": "a is repeated", "a=%zz": "a is not encoded as a form", "a=1;b=2": "a is too long",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = query
		values, err := form.Query(r)
		fault, _ := errors.AsType[*web.FormError](err)
		if want == "" && (err != nil || values.Encode() != query) || want != "" && (fault == nil || fault.Reason != want || fault.Status != http.StatusBadRequest || values != nil) {
			t.Errorf("Query(%q) = %v, %v, want %q", query, values, err, want)
		}
	}
}

// Y17: what is not known never refuses a request, and a semicolon is data. What
// is wrong with one parameter does not hide the others.
func TestY17_Parameters(t *testing.T) {
	t.Parallel()
	form := web.Form{Ignore: true, Fields: map[string]int{"a": 6, "b": 6}}
	for query, want := range map[string]struct {
		values url.Values
		fault  string
	}{
		"a=x;y&b=;":                      {url.Values{"a": {"x;y"}, "b": {";"}}, ""},
		"a=1;b=2":                        {url.Values{"a": {"1;b=2"}}, ""},
		"resource=1&resource=2&a=1":      {url.Values{"a": {"1"}}, ""},
		"x=%zz&%zz=1&a=1&=&&=1&x=%00":    {url.Values{"a": {"1"}}, ""},
		"a=1&b=2&b=2":                    {url.Values{"a": {"1"}, "b": {"2"}}, "b is repeated"},
		"a=1&%61=1":                      {url.Values{"a": {"1"}}, "a is repeated"},
		"b=1234567&a=100%":               {url.Values{"a": {"100%"}, "b": {"1234567"}}, "a is not encoded as a form"},
		"a=%ff&b=1":                      {url.Values{"a": {"\xff"}, "b": {"1"}}, "a is not text"},
		"a":                              {url.Values{"a": {""}}, ""},
		"a=1" + strings.Repeat("&", 1e4): {url.Values{"a": {"1"}}, ""},
	} {
		if got := form.Parameters(query); !maps.EqualFunc(got.Values, want.values, slices.Equal) || got.Fault() != want.fault {
			t.Errorf("Parameters(%.60q) = %q, %q, want %q, %q", query, got.Values, got.Fault(), want.values, want.fault)
		}
	}
}

// Whatever is sent, each known value is the first one that was sent, and a request
// without a fault has each known parameter once, as text of the right length.
func FuzzY17_Parameters(f *testing.F) {
	for _, q := range []string{"", "a=1&b=2", "a=x;y", "a=%zz", "&&=&a", "a=1&a=2", "%61=%ff", "a=" + strings.Repeat("x", 9)} {
		f.Add(q)
	}
	form := web.Form{Ignore: true, Fields: map[string]int{"a": 6, "b": 6}}
	f.Fuzz(func(t *testing.T, query string) {
		p := form.Parameters(query)
		for name, values := range p.Values {
			if form.Fields[name] == 0 || len(values) != 1 {
				t.Fatalf("%q: %q", query, p.Values)
			}
			if p.Fault() == "" && (len(values[0]) > form.Fields[name] || !utf8.ValidString(values[0])) {
				t.Fatalf("%q: %s = %q without a fault", query, name, values[0])
			}
		}
		if again := form.Parameters(p.Encode()); p.Fault() == "" && !maps.EqualFunc(again.Values, p.Values, slices.Equal) {
			t.Fatalf("%q: read as %q, and again as %q", query, p.Values, again.Values)
		}
	})
}

// A form with an error becomes a page with a status and a text.
func TestFormErrorPage(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, status := range []int{400, 403, 413, 415} {
		w := httptest.NewRecorder()
		k.Pages.ServeError(w, httptest.NewRequest(http.MethodPost, "/", nil), &web.FormError{Status: status, Reason: "a reason", Cause: context.DeadlineExceeded})
		key := map[int]string{403: "web.error.foreign", 413: "web.error.too_large"}[status]
		if key == "" {
			key = "web.error.bad_request"
		}
		if text := k.Pages.Catalog.Text("nl", key+".title"); w.Code != status || !strings.Contains(w.Body.String(), text) || strings.Contains(w.Body.String(), "a reason") {
			t.Errorf("ServeError(%d) = %d, want the page %q\n%s", status, w.Code, text, w.Body)
		}
	}
}

type brokenBody struct{ io.Reader }

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

// ReadFile reads the token, the file, and nothing else.
func TestReadFile(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	own := httptest.NewRequest(http.MethodPost, "/", nil)
	k.Cookies.EnsureBrowser(httptest.NewRecorder(), own)
	token := k.Pages.Page(own, "web.error.internal.title").CSRF
	cookies := own.Cookies()
	type part struct{ disposition, content string }
	csrf := part{`form-data; name="csrf"`, token}
	file := func(name, content string) part {
		return part{`form-data; name="document"; filename="` + name + `"`, content}
	}
	for name, c := range map[string]struct {
		parts   []part
		want    string // the content
		chosen  bool
		long    bool
		status  int
		strange bool // another browser
		broken  bool // the connection ends half way
	}{
		"a file":                  {parts: []part{csrf, file("a.pdf", "content")}, want: "content", chosen: true},
		"the longest":             {parts: []part{csrf, file("a.pdf", "0123456789")}, want: "0123456789", chosen: true},
		"too large":               {parts: []part{csrf, file("a.pdf", "0123456789x")}, chosen: true, long: true},
		"an empty file":           {parts: []part{csrf, file("a.pdf", "")}, chosen: true},
		"none chosen":             {parts: []part{csrf, file("", "")}},
		"content without a name":  {parts: []part{csrf, file("", "x")}, status: 400},
		"another field":           {parts: []part{csrf, {`form-data; name="x"; filename="a"`, "x"}}, status: 400},
		"the token as a file":     {parts: []part{{`form-data; name="csrf"; filename="a"`, token}, file("a", "x")}, status: 400},
		"the token, another name": {parts: []part{{`form-data; name="x"`, token}, file("a", "x")}, status: 400},
		"another token":           {parts: []part{{`form-data; name="csrf"`, token + "x"}, file("a", "x")}, status: 403},
		"another browser":         {parts: []part{csrf, file("a", "x")}, status: 403, strange: true},
		"only a token":            {parts: []part{csrf}, status: 400},
		"nothing":                 {status: 400},
		"a part more":             {parts: []part{csrf, file("a", "x"), file("b", "y")}, status: 400},
		"cut off":                 {parts: []part{csrf, file("a", "x")}, status: 400, broken: true},
	} {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		for _, p := range c.parts {
			w, err := m.CreatePart(textproto.MIMEHeader{"Content-Disposition": {p.disposition}})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(w, p.content)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if c.broken {
			body.Truncate(body.Len() - 10)
		}
		r := httptest.NewRequest(http.MethodPost, "/", brokenBody{&body})
		r.Header.Set("Content-Type", m.FormDataContentType())
		if !c.strange {
			r.AddCookie(cookies[0])
		}
		got, err := k.Cookies.ReadFile(r, "document", 10)
		status := 0
		if fault, ok := errors.AsType[*web.FormError](err); ok {
			status = fault.Status
		}
		if status != c.status || status == 0 && err != nil || string(got.Content) != c.want || got.Chosen != c.chosen || got.TooLarge != c.long {
			t.Errorf("%s: ReadFile() = %+v, %v, want %q, chosen %v, too large %v, status %d", name, got, err, c.want, c.chosen, c.long, c.status)
		}
		if c.broken && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: ReadFile() = %v, want %v", name, err, os.ErrDeadlineExceeded)
		}
	}
}
