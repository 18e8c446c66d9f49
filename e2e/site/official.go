package site

import (
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// StaffPassword is the password of every official.
const StaffPassword = "a quiet harbour at dawn"

// Invite makes an invitation, as `staff add` does, and returns the path of its
// link.
func (s *Site) Invite(email string, roles ...staff.Role) string {
	s.T.Helper()
	handle, _, err := s.Staff.Invite(s.T.Context(), "Olga Official", email, "nl", roles, audit.Operator(""))
	Must(s.T, err)
	return console.InviteLink("", handle).Reveal()
}

// Join accepts an invitation and scans the QR code into the browser's app.
func (b *Browser) Join(link string) *Browser {
	b.Site.T.Helper()
	b.Get(link).At("/console/invite").Submit("password", StaffPassword)
	return b.At("/console/invite").Scan()
}

// StaffLogin logs an official in, half a minute later, with the code of the next
// step.
func (b *Browser) StaffLogin(email string) *Browser {
	b.Site.T.Helper()
	b.Site.Clock.Add(30 * time.Second)
	b.Get("/console/login").Submit("email", email, "password", StaffPassword)
	return b.At("/console/login/code").Submit("code", b.Code())
}

// Official returns the browser of a new official who is logged in.
func (s *Site) Official(email string, roles ...staff.Role) *Browser {
	s.T.Helper()
	return s.Browser().Join(s.Invite(email, roles...)).StaffLogin(email).At("/console")
}

// Reviewer returns the browser of a new reviewer who is logged in.
func (s *Site) Reviewer(name string) *Browser {
	s.T.Helper()
	return s.Official(name+"@gov.example", staff.Reviewer)
}

// Member returns the official with this address.
func (s *Site) Member(email string) staff.Member {
	s.T.Helper()
	m, err := s.Stores.DB.Staff().ByEmail(s.T.Context(), email)
	Must(s.T, err)
	return m
}
