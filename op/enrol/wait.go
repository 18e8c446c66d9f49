package enrol

import (
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/letter"
)

type waitPage struct {
	*web.Page
	From string
}

// wait says from when an account that was unblocked can be enrolled again, and
// how its holder can stop that.
func (h *Room) wait(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	p := &waitPage{Page: h.Flow.Page(r, v, "enrol.wait.title")}
	p.From = letter.Moment(letter.Whole(h.SignIn.Limits.QRFrom(*v.Account)), p.Lang)
	return h.Pages.Render(w, http.StatusOK, "enrol/wait", p)
}
