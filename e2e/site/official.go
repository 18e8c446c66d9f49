package site

import (
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// StaffPassword is the password of every official.
const StaffPassword = "a quiet harbour at dawn"

// Invite makes an invitation, as `staff add` does, and gives its link's path.
func (s *Site) Invite(email string, roles ...staff.Role) string {
	s.T.Helper()
	handle, _, err := s.Staff.Invite(s.T.Context(), "Olga Official", email, "nl", roles, audit.Operator(""))
	Must(s.T, err)
	return console.InviteLink("", handle).Reveal()
}

// Join accepts an invitation and scans the QR; the browser's app knows it.
func (b *Browser) Join(link string) *Browser {
	b.Site.T.Helper()
	b.Get(link).At("/console/invite").Submit("password", StaffPassword)
	return b.At("/console/invite").Scan()
}

// StaffLogin logs an official in, with the code of the next step.
func (b *Browser) StaffLogin(email string) *Browser {
	b.Site.T.Helper()
	b.Site.Clock.Add(30 * time.Second)
	b.Get("/console/login").Submit("email", email, "password", StaffPassword)
	return b.At("/console/login/code").Submit("code", b.Code())
}

// Official is a browser of an official who is logged in.
func (s *Site) Official(email string, roles ...staff.Role) *Browser {
	s.T.Helper()
	return s.Browser().Join(s.Invite(email, roles...)).StaffLogin(email).At("/console")
}
