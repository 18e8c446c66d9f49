package provider

import (
	"errors"
	"net/http"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/session"
)

// reuse fills req from the browser's session and returns its account, if the
// session is live and no older than max_age (single sign-on); otherwise it returns
// nil.
func (p *Room) reuse(r *http.Request, req *authreq.Request, rawMaxAge string) (*account.Account, error) {
	s, a, err := p.current(r)
	if errors.Is(err, errs.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if age, _ := maxAge(rawMaxAge); age >= 0 && p.Now().After(s.AuthTime.Add(age)) {
		return nil, nil
	}
	req.AccountID, req.Epoch, req.AuthTime, req.SID, req.Session = a.ID, a.Epoch, s.AuthTime, s.SID, s.Key
	_, err = p.Sessions.Touch(r.Context(), s)
	return &a, err
}

// current returns the live session of the browser and its account, or
// errs.ErrNotFound.
func (p *Room) current(r *http.Request) (session.Session, account.Account, error) {
	handle, ok := p.Cookies.Session(r)
	browser, bound := p.Cookies.Browser(r)
	if !ok || !bound {
		return session.Session{}, account.Account{}, errs.ErrNotFound
	}
	return p.Sessions.Current(r.Context(), handle, browser)
}

// session returns the browser's session, even if it is not live. The error is
// errs.ErrNotFound if there is none.
func (p *Room) session(r *http.Request) (session.Session, error) {
	handle, ok := p.Cookies.Session(r)
	if !ok {
		return session.Session{}, errs.ErrNotFound
	}
	return p.Sessions.Store.Get(r.Context(), p.Sessions.Key(handle))
}
