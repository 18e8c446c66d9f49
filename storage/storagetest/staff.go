package storagetest

import (
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
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
		"login against removal": staffLoginRemoved, "rehash": staffRehash, "sessions": staffSessions,
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
