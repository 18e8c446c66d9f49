package staff_test

import (
	"net/http"
	"slices"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// OF-07, OF-12: losing a role ends what was begun with it. The cases of the member
// are free again, and the approval of a former official does not count as the first
// of two.
func TestOF07_WhatAMemberBeganEndsWithTheRole(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*site.Site, staff.Member) error{
		"removed": func(s *site.Site, m staff.Member) error { return s.Staff.Remove(t.Context(), m, operatorsHand) },
		"other roles": func(s *site.Site, m staff.Member) error {
			return s.Staff.SetRoles(t.Context(), m, []staff.Role{staff.Auditor}, operatorsHand)
		},
		"invited anew": func(s *site.Site, m staff.Member) error {
			_, _, err := s.Staff.Invite(t.Context(), m.Name, m.Email, m.Lang, []staff.Role{staff.Auditor}, operatorsHand)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := site.New(t, site.OnServers(t))
			both := []staff.Role{staff.Reviewer, staff.Helpdesk}
			gone, stays := s.Official("gone@gov.example", both...), s.Official("stays@gov.example", both...)
			held, firm := s.Sent("held@example.com"), s.Sent("bau@example.at", site.Company)
			gone.Take(held)
			gone.Take(firm).Decide(firm, "approve", "send")
			a := s.Blocked(s.Person(site.Email, func(a *account.Account) { a.Kind = account.LegalPerson }))
			b := s.Person("other@example.com")
			unblock, code := gone.Begin(a), s.Caller(site.Email).Callback()
			gone.Identified(unblock, code).Says("wacht op een collega")
			address := gone.Proposed(b, "new@example.com")
			site.Must(t, end(s, s.Member("gone@gov.example")))

			stays.Take(held).Decide(held, "approve", "send")
			site.WantState(t, s, held, application.Approved)
			stays.Take(firm).Decide(firm, "approve", "send")
			site.WantState(t, s, firm, application.InReview)
			if got := s.Case(firm.ID); got.Proposal != s.Member("stays@gov.example").ID {
				t.Errorf("the first of two is %q", got.Proposal)
			}
			for _, at := range []string{unblock, address} {
				stays.Get(at).Post(at, "action", "confirm").Is(http.StatusConflict)
			}
			if s.Reload(a).State != account.Blocked {
				t.Error("a proposal of nobody unblocks")
			}
			for object, want := range map[[2]string]audit.Action{
				{"application", held.ID}: "application.released", {"application", firm.ID}: "application.released",
				{"account", a.ID}: "unblock.cancelled", {"account", b.ID}: "address.cancelled",
			} {
				events, err := s.Stores.DB.Audit().EventsAbout(t.Context(), audit.ObjectKind(object[0]), object[1], 100)
				site.Must(t, err)
				if !slices.ContainsFunc(events, func(e audit.Event) bool {
					return e.Action == want && e.ActorKind == audit.ActorOperator && e.Details["member"] == s.Member("gone@gov.example").ID
				}) {
					t.Errorf("the audit log of %s lacks %s", object, want)
				}
			}
		})
	}
}

var operatorsHand = audit.Operator("root")
