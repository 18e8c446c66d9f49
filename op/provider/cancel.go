package provider

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
)

// cancel ends a login that the person does not want, and sends the browser back to
// the client with access_denied.
func (p *Room) cancel(w http.ResponseWriter, r *http.Request) error {
	v, err := p.Flow.Load(r)
	if err != nil {
		return err
	}
	if v.Client == nil || v.Step == authreq.StepFinish || v.Step == authreq.StepRestart {
		return p.Flow.Onward(w, r, v) // nobody waits for an answer, or the answer is there
	}
	v.Request.Refusal = "access_denied"
	if v.Stored() {
		if v, err = p.Flow.Save(r.Context(), v); err != nil {
			return err
		}
		return p.Flow.Onward(w, r, v)
	}
	// What only the browser carries is not stored for this (flow.Dispatcher.keep).
	end, err := settle(v, p.Subjects)
	if err != nil {
		return web.Restart(err)
	}
	if err := v.Request.Spend(r.Context(), p.Flow.Requests, p.Now()); err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	}
	answer := refusal(end.refusal, v.Request.State)
	if v.Request.ResponseMode == authreq.FormPost {
		return p.answer(w, r, v.Request.RedirectURI, v.Request.ResponseMode, answer)
	}
	return p.Pages.Away(w, r, p.answerURI(v.Request.RedirectURI, answer))
}
