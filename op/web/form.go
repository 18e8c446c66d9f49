package web

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
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
	Ignore bool           // other names are ignored, up to 40 names in all, instead of refused
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

// Read reads the body of r into r.PostForm and checks it.
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

func (f Form) parse(r *http.Request) *FormError {
	if err := r.ParseForm(); err != nil {
		return unreadable(fmt.Sprintf("the body cannot be read as a form of at most %d bytes", f.Size), err)
	}
	return f.check(r.PostForm)
}

// Query reads and checks the query of r. Every error is a *FormError.
func (f Form) Query(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, unreadable("the query cannot be read", err)
	}
	if err := f.check(query); err != nil {
		return nil, err
	}
	return query, nil
}

// check requires each name once, and each known value to be text without NUL
// that is no longer than allowed.
func (f Form) check(values url.Values) *FormError {
	if f.Ignore && len(values) > mostNames {
		return unreadable("too many parameters", nil)
	}
	for name, v := range values {
		longest, known := f.Fields[name]
		switch {
		case len(v) != 1:
			return unreadable("a parameter is repeated", nil)
		case !known && !f.Ignore:
			return unreadable("a parameter is not known", nil)
		case known && len(v[0]) > longest:
			return unreadable(name+" is too long", nil)
		case known && !isText(v[0]):
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
