package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// visitor is a browser at one party: it keeps cookies and has an address of its own.
type visitor struct {
	transport http.RoundTripper
	address   string // X-Forwarded-For, which the product believes of a proxy
	cookies   map[string]string
}

// answer is the response to a request.
type answer struct {
	url    *url.URL // where the visitor is, or is sent
	status int
	header http.Header
	body   []byte
}

// mostHops is how many redirects and refreshes a visitor follows.
const mostHops = 12

// send sends one request: a GET, or with a form a POST.
func (v *visitor) send(ctx context.Context, address string, form url.Values) (answer, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return answer{}, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	}
	r.Header.Set("X-Forwarded-For", v.address)
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	a, err := roundTrip(v.transport, r)
	if err != nil {
		return answer{}, err
	}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(v.cookies, c.Name)
		} else {
			v.cookies[c.Name] = c.Value
		}
	}
	return a, nil
}

// visit sends a request and follows where it leads, until a page or an address that begins with end, which
// it does not open.
func (v *visitor) visit(ctx context.Context, address string, form url.Values, end string) (answer, error) {
	for range mostHops {
		a, err := v.send(ctx, address, form)
		if err != nil {
			return answer{}, err
		}
		next := a.header.Get("Location")
		if next == "" {
			_, next, _ = strings.Cut(a.header.Get("Refresh"), "url=")
		}
		if next == "" {
			return a, nil
		}
		if a.url, err = a.url.Parse(next); err != nil {
			return answer{}, err
		}
		if address, form = a.url.String(), nil; strings.HasPrefix(address, end) {
			return a, nil
		}
	}
	return answer{}, fmt.Errorf("%s leads on and on", address)
}

// roundTrip sends a request and reads the response.
func roundTrip(transport http.RoundTripper, r *http.Request) (answer, error) {
	res, err := transport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", r.URL, err)
	}
	return answer{url: r.URL, status: res.StatusCode, header: res.Header, body: body}, nil
}
