package review

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// contentPath is where the content of documents is served. It checks tickets only:
// no cookies and no officials.
const contentPath = "/console/review/content"

func contentURL(ticket secret.Text) string {
	return contentPath + "?" + url.Values{"ticket": {ticket.Reveal()}}.Encode()
}

// contentPolicy denies scripts, forms and an origin to a file that a browser opens in
// spite of the other headers.
const contentPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

// content serves one document for an unused ticket; everything else is not found. A
// picture was encoded again (document.Picture); a PDF is the original file, which no
// browser should open by itself.
func (h *Room) content(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", contentPolicy)
	status, err := h.serveContent(w, r)
	if status == http.StatusOK {
		return
	}
	if status >= http.StatusInternalServerError {
		h.Log.ErrorContext(r.Context(), "document is not served", "request", web.RequestID(r), "error", err.Error())
	}
	// Not a page of the kit, since those read cookies.
	http.Error(w, http.StatusText(status), status)
}

func (h *Room) serveContent(w http.ResponseWriter, r *http.Request) (status int, err error) {
	ticket, ok := secret.Parse(secret.KindTicket, r.URL.Query().Get("ticket"))
	if !ok || !ownPage(r) {
		return http.StatusNotFound, nil // the ticket is not used up
	}
	d, content, err := h.Viewing.Redeem(r.Context(), ticket)
	switch {
	case errors.Is(err, errs.ErrNotFound):
		return http.StatusNotFound, nil
	case errors.Is(err, errs.ErrUnavailable):
		return http.StatusServiceUnavailable, err
	case err != nil:
		return http.StatusInternalServerError, err
	}
	how := "attachment"
	switch d.Type {
	case document.TypePDF:
	case document.TypeJPEG, document.TypePNG:
		how, d.Type = "inline", document.TypeJPEG
		content, err = h.Inspector.Picture(r.Context(), content)
		switch {
		case errors.Is(err, document.ErrRefused):
			h.Log.InfoContext(r.Context(), "document cannot be shown", "document", d.ID, "error", err.Error())
			return http.StatusUnprocessableEntity, nil
		case err != nil:
			return http.StatusServiceUnavailable, err
		}
	default:
		return http.StatusNotFound, nil
	}
	w.Header().Set("Content-Type", d.Type)
	w.Header().Set("Content-Disposition", disposition(how, document.CleanName(d.Name, d.Type)))
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // fails only if the client has disconnected
	return http.StatusOK, nil
}

// ownPage reports whether the browser says that the request comes from a page of
// this site, or is too old to send Sec-Fetch-Site. It is false for typed, saved and
// shared addresses and for prefetching.
func ownPage(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "" || site == "same-origin") && r.Header.Get("Sec-Purpose") == ""
}

// disposition returns a Content-Disposition that old and new browsers can read
// (RFC 6266 §4.3, RFC 8187).
func disposition(how, name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, name)
	return how + `; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}
