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
	v, err := p.Flow.Holder(r)
	if errors.Is(err, errs.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if age, _ := maxAge(rawMaxAge); age >= 0 && p.Now().After(v.Session.AuthTime.Add(age)) {
		return nil, nil
	}
	s := v.Session
	req.AccountID, req.Epoch, req.AuthTime, req.SID, req.Session = v.Account.ID, v.Account.Epoch, s.AuthTime, s.SID, s.Key
	_, err = p.Sessions.Touch(r.Context(), s)
	return &v.Account, err
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
