package main

import (
	"net/http"
	"slices"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// OF-07, OF-12: with a role goes what was begun under it. Cases that a member
// had are free for others, and a yes of somebody who is no official any more
// is no first of two.
func TestOF07_WhatAMemberBeganEndsWithTheRole(t *testing.T) {
	for name, end := range map[string]func(*site, staff.Member) error{
		"removed": func(s *site, m staff.Member) error { return s.staff.Rules.Remove(t.Context(), m, operatorsHand) },
		"other roles": func(s *site, m staff.Member) error {
			return s.staff.Rules.SetRoles(t.Context(), m, []staff.Role{staff.Auditor}, operatorsHand)
		},
		"invited anew": func(s *site, m staff.Member) error {
			_, _, err := s.staff.Rules.Invite(t.Context(), m.Name, m.Email, m.Lang, []staff.Role{staff.Auditor}, operatorsHand)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, onServers(t))
			both := []staff.Role{staff.Reviewer, staff.Helpdesk}
			gone, stays := s.official("gone@gov.example", both...), s.official("stays@gov.example", both...)
			held, firm := s.sent("held@example.com"), s.sent("bau@example.at", company)
			gone.take(held)
			gone.take(firm).decide(firm, "approve", "send")
			a := s.blocked(s.person(testEmail, func(a *account.Account) { a.Kind = account.LegalPerson }))
			b := s.person("other@example.com")
			unblock, code := gone.begin(a), s.caller(testEmail).callback()
			gone.identified(unblock, code).says("wacht op een collega")
			address := gone.proposed(b, "new@example.com")
			must(t, end(s, s.member("gone@gov.example")))

			stays.take(held).decide(held, "approve", "send")
			wantState(t, s, held, application.Approved)
			stays.take(firm).decide(firm, "approve", "send")
			wantState(t, s, firm, application.InReview)
			if got := s.aCase(firm.ID); got.Proposal != s.member("stays@gov.example").ID {
				t.Errorf("the first of two is %q", got.Proposal)
			}
			for _, at := range []string{unblock, address} {
				stays.get(at).post(at, "action", "confirm").is(http.StatusConflict)
			}
			if s.reload(a).State != account.Blocked {
				t.Error("a proposal of nobody unblocks")
			}
			for object, want := range map[[2]string]audit.Action{
				{"application", held.ID}: "application.released", {"application", firm.ID}: "application.released",
				{"account", a.ID}: "unblock.cancelled", {"account", b.ID}: "address.cancelled",
			} {
				events, err := s.stores.db.Audit().EventsAbout(t.Context(), audit.ObjectKind(object[0]), object[1], 100)
				must(t, err)
				if !slices.ContainsFunc(events, func(e audit.Event) bool {
					return e.Action == want && e.ActorKind == audit.ActorOperator && e.Details["member"] == s.member("gone@gov.example").ID
				}) {
					t.Errorf("the record of %s lacks %s", object, want)
				}
			}
		})
	}
}

var operatorsHand = audit.Operator("root")
