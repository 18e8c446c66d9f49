package staff_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

func TestHas(t *testing.T) {
	t.Parallel()
	m := staff.Member{Roles: []staff.Role{staff.Reviewer, staff.Auditor}}
	for _, c := range []struct {
		roles []staff.Role
		want  bool
	}{
		{nil, false},
		{[]staff.Role{staff.Reviewer}, true},
		{[]staff.Role{staff.Helpdesk, staff.Auditor}, true},
		{[]staff.Role{staff.Helpdesk, staff.Administrator}, false},
	} {
		if got := m.Has(c.roles...); got != c.want {
			t.Errorf("%q.Has(%q) = %t, want %t", m.Roles, c.roles, got, c.want)
		}
	}
	if (staff.Member{}).Has(staff.Roles...) {
		t.Errorf("a member without roles has one of %q", staff.Roles)
	}
}

// team returns members of every role and state.
func team() []staff.Member {
	return []staff.Member{
		{ID: "auditor", Name: "Ada Auditor", Email: "auditor@example.org", State: staff.Active, Roles: []staff.Role{staff.Auditor}},
		{ID: "second", Name: "Sam Second", Email: "second@example.org", State: staff.Active, Roles: []staff.Role{staff.Reviewer, staff.Administrator}},
		{ID: "boss", Name: "Bea Boss", Email: "boss@example.org", State: staff.Active, Roles: []staff.Role{staff.Administrator}},
		{ID: "desk", Name: "Dee Desk", Email: "desk@example.org", State: staff.Active, Roles: []staff.Role{staff.Helpdesk}, Epoch: 4},
		{ID: "blocked", Name: "Bo Blocked", Email: "blocked@example.org", State: staff.Blocked, Roles: []staff.Role{staff.Administrator}},
		{ID: "invited", Name: "Ida Invited", Email: "invited@example.org", State: staff.Invited, Roles: []staff.Role{staff.Auditor}},
	}
}

// Every active administrator and auditor gets a mail about each change, and
// so does the member, once.
func TestManaging(t *testing.T) {
	t.Parallel()
	boss, operator := audit.Official("boss").At("192.0.2.0/24", "request"), audit.Operator("boss")
	reviewer := []staff.Role{staff.Reviewer, staff.Helpdesk}
	for name, c := range map[string]struct {
		by     audit.Actor
		act    func(*staff.Service, audit.Actor) error
		actor  string // the administrator that the store checks; "" = none
		object string
		event  string
		mails  []string
	}{
		"an invitation": {
			boss,
			func(s *staff.Service, by audit.Actor) error {
				_, _, err := s.Invite(t.Context(), "Nora New", " New@Example.org", "nl", reviewer, by)
				return err
			},
			"boss", "", "staff.invited ",
			[]string{
				`auditor@example.org: new@example.org invited [reviewer helpdesk] by "Bea Boss"`, `boss@example.org: new@example.org invited [reviewer helpdesk] by "Bea Boss"`,
				`new@example.org: invitation by "Bea Boss"`, `second@example.org: new@example.org invited [reviewer helpdesk] by "Bea Boss"`,
			},
		},
		"an invitation at the command line": {
			operator,
			func(s *staff.Service, by audit.Actor) error {
				_, _, err := s.Invite(t.Context(), "Dee Desk", "desk@example.org", "nl", reviewer, by)
				return err
			},
			"", "desk", "staff.invited ",
			[]string{
				`auditor@example.org: desk@example.org invited [reviewer helpdesk] by ""`, `boss@example.org: desk@example.org invited [reviewer helpdesk] by ""`,
				`desk@example.org: invitation by ""`, `second@example.org: desk@example.org invited [reviewer helpdesk] by ""`,
			},
		},
		"other roles": {
			boss,
			func(s *staff.Service, by audit.Actor) error { return s.SetRoles(t.Context(), team()[3], reviewer, by) },
			"boss", "desk [reviewer helpdesk]", "staff.roles reviewer helpdesk",
			[]string{
				`auditor@example.org: desk@example.org roles [reviewer helpdesk] by "Bea Boss"`, `boss@example.org: desk@example.org roles [reviewer helpdesk] by "Bea Boss"`,
				`desk@example.org: desk@example.org roles [reviewer helpdesk] by "Bea Boss"`, `second@example.org: desk@example.org roles [reviewer helpdesk] by "Bea Boss"`,
			},
		},
		"a removal by the first in the list": {
			audit.Official("auditor"),
			func(s *staff.Service, by audit.Actor) error { return s.Remove(t.Context(), team()[3], by) },
			"auditor", "desk", "staff.removed ",
			[]string{
				`auditor@example.org: desk@example.org removed [helpdesk] by "Ada Auditor"`, `boss@example.org: desk@example.org removed [helpdesk] by "Ada Auditor"`,
				`desk@example.org: desk@example.org removed [helpdesk] by "Ada Auditor"`, `second@example.org: desk@example.org removed [helpdesk] by "Ada Auditor"`,
			},
		},
		"an administrator removed": {
			boss,
			func(s *staff.Service, by audit.Actor) error { return s.Remove(t.Context(), team()[1], by) },
			"boss", "second", "staff.removed ",
			[]string{
				`auditor@example.org: second@example.org removed [reviewer administrator] by "Bea Boss"`, `boss@example.org: second@example.org removed [reviewer administrator] by "Bea Boss"`,
				`second@example.org: second@example.org removed [reviewer administrator] by "Bea Boss"`, // once, as the member
			},
		},
	} {
		o := &office{members: team()}
		if err := c.act(service(t, o), c.by); err != nil {
			t.Errorf("%s: error %v, want nil", name, err)
		}
		if o.by != c.actor || c.object != "" && o.id != c.object {
			t.Errorf("%s: the store was asked by %q about %q, want %q about %q", name, o.by, o.id, c.actor, c.object)
		}
		if got := mails(o.rec); !slices.Equal(got, c.mails) {
			t.Errorf("%s: mails = %q, want %q", name, got, c.mails)
		}
		if len(o.rec.Events) != 1 {
			t.Fatalf("%s: %d events, want 1", name, len(o.rec.Events))
		}
		e := o.rec.Events[0]
		if got := string(e.Action) + " " + e.Reason; got != c.event || !e.At.Equal(noon) || e.Actor() != c.by || !strings.HasPrefix(o.id, e.ObjectID) || e.ObjectID == "" {
			t.Errorf("%s: recorded as %+v, want %q at noon by %v about %q", name, e, c.event, c.by, o.id)
		}
		// What the store refuses is passed on, and nothing is written while the
		// receivers of the mails cannot be read.
		if err := c.act(service(t, &office{members: team(), refuse: errs.ErrConflict}), c.by); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: error %v, want errs.ErrConflict", name, err)
		}
		o = &office{err: errs.ErrUnavailable}
		if err := c.act(service(t, o), c.by); !errors.Is(err, errs.ErrUnavailable) || o.id != "" {
			t.Errorf("%s: error %v after a write about %q, want errs.ErrUnavailable and none", name, err, o.id)
		}
	}
}

// Only the mail to the invited person holds the link; the store keeps its hash.
func TestInvite(t *testing.T) {
	t.Parallel()
	o := &office{members: team()}
	handle, m, err := service(t, o).Invite(t.Context(), "Nora New", "new@example.org", "en", []staff.Role{staff.Auditor}, audit.Official("boss"))
	must(t, err)
	if m.Invite != handle.Hash() || !m.InviteExpires.Equal(noon.Add(72*time.Hour)) || m.ID == "" || m.Name != "Nora New" || m.Lang != "en" || m.Epoch != 1 {
		t.Errorf("Invite() = %+v, want a member with the handle's hash for three days", m)
	}
	if _, ok := secret.Parse(secret.KindInvite, handle.Reveal()); !ok {
		t.Errorf("Invite() = %q, want a handle of kind %q", handle.Reveal(), secret.KindInvite)
	}
	for _, sent := range o.rec.Mails {
		if got, want := strings.Contains(sent.Text.Reveal(), handle.Reveal()), sent.To == "new@example.org"; got != want {
			t.Errorf("the mail to %s has the link: %t, want %t", sent.To, got, want)
		}
	}
	o = &office{members: team()}
	if _, _, err := service(t, o).Invite(t.Context(), "x", "no address", "nl", nil, audit.Operator("root")); !errors.Is(err, mail.ErrAddress) || o.id != "" {
		t.Errorf("Invite(%q) = %v, want mail.ErrAddress and nothing written", "no address", err)
	}
}

// What ends with a member is an event of its own, by the same actor.
func TestLeft(t *testing.T) {
	t.Parallel()
	by := audit.Official("boss").At("192.0.2.0/24", "request")
	got := staff.Left{Action: audit.UnblockRefused, ObjectID: "a1"}.Event(by.Did(audit.StaffRemoved, "desk", noon).Because("roles"))
	want := by.Did(audit.UnblockRefused, "a1", noon).With(map[string]string{"member": "desk"})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Event() = %+v, want %+v", got, want)
	}
}
