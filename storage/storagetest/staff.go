package storagetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// staffWorld is a world with members of staff.
type staffWorld struct {
	world
	staff staff.Store
}

// Staff tests a staff.Store.
func Staff(t *testing.T, open func(*testing.T) (Stores, staff.Store)) {
	for name, test := range map[string]func(*testing.T, staffWorld){
		"invitations": staffInvitations, "codes": staffCodes, "roles and removal": staffManaged, "two remove each other": staffMutual,
		"login against removal": staffLoginRemoved, "renewals": staffRenewals, "renewals at once": staffRenewalRaces, "rehash": staffRehash, "sessions": staffSessions,
	} {
		t.Run(name, func(t *testing.T) {
			s, members := open(t)
			test(t, staffWorld{world{s, t}, members})
		})
	}
}

func (o staffWorld) invited(invite string, roles ...staff.Role) staff.Member {
	o.t.Helper()
	email := fresh("olga") + "@example.org"
	rec := note("staff.invited", "x")
	m, err := o.staff.Invite(ctx(o.t), "", staff.Member{
		ID: fresh("stf"), Name: "Olga", Email: email, Lang: "nl", Roles: roles, Epoch: 1, Invite: invite, InviteExpires: noon.Add(time.Hour), CreatedAt: noon,
	}, func(staff.Member) effect.Effects { return rec })
	o.happened(err, rec)
	return m
}

// member returns a member who accepted the invitation.
func (o staffWorld) member(roles ...staff.Role) staff.Member {
	o.t.Helper()
	m := o.invited(key(), roles...)
	must(o.t, o.staff.Accept(ctx(o.t), m.Invite, "$argon2id$", []byte("sealed"), noon, effect.Effects{}))
	return o.read(m.ID)
}

func (o staffWorld) read(id string) staff.Member {
	o.t.Helper()
	return ok[staff.Member](o.t)(o.staff.ByID(ctx(o.t), id))
}

func staffSessions(t *testing.T, o staffWorld) {
	m, sid := o.member(staff.Reviewer), fresh("sid")
	same(t, ok[staff.Member](t)(o.staff.InSession(ctx(t), m.ID, sid)), m)
	for range 2 { // ending it again is no error
		must(t, o.staff.EndSession(ctx(t), sid, noon.Add(time.Hour)))
	}
	_, err := o.staff.InSession(ctx(t), m.ID, sid)
	is(t, err, errs.ErrNotFound)
	same(t, ok[staff.Member](t)(o.staff.InSession(ctx(t), m.ID, fresh("sid"))), m)
	_, err = o.staff.InSession(ctx(t), fresh("stf"), fresh("sid"))
	is(t, err, errs.ErrNotFound)
}

func staffInvitations(t *testing.T, o staffWorld) {
	m := o.invited(key(), staff.Auditor, staff.Helpdesk)
	for _, got := range []staff.Member{
		o.read(m.ID), ok[staff.Member](t)(o.staff.ByEmail(ctx(t), m.Email)), ok[staff.Member](t)(o.staff.ByInvite(ctx(t), m.Invite)),
	} {
		same(t, got, m)
	}
	accept := func(invite string, at time.Time, rec effect.Effects) error {
		return o.staff.Accept(ctx(t), invite, "$argon2id$", []byte("sealed"), at, rec)
	}
	rec := note("staff.joined", m.ID)
	o.refused(accept(m.Invite, noon.Add(time.Hour), rec), errs.ErrConflict, rec) // the moment it expires
	o.refused(accept(key(), noon, rec), errs.ErrConflict, rec)
	exactlyOne(t, atOnce(func(int) error {
		return accept(m.Invite, noon.Add(time.Hour-time.Millisecond), note("staff.joined", m.ID))
	}), errs.ErrConflict)
	got := o.read(m.ID)
	if got.State != staff.Active || got.Invite != "" || got.PasswordHash != "$argon2id$" || string(got.Factor.Sealed) != "sealed" || got.Epoch != 1 {
		t.Errorf("joined: %+v", got)
	}
	_, err := o.staff.ByInvite(ctx(t), m.Invite)
	is(t, err, errs.ErrNotFound)

	// Invited again: the same person, with nothing of the earlier invitation.
	again, second := m, key()
	again.ID, again.Invite, again.Roles = fresh("other"), second, []staff.Role{staff.Reviewer}
	kept := ok[staff.Member](t)(o.staff.Invite(ctx(t), "", again, func(staff.Member) effect.Effects { return effect.Effects{} }))
	if kept.ID != m.ID || kept.Epoch != 2 || kept.State != staff.Invited || kept.PasswordHash != "" || kept.Factor.Sealed != nil {
		t.Errorf("invited anew: %+v", kept)
	}
	must(t, accept(second, noon, effect.Effects{}))
	must(t, o.staff.Remove(ctx(t), "", m.ID, effect.Effects{}))
	same(t, len(ok[[]staff.Member](t)(o.staff.List(ctx(t)))), 0)
	same(t, len(ok[[]staff.Member](t)(o.staff.Everyone(ctx(t)))), 1)
}

func (o staffWorld) try(m staff.Member, judge func(account.CodeTry) account.Verdict) error {
	_, err := o.staff.TryCode(ctx(o.t), m.ID, m.Epoch, noon, judge)
	return err
}

func staffCodes(t *testing.T, o staffWorld) {
	m := o.member(staff.Auditor)
	// Simultaneous uses of one step: one counts, and replays are no wrong codes.
	accepted := 0
	for _, err := range atOnce(func(int) error {
		v, err := o.staff.TryCode(ctx(t), m.ID, m.Epoch, noon, judge(100, effect.Effects{}))
		if err == nil && v.Outcome != account.Accepted {
			return errs.ErrConflict
		}
		return err
	}) {
		if err == nil {
			accepted++
		}
	}
	got := o.read(m.ID)
	if accepted != 1 || got.Factor.LastStep != 100 || got.Factor.Failures != 0 || !got.LastLoginAt.Equal(noon) {
		t.Errorf("%d accepted: %+v", accepted, got.Factor)
	}
	// Each of many simultaneous wrong codes is counted before it is judged.
	blocks := 0
	for _, err := range atOnce(func(int) error {
		v, err := o.staff.TryCode(ctx(t), m.ID, m.Epoch, noon, wrong(staff.WrongCodes, effect.Effects{}))
		if err == nil && v.Outcome == account.BlockedNow {
			return nil
		}
		return errs.ErrConflict
	}) {
		if err == nil {
			blocks++
		}
	}
	if got := o.read(m.ID); blocks != 1 || got.State != staff.Blocked || got.Epoch != m.Epoch+1 || got.Factor.Failures != staff.WrongCodes {
		t.Errorf("%d blocks: %+v", blocks, got)
	}
	is(t, o.try(m, judge(200, effect.Effects{})), errs.ErrConflict)
}

func staffManaged(t *testing.T, o staffWorld) {
	admin, m := o.member(staff.Administrator), o.member(staff.Helpdesk)
	rec := note("staff.roles", m.ID)
	o.happened(o.staff.SetRoles(ctx(t), admin.ID, m.ID, []staff.Role{staff.Auditor}, rec), rec)
	if got := o.read(m.ID); got.Epoch != 2 || !got.Has(staff.Auditor) || got.Has(staff.Helpdesk) {
		t.Errorf("roles: %+v", got)
	}
	for _, by := range []string{m.ID, fresh("stf")} { // not an administrator; does not exist
		rec := note("staff.removed", admin.ID)
		o.refused(o.staff.Remove(ctx(t), by, admin.ID, rec), errs.ErrConflict, rec)
		o.refused(o.staff.SetRoles(ctx(t), by, m.ID, staff.Roles, rec), errs.ErrConflict, rec)
		friend := staff.Member{ID: fresh("stf"), Name: "Friend", Email: fresh("friend") + "@gov.example", Roles: staff.Roles, Epoch: 1, Invite: key(), CreatedAt: noon}
		_, err := o.staff.Invite(ctx(t), by, friend, func(staff.Member) effect.Effects { return rec })
		o.refused(err, errs.ErrConflict, rec)
	}
	exactlyOne(t, atOnce(func(int) error { return o.staff.Remove(ctx(t), admin.ID, m.ID, note("staff.removed", m.ID)) }), errs.ErrConflict)
	is(t, o.staff.SetRoles(ctx(t), "", m.ID, staff.Roles, note("x", "")), errs.ErrConflict)
	got := o.read(m.ID)
	if got.State != staff.Removed || got.PasswordHash != secret.Text("") || got.Factor.Sealed != nil || got.Epoch != 3 {
		t.Errorf("removed: %+v", got)
	}
	is(t, o.try(got, judge(1, effect.Effects{})), errs.ErrConflict)
	must(t, o.staff.Remove(ctx(t), "", admin.ID, effect.Effects{})) // the operator may remove even the last administrator
	is(t, o.staff.Remove(ctx(t), admin.ID, m.ID, note("x", "")), errs.ErrConflict)
}

// staffMutual: when administrators remove each other, or take away each other's
// role, at the same time, one of them is left.
func staffMutual(t *testing.T, o staffWorld) {
	for range 5 {
		admins := []staff.Member{o.member(staff.Administrator), o.member(staff.Administrator), o.member(staff.Administrator)}
		for _, err := range atOnce(func(i int) error {
			by, other := admins[i%3], admins[(i+1+i/3%2)%3]
			if i%2 == 0 {
				return o.staff.SetRoles(ctx(t), by.ID, other.ID, []staff.Role{staff.Auditor}, note("staff.roles", other.ID))
			}
			return o.staff.Remove(ctx(t), by.ID, other.ID, note("staff.removed", other.ID))
		}) {
			if err != nil && !errors.Is(err, errs.ErrConflict) {
				t.Error(err)
			}
		}
		left := 0
		for _, m := range admins {
			if got := o.read(m.ID); got.State == staff.Active && got.Has(staff.Administrator) {
				left++
			}
		}
		if left != 1 {
			t.Errorf("%d administrators are left, want 1", left)
		}
	}
	o.unbroken()
}

// staffLoginRemoved: a member who logs in while being removed has either logged in
// before, or not at all; afterwards the login has no effect.
func staffLoginRemoved(t *testing.T, o staffWorld) {
	m := o.member(staff.Helpdesk)
	for _, err := range atOnce(func(i int) error {
		if i%2 == 0 {
			return o.try(m, judge(int64(100+i), effect.Effects{}))
		}
		return o.staff.Remove(ctx(t), "", m.ID, note("staff.removed", m.ID))
	}) {
		if err != nil {
			is(t, err, errs.ErrConflict)
		}
	}
	if got := o.read(m.ID); got.State != staff.Removed || got.Factor.Sealed != nil {
		t.Errorf("removed: %+v", got)
	}
	is(t, o.try(m, judge(10_000, effect.Effects{})), errs.ErrConflict)
}

// joined returns a member who has logged in.
func (o staffWorld) joined(roles ...staff.Role) staff.Member {
	o.t.Helper()
	m := o.member(roles...)
	must(o.t, o.try(m, judge(1, effect.Effects{})))
	return o.read(m.ID)
}

// proposes adds a proposal of by about m.
func (o staffWorld) proposes(by, m staff.Member) (staff.Renewal, error) {
	r := staff.Renewal{ID: fresh("renewal"), Reason: staff.NewPhone, Name: "Olga O.", Lang: "en", Roles: m.Roles}
	return r, o.staff.Propose(ctx(o.t), by.ID, m.ID, r, noon, note("staff.renewal_proposed", m.ID))
}

func (o staffWorld) confirms(by, m staff.Member, id string, rec effect.Effects) error {
	return o.staff.Confirm(ctx(o.t), by.ID, m.ID, id, staff.Member{Invite: key(), InviteExpires: noon.Add(time.Hour)}, noon.Add(time.Minute), rec)
}

func staffRenewals(t *testing.T, o staffWorld) {
	ann, bea := o.joined(staff.Administrator), o.joined(staff.Administrator)
	m := o.joined(staff.Helpdesk)

	// One administrator cannot invite a colleague again, and changes nothing by trying.
	again := m
	again.Invite = key()
	rec := note("staff.invited", m.ID)
	_, err := o.staff.Invite(ctx(t), ann.ID, again, func(staff.Member) effect.Effects { return rec })
	is(t, err, staff.ErrJoined)
	o.refused(err, errs.ErrConflict, rec)
	same(t, o.read(m.ID), m)

	r, err := o.proposes(ann, m)
	must(t, err)
	got := o.read(m.ID)
	r.By, r.At, r.Epoch = ann.ID, noon, m.Epoch
	same(t, got.Renewal, r)
	got.Renewal = staff.Renewal{}
	same(t, got, m) // a proposal alone changes nothing
	_, err = o.proposes(bea, m)
	is(t, err, errs.ErrConflict)

	rec = note("staff.renewal_confirmed", m.ID)
	o.refused(o.confirms(ann, m, r.ID, rec), errs.ErrConflict, rec)           // by the proposer
	o.refused(o.confirms(m, m, r.ID, rec), errs.ErrConflict, rec)             // not by an administrator
	o.refused(o.confirms(bea, m, fresh("other"), rec), errs.ErrConflict, rec) // another proposal
	o.happened(o.confirms(bea, m, r.ID, rec), rec)
	got = o.read(m.ID)
	if got.State != staff.Invited || got.PasswordHash != "" || got.Factor.Sealed != nil || got.Epoch != m.Epoch+1 || got.Name != r.Name || got.Renewal.ID != "" || !got.Has(staff.Helpdesk) {
		t.Errorf("renewed: %+v", got)
	}
	is(t, o.try(m, judge(2, effect.Effects{})), errs.ErrConflict)
	is(t, o.confirms(bea, m, r.ID, note("x", m.ID)), errs.ErrConflict) // again

	// A member who has not come back needs two administrators again; coming back with the
	// link ends the proposal.
	r, err = o.proposes(bea, got)
	must(t, err)
	must(t, o.staff.Accept(ctx(t), got.Invite, "$argon2id$", []byte("sealed"), noon, note("staff.joined", m.ID)))
	is(t, o.confirms(ann, m, r.ID, note("x", m.ID)), errs.ErrConflict)
	o.ended(m, "staff.joined")

	// A proposal is cancelled and refused in the form that judge asks for.
	end := func(by, m staff.Member, judge func(m, by staff.Member) (staff.Member, error)) error {
		return o.staff.EndProposal(ctx(t), by.ID, m.ID, note("staff.renewal_refused", m.ID), judge)
	}
	r, err = o.proposes(ann, m)
	must(t, err)
	refuse := func(m, by staff.Member) (staff.Member, error) { return m.Refuse(r.ID, by, noon) }
	is(t, end(ann, m, refuse), errs.ErrConflict)
	is(t, end(m, m, refuse), errs.ErrConflict)
	must(t, end(bea, m, refuse))
	is(t, end(bea, m, refuse), errs.ErrConflict)

	// A proposal ends when the member changes, and when its proposer does.
	for action, change := range map[string]func() error{
		"staff.roles": func() error {
			return o.staff.SetRoles(ctx(t), bea.ID, m.ID, []staff.Role{staff.Auditor}, note("staff.roles", m.ID))
		},
		"staff.removed": func() error { return o.staff.Remove(ctx(t), "", ann.ID, note("staff.removed", ann.ID)) },
		"staff.invited": func() error {
			_, err := o.staff.Invite(ctx(t), "", staff.Member{Email: ann.Email, Name: "Ann", Lang: "nl", Roles: ann.Roles, Invite: key()}, func(staff.Member) effect.Effects { return note("staff.invited", ann.ID) })
			return err
		},
	} {
		ann = o.joined(staff.Administrator)
		r, err := o.proposes(ann, m)
		must(t, err)
		must(t, change())
		is(t, o.confirms(bea, m, r.ID, note("x", m.ID)), errs.ErrConflict)
		if got := o.read(m.ID); got.Renewal.ID != "" {
			t.Errorf("after %s the proposal %+v waits", action, got.Renewal)
		}
		o.ended(m, action)
	}

	// A block of the member does not end a proposal, because it is a reason for one.
	ann = o.joined(staff.Administrator)
	r, err = o.proposes(ann, m)
	must(t, err)
	m = o.read(m.ID)
	for range staff.WrongCodes {
		must(t, o.try(m, wrong(staff.WrongCodes, effect.Effects{})))
	}
	must(t, o.confirms(bea, m, r.ID, note("staff.renewal_confirmed", m.ID)))

	// A removed member comes back in the same way.
	must(t, o.staff.Remove(ctx(t), bea.ID, m.ID, note("staff.removed", m.ID)))
	again = o.read(m.ID)
	again.Invite = key()
	_, err = o.staff.Invite(ctx(t), bea.ID, again, func(staff.Member) effect.Effects { return rec })
	is(t, err, staff.ErrJoined)
	r, err = o.proposes(ann, m)
	must(t, err)
	must(t, o.confirms(bea, m, r.ID, note("staff.renewal_confirmed", m.ID)))
	o.unbroken()
}

// ended requires that the last event about a member is the end of a proposal; by is the
// change that ended it.
func (o staffWorld) ended(m staff.Member, by string) {
	o.t.Helper()
	events := ok[[]audit.Event](o.t)(o.Audit.EventsAbout(ctx(o.t), audit.ObjectStaff, m.ID, 1))
	if len(events) != 1 || events[0].Action != audit.StaffRenewalCancelled || events[0].Details["member"] == "" {
		o.t.Errorf("the last event after %s is %+v, want %s", by, events, audit.StaffRenewalCancelled)
	}
}

// staffRenewalRaces: of many confirmations one counts, and none by the proposer; a
// confirmation counts only if the proposer and the member have not been removed.
func staffRenewalRaces(t *testing.T, o staffWorld) {
	for range 3 {
		ann, bea, cor := o.joined(staff.Administrator), o.joined(staff.Administrator), o.joined(staff.Administrator)
		m := o.joined(staff.Helpdesk)
		exactlyOne(t, atOnce(func(i int) error {
			_, err := o.proposes([]staff.Member{ann, bea}[i%2], m)
			return err
		}), errs.ErrConflict)
		r := o.read(m.ID).Renewal
		proposer := ann
		if r.By == bea.ID {
			proposer = bea
		}
		for _, err := range atOnce(func(int) error { return o.confirms(proposer, m, r.ID, note("staff.renewal_confirmed", m.ID)) }) {
			is(t, err, errs.ErrConflict)
		}
		exactlyOne(t, atOnce(func(i int) error {
			return o.confirms([]staff.Member{ann, bea, cor}[i%3], m, r.ID, note("staff.renewal_confirmed", m.ID))
		}), errs.ErrConflict)
		same(t, o.read(m.ID).Epoch, m.Epoch+1)

		for who, gone := range map[string]func(ann, m staff.Member) staff.Member{
			"proposer": func(ann, _ staff.Member) staff.Member { return ann }, "member": func(_, m staff.Member) staff.Member { return m },
		} {
			ann, m := o.joined(staff.Administrator), o.joined(staff.Helpdesk)
			r, err := o.proposes(ann, m)
			must(t, err)
			out := gone(ann, m)
			confirmed := make([]bool, 64)
			for _, err := range atOnce(func(i int) error {
				if i%2 == 0 {
					return o.staff.Remove(ctx(t), []string{cor.ID, ""}[i/2%2], out.ID, note("staff.removed", out.ID))
				}
				err := o.confirms(bea, m, r.ID, note("staff.renewal_confirmed", m.ID))
				confirmed[i] = err == nil
				return err
			}) {
				if err != nil {
					is(t, err, errs.ErrConflict)
				}
			}
			got := o.read(m.ID)
			before := slices.Contains(confirmed, true) // before the removal
			if want := before && who == "proposer"; (got.State == staff.Invited) != want || got.Renewal.ID != "" {
				t.Errorf("%s removed at once with a confirmation (counted: %t): %+v", who, before, got)
			}
		}
	}
	o.unbroken()
}

func staffRehash(t *testing.T, o staffWorld) {
	m := o.member(staff.Helpdesk)
	must(t, o.staff.Rehash(ctx(t), m.ID, m.PasswordHash, "$argon2id$second"))
	m.PasswordHash = "$argon2id$second"
	same(t, o.read(m.ID), m)
	if err := o.staff.Rehash(ctx(t), m.ID, "$argon2id$", "$argon2id$third"); err != nil {
		is(t, err, errs.ErrConflict)
	}
	same(t, o.read(m.ID), m)
}
