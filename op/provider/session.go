package provider

import (
	"context"
	"errors"
	"net/http"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/session"
)

// reuse fills req from the browser's session if that is live and no older than
// max_age (single sign-on).
func (p *Room) reuse(r *http.Request, req *authreq.Request, rawMaxAge string) error {
	s, a, err := p.current(r)
	if errors.Is(err, errs.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now := p.Now()
	if age, _ := maxAge(rawMaxAge); age >= 0 && now.After(s.AuthTime.Add(age)) {
		return nil
	}
	req.AccountID, req.Epoch, req.AuthTime, req.SID, req.Session = a.ID, a.Epoch, s.AuthTime, s.SID, s.Key
	s.SeenAt = now
	if _, err := p.Sessions.Save(r.Context(), s, p.SessionLimits.TTL(s, now)); err != nil && !errors.Is(err, errs.ErrConflict) && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	return nil
}

// current returns the browser's session and its account, if the session is not
// over and of this browser, and the account active and of the session's epoch.
// The error is errs.ErrNotFound otherwise.
func (p *Room) current(r *http.Request) (session.Session, account.Account, error) {
	handle, ok := p.Cookies.Session(r)
	browser, bound := p.Cookies.Browser(r)
	if !ok || !bound {
		return session.Session{}, account.Account{}, errs.ErrNotFound
	}
	return p.live(r.Context(), handle.Hash(), browser.Hash())
}

// session returns the browser's session, even if it is over. The error is
// errs.ErrNotFound if there is none.
func (p *Room) session(r *http.Request) (session.Session, error) {
	handle, ok := p.Cookies.Session(r)
	if !ok {
		return session.Session{}, errs.ErrNotFound
	}
	return p.Sessions.Get(r.Context(), handle.Hash())
}

// live is current for a session and a browser by their keys.
func (p *Room) live(ctx context.Context, key, browser string) (session.Session, account.Account, error) {
	s, err := p.Sessions.Get(ctx, key)
	if err != nil {
		return session.Session{}, account.Account{}, err
	}
	if p.SessionLimits.Over(s, p.Now()) || s.Browser != browser {
		return session.Session{}, account.Account{}, errs.ErrNotFound
	}
	a, err := p.Flow.Accounts.ByID(ctx, s.AccountID)
	if err != nil {
		return session.Session{}, account.Account{}, err
	}
	if a.State != account.Active || a.Epoch != s.Epoch {
		return session.Session{}, account.Account{}, errs.ErrNotFound
	}
	return s, a, nil
}
