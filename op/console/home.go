package console

import (
	"net/http"
)

type homePage struct {
	page
}

// home is where an official begins: what one's roles open.
func (h *Room) home(w http.ResponseWriter, r *http.Request, v *Visit) error {
	return h.Kit.Render(w, http.StatusOK, "console/home", &homePage{h.page(r, v, "console.home.title")})
}
