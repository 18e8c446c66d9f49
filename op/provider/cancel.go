package provider

import (
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/authreq"
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
	return p.Pages.Away(w, r, p.answerURI(v.Request.RedirectURI, refusal(end.refusal, v.Request.State)))
}
