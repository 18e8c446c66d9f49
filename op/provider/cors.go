package provider

import (
	"net/http"
	"net/url"
	"slices"
)

// cors sets the CORS headers for the origins of public clients (C14): the exact
// origin, without credentials. /authorize has no CORS.
func (p *Room) cors(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	w.Header().Add("Vary", "Origin")
	clients, err := p.Clients.List(r.Context())
	if err != nil {
		return
	}
	for _, c := range clients {
		if c.Public() && slices.ContainsFunc(c.RedirectURIs, func(u string) bool { return originOf(u) == origin }) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
			return
		}
	}
}

func (p *Room) preflight(w http.ResponseWriter, r *http.Request) {
	p.cors(w, r)
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
