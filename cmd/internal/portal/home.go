package portal

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// homePage is the front page of an entry, with or without a session.
type homePage struct {
	User     *user
	Login    string
	Logout   string
	ApplyURL string
	Mail     bool
	Others   []*entry
}

// user is what the portal shows of the logged-in user.
type user struct {
	Name         string
	Email        string
	Kind         string
	Organisation string // "Acme GmbH (HRB 1234, DE)"; "" for a person
	Level        string
	ACR          string
	When         time.Time // zero if the provider did not say
	WhenText     string
	Issuer       string
	Subject      string
	IDToken      string // indented JSON
	Userinfo     string
}

// facts are the claims that the page puts into words. The request determines whether
// the provider puts them in the ID token or in userinfo.
type facts struct {
	Issuer      string `json:"iss"`
	Subject     string `json:"sub"`
	Name        string `json:"name"`
	GivenName   string `json:"given_name"`
	FamilyName  string `json:"family_name"`
	Email       string `json:"email"`
	AccountType string `json:"account_type"`
	ACR         string `json:"acr"`
	AuthTime    int64  `json:"auth_time"`
	Represents  *struct {
		Name    string `json:"organization_name"`
		Number  string `json:"registration_number"`
		Country string `json:"registration_country"`
	} `json:"represents"`
}

// home shows the front page: GET / or GET /second.
func (p *Portal) home(w http.ResponseWriter, r *http.Request, e *entry) {
	t := p.texts(w, r)
	body := homePage{
		Login: e.prefix + "/login", Logout: e.prefix + "/logout",
		ApplyURL: p.cfg.ApplyURL, Mail: p.cfg.MailDir != "",
	}
	for _, other := range p.entries {
		if other != e {
			body.Others = append(body.Others, other)
		}
	}
	title := e.Name
	if s, ok := p.session(r, e); ok {
		body.User = describe(s, t)
		title = t.LoggedInTitle
	}
	p.render(w, http.StatusOK, "home", page{T: t, Entry: e, Title: title, Switch: e.Path + "?lang=" + t.Other.Lang, Body: body})
}

// claims serves the claims of the session as JSON: GET /claims.json, for tests.
func (p *Portal) claims(w http.ResponseWriter, r *http.Request, e *entry) {
	w.Header().Set("Content-Type", "application/json")
	s, ok := p.session(r, e)
	if !ok {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"not_logged_in","error_description":"log in at ` + e.Home + ` first"}` + "\n"))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]json.RawMessage{"id_token": s.idToken, "userinfo": s.userinfo})
}

// session returns this browser's session at e.
func (p *Portal) session(r *http.Request, e *entry) (session, bool) {
	s, ok := p.sessions.get(p.cookie(r, cookieSession+e.suffix))
	return s, ok && s.entry == e
}

// describe puts the claims into words. The ID token takes precedence over userinfo. A
// claim of an unexpected type is left out; the raw claims on the page still show it.
func describe(s session, t *texts) *user {
	var f facts
	_ = json.Unmarshal(s.userinfo, &f)
	_ = json.Unmarshal(s.idToken, &f)
	u := &user{
		Name: strings.TrimSpace(f.GivenName + " " + f.FamilyName), Email: f.Email,
		Kind: t.Kinds[f.AccountType], ACR: f.ACR, Level: t.Levels[f.ACR],
		Issuer: f.Issuer, Subject: f.Subject,
		IDToken: indent(s.idToken), Userinfo: indent(s.userinfo),
	}
	if u.Name == "" {
		u.Name = f.Name
	}
	if f.AuthTime > 0 {
		u.When = time.Unix(f.AuthTime, 0).In(amsterdam)
		u.WhenText = t.date(u.When)
	}
	if o := f.Represents; o != nil {
		u.Organisation = o.Name
		if register := strings.Trim(o.Number+", "+o.Country, ", "); register != "" {
			u.Organisation += " (" + register + ")"
		}
		if u.Kind == "" {
			u.Kind = t.Kinds["legal_person"]
		}
	}
	return u
}

func indent(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return b.String()
}

// amsterdam is Dutch time, or UTC on a machine without a time zone database.
var amsterdam = func() *time.Location {
	if l, err := time.LoadLocation("Europe/Amsterdam"); err == nil {
		return l
	}
	return time.UTC
}()
