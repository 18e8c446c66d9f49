package staff_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// proposal is what "boss" proposed about "desk".
var proposal = staff.Renewal{ID: "r1", By: "boss", At: noon, Epoch: 4, Reason: staff.NewPhone, Name: "Dee Desk", Lang: "en", Roles: []staff.Role{staff.Helpdesk}}

// waiting returns the team with that proposal.
func waiting() []staff.Member {
	all := team()
	all[3].Renewal = proposal
	return all
}

// Each act on a renewal is one event, and is mailed to the member and to every
// other active administrator and auditor.
func TestRenewals(t *testing.T) {
	t.Parallel()
	boss, second := audit.Official("boss").At("192.0.2.0/24", "request"), audit.Official("second")
	fresh := staff.Renewal{Reason: staff.NewPhone, Name: "Dee Desk", Lang: "en", Roles: []staff.Role{staff.Helpdesk}}
	for name, c := range map[string]struct {
		by      audit.Actor
		members []staff.Member
		act     func(*staff.Service, staff.Member, audit.Actor) error
		event   string
		toDesk  string
		others  string
	}{
		"proposed": {
			boss, team(),
			func(s *staff.Service, m staff.Member, by audit.Actor) error {
				return s.Propose(t.Context(), m, fresh, by)
			},
			"staff.renewal_proposed new_phone", `renewal_proposed [helpdesk] by "Bea Boss"`, `renewal_proposed [helpdesk] by "Bea Boss"`,
		},
		"confirmed": {
			second, waiting(),
			func(s *staff.Service, m staff.Member, by audit.Actor) error {
				return s.Confirm(t.Context(), m, "r1", by)
			},
			"staff.renewal_confirmed new_phone", `renewed by "Bea Boss" and "Sam Second"`, `renewed [helpdesk] by "Sam Second"`,
		},
		"refused": {
			second, waiting(),
			func(s *staff.Service, m staff.Member, by audit.Actor) error {
				return s.Refuse(t.Context(), m, "r1", by)
			},
			"staff.renewal_refused ", `renewal_refused [helpdesk] by "Sam Second"`, `renewal_refused [helpdesk] by "Sam Second"`,
		},
		"cancelled": {
			boss, waiting(),
			func(s *staff.Service, m staff.Member, by audit.Actor) error {
				return s.Cancel(t.Context(), m, "r1", by)
			},
			"staff.renewal_cancelled ", `renewal_cancelled [helpdesk] by "Bea Boss"`, `renewal_cancelled [helpdesk] by "Bea Boss"`,
		},
	} {
		o := &office{members: c.members}
		if err := c.act(service(t, o), c.members[3], c.by); err != nil {
			t.Fatalf("%s: error %v, want nil", name, err)
		}
		var want []string
		for _, to := range []string{"auditor", "boss", "second"} {
			want = append(want, to+"@example.org: desk@example.org "+c.others)
		}
		toDesk := "desk@example.org: " + c.toDesk
		if name != "confirmed" {
			toDesk = "desk@example.org: desk@example.org " + c.toDesk
		}
		want = append(want, toDesk)
		slices.Sort(want)
		if got := mails(o.rec); !slices.Equal(got, want) {
			t.Errorf("%s: mails = %q, want %q", name, got, want)
		}
		if len(o.rec.Events) != 1 {
			t.Fatalf("%s: %d events, want 1", name, len(o.rec.Events))
		}
		if e := o.rec.Events[0]; string(e.Action)+" "+e.Reason != c.event || e.ObjectID != "desk" || e.Actor() != c.by || !e.At.Equal(noon) {
			t.Errorf("%s: recorded as %+v, want %q about desk by %v", name, e, c.event, c.by)
		}
		// Nothing is written while the receivers of the mails cannot be read.
		o = &office{err: errs.ErrUnavailable}
		if err := c.act(service(t, o), c.members[3], c.by); !errors.Is(err, errs.ErrUnavailable) || o.id != "" {
			t.Errorf("%s: error %v after a write about %q, want errs.ErrUnavailable and none", name, err, o.id)
		}
	}
}

// Only the mail to the member holds the link of a renewal: neither of the two
// administrators sees it.
func TestConfirmMailsTheLinkToTheMember(t *testing.T) {
	t.Parallel()
	o := &office{members: waiting()}
	must(t, service(t, o).Confirm(t.Context(), o.members[3], "r1", audit.Official("second")))
	if o.after.State != staff.Invited || o.after.Epoch != 5 || !o.after.InviteExpires.Equal(noon.Add(72*time.Hour)) {
		t.Errorf("Confirm() leaves %+v, want an invitation for three days under epoch 5", o.after)
	}
	for _, sent := range o.rec.Mails {
		handle := strings.TrimPrefix(sent.Text.Reveal(), "https://id.example/invite#")
		_, isLink := secret.Parse(secret.KindInvite, handle)
		if isLink != (sent.To == "desk@example.org") || isLink && secret.Text(handle).Hash() != o.after.Invite {
			t.Errorf("the mail to %s says %q", sent.To, sent.Text.Reveal())
		}
	}
	for name, test := range map[string]struct {
		id string
		by string
	}{"by who proposed it": {"r1", "boss"}, "another proposal": {"r2", "second"}, "by who is no administrator": {"r1", "auditor"}} {
		o := &office{members: waiting()}
		if err := service(t, o).Confirm(t.Context(), o.members[3], test.id, audit.Official(test.by)); !errors.Is(err, errs.ErrConflict) || len(o.rec.Mails) > 0 {
			t.Errorf("%s: Confirm() = %v with %d mails, want errs.ErrConflict and none", name, err, len(o.rec.Mails))
		}
	}
}

// X19: a member whose domain is not allowed any more is not invited again.
func TestX19_RenewAtForeignDomain(t *testing.T) {
	t.Parallel()
	o := &office{members: waiting()}
	s := service(t, o)
	s.Domains = []string{"gov.example"}
	m := o.members[3]
	if err := s.Confirm(t.Context(), m, "r1", audit.Official("second")); !errors.Is(err, staff.ErrDomain) {
		t.Errorf("Confirm() = %v, want %v", err, staff.ErrDomain)
	}
	m.Renewal = staff.Renewal{}
	if err := s.Propose(t.Context(), m, proposal, audit.Official("boss")); !errors.Is(err, staff.ErrDomain) {
		t.Errorf("Propose() = %v, want %v", err, staff.ErrDomain)
	}
	if _, _, err := s.Renew(t.Context(), m, audit.Operator("root")); !errors.Is(err, staff.ErrDomain) || o.id != "" {
		t.Errorf("Renew() = %v after a write about %q, want %v and none", err, o.id, staff.ErrDomain)
	}
}
