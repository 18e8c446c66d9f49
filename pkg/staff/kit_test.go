package staff_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// office is a store of members in memory that remembers what it was given.
type office struct {
	staff.Store
	members []staff.Member
	factor  account.Factor // of a member that tries a code, before this try is counted
	err     error          // of what is read
	refuse  error          // of what is written
	by, id  string         // of the last write
	after   staff.Member   // as a proposal about it left it
	rec     effect.Effects
	hash    secret.Text
	sealed  []byte
	verdict account.Verdict // of the last code
}

func (o *office) List(context.Context) ([]staff.Member, error) { return o.members, o.err }

func (o *office) TryCode(_ context.Context, _ string, _ int64, _ time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error) {
	if o.err != nil {
		return account.Verdict{}, o.err
	}
	try := account.CodeTry{State: account.Active, Factor: o.factor}
	try.Factor.Failures++
	v := judge(try)
	o.verdict, o.rec = v, v.Effects
	return v, nil
}

func (o *office) Invite(_ context.Context, by string, m staff.Member, rec func(staff.Member) effect.Effects) (staff.Member, error) {
	i := slices.IndexFunc(o.members, func(old staff.Member) bool { return old.Email == m.Email })
	if i >= 0 {
		m.ID, m.Epoch = o.members[i].ID, o.members[i].Epoch+1
	}
	m.State = staff.Invited
	o.by, o.id, o.rec = by, m.ID, rec(m)
	return m, o.refuse
}

func (o *office) ByID(_ context.Context, id string) (staff.Member, error) {
	i := slices.IndexFunc(o.members, func(m staff.Member) bool { return m.ID == id })
	if i < 0 {
		return staff.Member{}, cmp.Or(o.err, errs.ErrNotFound)
	}
	return o.members[i], o.err
}

// on judges a transition of a member by the hand of another.
func (o *office) on(ctx context.Context, by, id string, rec effect.Effects, judge func(m, by staff.Member) (staff.Member, error)) error {
	m, err := o.ByID(ctx, id)
	if err != nil {
		return err
	}
	hand, err := o.ByID(ctx, by)
	if err != nil {
		return err
	}
	if o.after, err = judge(m, hand); err == nil {
		o.by, o.id, o.rec, err = by, id, rec, o.refuse
	}
	return err
}

func (o *office) Propose(ctx context.Context, by, id string, r staff.Renewal, now time.Time, rec effect.Effects) error {
	return o.on(ctx, by, id, rec, func(m, by staff.Member) (staff.Member, error) { return m.Propose(r, by, now) })
}

func (o *office) Confirm(ctx context.Context, by, id, renewal string, fresh staff.Member, now time.Time, rec effect.Effects) error {
	return o.on(ctx, by, id, rec, func(m, by staff.Member) (staff.Member, error) {
		proposer, err := o.ByID(ctx, m.Renewal.By)
		if err != nil {
			return staff.Member{}, err
		}
		return m.Confirm(renewal, by, proposer, fresh, now)
	})
}

func (o *office) EndProposal(ctx context.Context, by, id string, rec effect.Effects, judge func(m, by staff.Member) (staff.Member, error)) error {
	return o.on(ctx, by, id, rec, judge)
}

func (o *office) SetRoles(_ context.Context, by, id string, roles []staff.Role, rec effect.Effects) error {
	o.by, o.id, o.rec = by, fmt.Sprint(id, " ", roles), rec
	return o.refuse
}

func (o *office) Remove(_ context.Context, by, id string, rec effect.Effects) error {
	o.by, o.id, o.rec = by, id, rec
	return o.refuse
}

func (o *office) Accept(_ context.Context, _ string, password secret.Text, sealed []byte, _ time.Time, rec effect.Effects) error {
	if o.refuse == nil {
		o.hash, o.sealed, o.rec = password, sealed, rec
	}
	return o.refuse
}

func (o *office) ByInvite(_ context.Context, hash string) (staff.Member, error) {
	i := slices.IndexFunc(o.members, func(m staff.Member) bool { return m.Invite == hash })
	if i < 0 {
		return staff.Member{}, cmp.Or(o.err, errs.ErrNotFound)
	}
	return o.members[i], o.err
}

// letters writes mails whose subject says what they are.
type letters struct{}

func (letters) StaffAlarm(to, m staff.Member, files int, since, now time.Time) mail.Message {
	return mail.Message{To: to.Email, Subject: fmt.Sprintf("alarm about %s: %d files from %s to %s", m.ID, files, since.Format("15:04"), now.Format("15:04"))}
}

func (letters) StaffManaged(to, m staff.Member, what staff.Managed, by string, _ time.Time) mail.Message {
	return mail.Message{To: to.Email, Subject: fmt.Sprintf("%s %s %v by %q", m.Email, what, m.Roles, by)}
}

func (letters) StaffInvited(m staff.Member, link secret.Text, by string, _ time.Time) mail.Message {
	return mail.Message{To: m.Email, Subject: fmt.Sprintf("invitation by %q", by), Text: link}
}

func service(t *testing.T, o *office) *staff.Service {
	t.Helper()
	text, err := secret.NewKeyRingFile("k1", rand.Reader)
	must(t, err)
	ring, err := secret.ParseKeyRing(text, rand.Reader)
	must(t, err)
	return &staff.Service{
		Store: o, Ring: ring, Letters: letters{}, Rand: rand.Reader, Now: func() time.Time { return noon },
		Link: func(invite secret.Text) secret.Text { return "https://id.example/invite#" + invite },
	}
}

func (letters) StaffRenewed(m staff.Member, link secret.Text, proposer, confirmer string, _ time.Time) mail.Message {
	return mail.Message{To: m.Email, Subject: fmt.Sprintf("renewed by %q and %q", proposer, confirmer), Text: link}
}

// mails lists what goes out with a change: "address: subject", sorted.
func mails(rec effect.Effects) []string {
	var out []string
	for _, m := range rec.Mails {
		out = append(out, m.To+": "+m.Subject)
	}
	slices.Sort(out)
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
