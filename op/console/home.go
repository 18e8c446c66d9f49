package console

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/staff"
)

// WaitRows is how many rows of one list home shows.
const WaitRows = 10

// WaitRow is one thing that waits for an official.
type WaitRow struct {
	web.Link
	Name string     // the name of the person or company; may be ""
	File staff.File // the application or account with that name; required with a name
	Term string     // the deadline, in words; "" means none
	Late bool       // the deadline has passed, as Term says too
	Note string     // the state, or who has it
}

// WaitList is one list of what waits, the most urgent first. A list without rows is
// not shown.
type WaitList struct {
	ID      string
	Title   string
	Rows    []WaitRow
	More    *web.Link // to the whole list
	TakeURL string    // target of the button that takes the first one; "" means no button
}

// Wait is a list on home, for officials with one of the roles.
type Wait struct {
	place int
	roles []staff.Role
	read  func(r *http.Request, v *Visit, p *web.Page) (WaitList, error)
}

// Wait adds a list to home. Lists are sorted by place, lowest first.
func (h *Kit) Wait(place int, read func(r *http.Request, v *Visit, p *web.Page) (WaitList, error), roles ...staff.Role) {
	h.waits = append(h.waits, Wait{place, roles, read})
	slices.SortStableFunc(h.waits, func(a, b Wait) int { return cmp.Compare(a.place, b.place) })
}

// SearchBox is a search form on home.
type SearchBox struct {
	ID, URL, Label, Hint string
	Hidden               *web.Button // a hidden field
}

// Search adds a search box to home, for officials with the role. Boxes are sorted by
// place, lowest first.
func (h *Kit) Search(place int, role staff.Role, box func(p *web.Page) SearchBox) {
	h.searches = append(h.searches, search{place, role, box})
	slices.SortStableFunc(h.searches, func(a, b search) int { return cmp.Compare(a.place, b.place) })
}

type search struct {
	place int
	role  staff.Role
	box   func(p *web.Page) SearchBox
}

type homePage struct {
	Frame
	Searches []SearchBox
	Waits    []WaitList
}

// namesOnHome records and counts the names on home. For an official who has seen too
// many it removes the names and not the page, because home leads to all other pages.
func (h *Kit) namesOnHome(r *http.Request, v *Visit, p *homePage) error {
	var files []staff.File
	for _, list := range p.Waits {
		for _, row := range list.Rows {
			if row.Name == "" {
				continue
			}
			if row.File.ID == "" {
				return fmt.Errorf("console: the list %s on home names somebody without a file", list.ID)
			}
			files = append(files, row.File)
		}
	}
	if len(files) == 0 {
		return nil
	}
	err := h.look(r, v, func() error { return h.noteList(r, v, files) })
	if !errors.Is(err, staff.ErrStopped) {
		return err
	}
	for _, list := range p.Waits {
		for i := range list.Rows {
			list.Rows[i].Name = ""
		}
	}
	return nil
}

// home shows the page that an official begins with: search boxes and what waits.
func (h *Kit) home(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p := &homePage{Frame: h.Page(r, v, "console.home.title")}
	for _, s := range h.searches {
		if v.Member.Has(s.role) {
			p.Searches = append(p.Searches, s.box(p.Page))
		}
	}
	for _, wait := range h.waits {
		if !v.Member.Has(wait.roles...) {
			continue
		}
		list, err := wait.read(r, v, p.Page)
		if err != nil {
			return err
		}
		if len(list.Rows) > 0 {
			p.Waits = append(p.Waits, list)
		}
	}
	if err := h.namesOnHome(r, v, p); err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/home", p)
}
