// Package enrol owns linking an authenticator app: /enrol explains, /enrol/qr
// shows the QR code, once. After an unblock, /enrol/wait says from when that is
// possible, and /enrol/code asks for a code that is mailed to the holder.
//
//	(unblocked) /enrol/wait ──► /enrol/code ──right code──┐
//	                                                      ▼
//	/enrol ──POST 'Toon QR-code'──► commit "shown" ──► the QR, in this very answer
//	                                     │
//	                              the same POST again, Back, reload, another
//	                              tab or browser ──► /login/code
//
// No GET shows the QR code, and nothing links to it. /enrol/cancel is the target of
// the link in mails about an unblock: it needs no login, and blocks again.
//
// /enrol/apps is the list of the apps of a holder who has logged in a moment ago. Its
// pages replace an app by one on a new phone, and add, rename and remove a second one:
//
//	/enrol/apps/qr explains ──POST──► commit "shown" ──► the QR, in this very answer
//	                                        │
//	           /enrol/apps/code ◄───────────┘ the same POST again, in this session
//	                 │ right code: linked, all other sessions end
//	                 └ an hour, five wrong codes, 'cancel', another epoch: removed
package enrol

import (
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/signin"
)

// Room serves the pages of the enrolment. Its fields are set before Mount.
type Room struct {
	Pages     *web.Renderer
	Cookies   *web.Cookies
	Limits    *web.Limits
	Flow      *flow.Dispatcher
	SignIn    *signin.Service
	PerMinute int // the most links of one source in a minute
}

// Mount adds the pages to t.
func (h *Room) Mount(t *web.Router) {
	t.Get("/enrol", h.Flow.At(authreq.StepEnrol, h.enrol))
	t.Get("/enrol/wait", h.Flow.At(authreq.StepWait, h.wait))
	t.Get("/enrol/code", h.Flow.At(authreq.StepMailbox, h.code))
	t.Post("/enrol/code", h.Flow.At(authreq.StepMailbox, h.codePost), "code", "send")
	t.Get("/enrol/cancel", h.cancel)
	t.Post("/enrol/cancel", h.cancelPost)
	t.Get("/enrol/cancelled", h.cancelled)
	t.Get("/enrol/qr", h.again)
	t.Post("/enrol/qr", h.Flow.At(authreq.StepEnrol, h.qrPost))
	t.GetActs("/enrol/apps", h.Flow.OwnProven(h.apps))
	t.Post("/enrol/apps", h.Flow.OwnProven(h.appsPost), "cancel")
	t.GetActs("/enrol/apps/qr", h.Flow.OwnProven(h.appsQR))
	t.Post("/enrol/apps/qr", h.Flow.OwnProven(h.appsQRPost), "name")
	t.GetActs("/enrol/apps/code", h.Flow.OwnProven(h.appsCode))
	t.Post("/enrol/apps/code", h.Flow.OwnProven(h.appsCodePost), "code", "cancel")
	t.GetActs("/enrol/apps/rename", h.Flow.OwnProven(h.appsRename))
	t.Post("/enrol/apps/rename", h.Flow.OwnProven(h.appsRenamePost), "name")
	t.GetActs("/enrol/apps/remove", h.Flow.OwnProven(h.appsRemove))
	t.Post("/enrol/apps/remove", h.Flow.OwnProven(h.appsRemovePost))
	t.Get("/enrol/apps/done", h.appsDone)
}

type enrolPage struct {
	*web.Page
	Action string
	Again  bool // after an unblock: the old entry in the app must be removed first
}

func (h *Room) enrol(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	p := h.Flow.Page(r, v, "enrol.title")
	return h.Pages.Render(w, http.StatusOK, "enrol/enrol", &enrolPage{
		Page: p, Action: p.Path(flow.For("/enrol/qr", v.Handle)), Again: v.Account.Unblocks > 0,
	})
}

// again answers a GET of the address of the QR page, which never shows the code.
func (h *Room) again(w http.ResponseWriter, r *http.Request) error {
	return h.Flow.At("", nil)(w, r)
}
