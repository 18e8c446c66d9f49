package web

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"omgevingsloket-id/pkg/typed"
)

const (
	urlEncoded = "application/x-www-form-urlencoded"
	formData   = "multipart/form-data"

	// mostNames bounds the names of a form that ignores those it does not know.
	mostNames = 40
)

// Form describes what a form may hold: a body, or the query of an address.
type Form struct {
	Type   string         // media type of the body; "" = application/x-www-form-urlencoded
	Size   int64          // longest body, in bytes
	Fields map[string]int // the known names, with the longest value of each in bytes
	// Ignore is for what the software of others sends: other names are ignored,
	// up to 40 names in all, however often they occur and whatever they hold, and
	// a semicolon is data.
	Ignore bool
}

// Parameters are the known parameters of a protocol request.
type Parameters struct {
	url.Values                   // the first value of each that can be read
	Faults     map[string]string // what is wrong with a parameter, by name
	Flood      bool              // more than 40 names
}

// fault returns the first fault in order of name, or nil.
func (p Parameters) fault() *FormError {
	if p.Flood {
		return unreadable("too many parameters", nil)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Faults)) {
		return unreadable(name+" "+p.Faults[name], nil)
	}
	return nil
}

// Fault returns what is wrong with the first faulty parameter in order of name, as
// a sentence; "" if there is none.
func (p Parameters) Fault() string {
	if f := p.fault(); f != nil {
		return f.Reason
	}
	return ""
}

// Parameters reads a query or a body of an Ignore form (RFC 6749 §3.1: unknown
// parameters are ignored, known ones occur once).
func (f Form) Parameters(raw string) Parameters {
	p := Parameters{Values: url.Values{}, Faults: map[string]string{}}
	names := map[string]bool{}
	for pair := range strings.SplitSeq(raw, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if pair == "" || err != nil {
			continue
		}
		if names[name] = true; len(names) > mostNames {
			p.Flood = true
			return p
		}
		longest, known := f.Fields[name]
		if !known {
			continue
		}
		value, err := url.QueryUnescape(rawValue)
		switch {
		case p.Has(name):
			p.Faults[name] = "is repeated"
			continue
		case err != nil:
			p.Faults[name] = "is not encoded as a form"
			value = rawValue
		case len(value) > longest:
			p.Faults[name] = "is too long"
		case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
			p.Faults[name] = "is not text"
		}
		p.Set(name, value)
	}
	return p
}

// FormError is the error of everything that reads a form. As a page it is
// error.bad_request, error.foreign or error.too_large, by its status.
type FormError struct {
	Status int    // 400, 403, 413 or 415
	Reason string // a sentence of ours in English, which a client may be sent
	Cause  error  // may be nil
}

func (e *FormError) Error() string {
	if e.Cause == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Cause.Error()
}

func (e *FormError) Unwrap() error { return e.Cause }

// unreadable returns the error of a body that cannot be read.
func unreadable(reason string, cause error) *FormError {
	status := http.StatusBadRequest
	if _, long := errors.AsType[*http.MaxBytesError](cause); long {
		status = http.StatusRequestEntityTooLarge
	}
	return &FormError{Status: status, Reason: reason, Cause: cause}
}

// Read reads the body of r into r.PostForm and checks it. Of an Ignore form,
// r.PostForm and r.Form have the known parameters alone.
func (f Form) Read(w http.ResponseWriter, r *http.Request) *FormError {
	if err := f.open(w, r); err != nil {
		return err
	}
	return f.parse(r)
}

// open checks the content type and bounds the body; nothing is read.
func (f Form) open(w http.ResponseWriter, r *http.Request) *FormError {
	want := cmp.Or(f.Type, urlEncoded)
	if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != want {
		return &FormError{Status: http.StatusUnsupportedMediaType, Reason: "content type must be " + want, Cause: err}
	}
	r.Body = http.MaxBytesReader(w, r.Body, f.Size)
	return nil
}

// Body returns the body of r, of an Ignore form, after checking its type and size.
func (f Form) Body(w http.ResponseWriter, r *http.Request) (string, *FormError) {
	if err := f.open(w, r); err != nil {
		return "", err
	}
	return f.body(r)
}

func (f Form) body(r *http.Request) (string, *FormError) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", f.unread(err)
	}
	return string(body), nil
}

func (f Form) unread(cause error) *FormError {
	return unreadable(fmt.Sprintf("the body cannot be read as a form of at most %d bytes", f.Size), cause)
}

func (f Form) parse(r *http.Request) *FormError {
	if f.Ignore {
		body, err := f.body(r)
		if err != nil {
			return err
		}
		p := f.Parameters(body)
		r.PostForm, r.Form = p.Values, p.Values
		return p.fault()
	}
	if err := r.ParseForm(); err != nil {
		return f.unread(err)
	}
	return f.check(r.PostForm)
}

// Query reads and checks the query of r, of an Ignore form. Every error is a
// *FormError.
func (f Form) Query(r *http.Request) (url.Values, error) {
	p := f.Parameters(r.URL.RawQuery)
	if err := p.fault(); err != nil {
		return nil, err
	}
	return p.Values, nil
}

// check requires each name to be known and to occur once, and each value to be
// text without NUL that is no longer than allowed.
func (f Form) check(values url.Values) *FormError {
	for name, v := range values {
		longest, known := f.Fields[name]
		switch {
		case len(v) != 1:
			return unreadable("a parameter is repeated", nil)
		case !known:
			return unreadable("a parameter is not known", nil)
		case len(v[0]) > longest:
			return unreadable(name+" is too long", nil)
		case !isText(v[0]):
			return unreadable(name+" is not text", nil)
		}
	}
	return nil
}

// exact are the fields whose values are passed on as they are: those that nobody
// types, and passwords, which package password normalizes.
var exact = map[string]bool{
	"password": true, "csrf": true, "before": true, "after": true,
	"id_token_hint": true, "post_logout_redirect_uri": true, "state": true, "client_id": true,
}

// fold folds the values of a form or a query in place. What is not text stays as it
// is, for the rules to refuse.
func fold(values url.Values) {
	for name, v := range values {
		if exact[name] {
			continue
		}
		for i, s := range v {
			if isText(s) {
				v[i] = typed.Text(s)
			}
		}
	}
}

// isText reports whether s is text without NUL.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// foldedQuery returns a handler that calls next with the query folded.
func foldedQuery(next Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if strings.ContainsFunc(r.URL.RawQuery, func(c rune) bool { return c == '%' || c == '+' || c > '~' }) { // otherwise there is nothing to fold
			query := r.URL.Query()
			fold(query)
			r.URL.RawQuery = query.Encode()
		}
		return next(w, r)
	}
}

// File is the file of a multipart form.
type File struct {
	Chosen   bool // a file was chosen; otherwise the rest is empty
	Name     string
	Content  []byte // nil if TooLarge
	TooLarge bool
}

const notTheForm = "the body is not the form with a file"

// ReadFile reads a multipart form part by part, in memory: first the form
// token, then the file named field of at most longest bytes, and nothing else.
// No file is read before the token is known to be right. Every error is a
// *FormError; its cause is that of r.Body if it cannot be read.
func (k *Cookies) ReadFile(r *http.Request, field string, longest int) (File, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return File{}, unreadable(notTheForm, nil)
	}
	token, err := formTokenPart(parts)
	if err != nil {
		return File{}, unreadable(notTheForm, err)
	}
	if browser, ok := k.Browser(r); !ok || !k.formTokenFits(browser, token) {
		return File{}, &FormError{Status: http.StatusForbidden, Reason: "the form token is not this browser's"}
	}
	f, err := filePart(parts, field, longest)
	if err != nil {
		return File{}, unreadable(notTheForm, err)
	}
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		return File{}, unreadable(notTheForm, err)
	}
	return f, nil
}

var errPart = errors.New("a part is not the one expected")

func formTokenPart(parts *multipart.Reader) (string, error) {
	const longestToken = 128
	part, err := parts.NextRawPart()
	if err != nil {
		return "", err
	}
	if part.FormName() != "csrf" || part.FileName() != "" {
		return "", errPart
	}
	token, err := io.ReadAll(io.LimitReader(part, longestToken))
	return string(token), err
}

// filePart reads the part named field. What is beyond longest is read and
// discarded.
func filePart(parts *multipart.Reader, field string, longest int) (File, error) {
	part, err := parts.NextRawPart()
	if err != nil {
		return File{}, err
	}
	if part.FormName() != field {
		return File{}, errPart
	}
	f := File{Name: part.FileName()}
	f.Chosen = f.Name != "" // browsers send an empty name for no file
	if f.Content, err = io.ReadAll(io.LimitReader(part, int64(longest)+1)); err != nil {
		return File{}, err
	}
	if len(f.Content) > longest {
		f.TooLarge, f.Content = true, nil
		if _, err := io.Copy(io.Discard, part); err != nil {
			return File{}, err
		}
	}
	if !f.Chosen && len(f.Content) > 0 {
		return File{}, errPart
	}
	return f, nil
}
