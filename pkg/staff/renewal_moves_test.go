package staff

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

// administrator returns an active administrator.
func administrator(id string) Member {
	return Member{ID: id, Name: id, State: Active, Roles: []Role{Helpdesk, Administrator}, Epoch: 2, LastLoginAt: moment}
}

// proposed returns a member in a state, with a proposal of ann.
func proposed(s State) Member {
	m := in(s)
	m.LastLoginAt = moment.Add(-time.Minute)
	m.Renewal = Renewal{ID: "r", By: "ann", At: moment, Epoch: m.Epoch, Reason: NewPhone, Name: "Olga O.", Lang: "en", Roles: []Role{Auditor}}
	return m
}

func TestJoined(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		state State
		login time.Time
		want  bool
	}{
		{"", time.Time{}, false},
		{Invited, time.Time{}, false},
		{Invited, moment, true}, // renewed, and not back yet
		{Active, time.Time{}, true},
		{Active, moment, true},
		{Blocked, time.Time{}, true},
		{Removed, time.Time{}, false},
		{Removed, moment, true},
	} {
		if got := (Member{State: test.state, LastLoginAt: test.login}).Joined(); got != test.want {
			t.Errorf("Joined(%q, last login %v) = %t, want %t", test.state, test.login, got, test.want)
		}
	}
}

// OF-20: one administrator alone can invite nobody anew who works here or did so,
// and so take over a colleague.
func TestOF20_InvitedAsOneWhoJoined(t *testing.T) {
	t.Parallel()
	for _, s := range states {
		m := proposed(s)
		if _, err := m.InvitedAs(Member{Invite: "next"}, false); !errors.Is(err, ErrJoined) || !errors.Is(err, errs.ErrConflict) {
			t.Errorf("InvitedAs(%s, logged in before) = %v, want %v", s, err, ErrJoined)
		}
		if got, err := m.InvitedAs(Member{Invite: "next"}, true); err != nil || got.State != Invited || got.Renewal.ID != "" {
			t.Errorf("InvitedAs(%s) by the operator = %+v, %v, want an invitation and no proposal", s, got, err)
		}
	}
}

func TestPropose(t *testing.T) {
	t.Parallel()
	fresh := Renewal{ID: "next", Reason: Forgotten, Name: "O.", Lang: "nl", Roles: []Role{Reviewer}}
	reviewer, blocked := administrator("ann"), administrator("ann")
	reviewer.Roles, blocked.State = []Role{Reviewer}, Blocked
	joined := func(s State) Member { m := proposed(s); m.Renewal = Renewal{}; return m }
	itself := joined(Active)
	itself.Roles = []Role{Administrator}
	other := proposed(Active)
	other.Renewal.Epoch--
	for name, test := range map[string]struct {
		m, by Member
		at    time.Time
		ok    bool
	}{
		"active":                           {joined(Active), administrator("ann"), moment, true},
		"blocked":                          {joined(Blocked), administrator("ann"), moment, true},
		"removed":                          {joined(Removed), administrator("ann"), moment, true},
		"renewed, link unused":             {joined(Invited), administrator("ann"), moment, true},
		"never joined":                     {in(Invited), administrator("ann"), moment, false},
		"by a reviewer":                    {joined(Active), reviewer, moment, false},
		"by a blocked one":                 {joined(Active), blocked, moment, false},
		"by itself":                        {itself, itself, moment, false},
		"while another one waits":          {proposed(Active), administrator("bea"), moment, false},
		"the last moment of another one":   {proposed(Active), administrator("bea"), moment.Add(RenewalLifetime - 1), false},
		"after another one expired":        {proposed(Active), administrator("bea"), moment.Add(RenewalLifetime), true},
		"after another one became void":    {other, administrator("bea"), moment, true},
		"by who proposed, while it waits":  {proposed(Active), administrator("ann"), moment, false},
		"by an administrator with no name": {joined(Active), Member{State: Active, Roles: []Role{Administrator}}, moment, true},
	} {
		got, err := test.m.Propose(fresh, test.by, test.at)
		if test.ok != (err == nil) || err != nil && !errors.Is(err, errs.ErrConflict) {
			t.Errorf("Propose(%s) = %v, want success: %t", name, err, test.ok)
		}
		if !test.ok {
			continue
		}
		want := test.m
		want.Renewal = fresh
		want.Renewal.By, want.Renewal.At, want.Renewal.Epoch = test.by.ID, test.at, test.m.Epoch
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Propose(%s) = %+v, want only the proposal added: %+v", name, got, want)
		}
	}
}

func TestConfirmRenewal(t *testing.T) {
	t.Parallel()
	gone, lower := administrator("ann"), administrator("ann")
	gone.State, lower.Roles = Removed, []Role{Reviewer}
	lowerBea, blockedBea, self := administrator("bea"), administrator("bea"), administrator("m")
	lowerBea.Roles, blockedBea.State = []Role{Auditor, Reviewer, Helpdesk}, Blocked
	fresh := Member{ID: "x", Email: "x@evil.example", Invite: "next", InviteExpires: moment.Add(InviteLifetime), Roles: Roles, Name: "x"}
	changed := proposed(Active)
	changed.Epoch++
	none := proposed(Active)
	none.Renewal = Renewal{}
	for name, test := range map[string]struct {
		m            Member
		id           string
		by, proposer Member
		at           time.Time
		ok           bool
	}{
		"active":                        {proposed(Active), "r", administrator("bea"), administrator("ann"), moment, true},
		"blocked":                       {proposed(Blocked), "r", administrator("bea"), administrator("ann"), moment, true},
		"removed":                       {proposed(Removed), "r", administrator("bea"), administrator("ann"), moment, true},
		"link unused":                   {proposed(Invited), "r", administrator("bea"), administrator("ann"), moment, true},
		"the last moment":               {proposed(Active), "r", administrator("bea"), administrator("ann"), moment.Add(RenewalLifetime - 1), true},
		"too late":                      {proposed(Active), "r", administrator("bea"), administrator("ann"), moment.Add(RenewalLifetime), false},
		"another proposal":              {proposed(Active), "q", administrator("bea"), administrator("ann"), moment, false},
		"no proposal":                   {none, "", administrator("bea"), administrator(""), moment, false},
		"changed since":                 {changed, "r", administrator("bea"), administrator("ann"), moment, false},
		"by who proposed it":            {proposed(Active), "r", administrator("ann"), administrator("ann"), moment, false},
		"by the member":                 {proposed(Active), "r", self, administrator("ann"), moment, false},
		"by others than administrators": {proposed(Active), "r", lowerBea, administrator("ann"), moment, false},
		"by a blocked one":              {proposed(Active), "r", blockedBea, administrator("ann"), moment, false},
		"the proposer is removed":       {proposed(Active), "r", administrator("bea"), gone, moment, false},
		"the proposer has other roles":  {proposed(Active), "r", administrator("bea"), lower, moment, false},
		"the proposer is another":       {proposed(Active), "r", administrator("bea"), administrator("cor"), moment, false},
	} {
		got, err := test.m.Confirm(test.id, test.by, test.proposer, fresh, test.at)
		if test.ok != (err == nil) || err != nil && !errors.Is(err, errs.ErrConflict) {
			t.Errorf("Confirm(%s) = %v, want success: %t", name, err, test.ok)
		}
		if !test.ok {
			continue
		}
		want := Member{
			ID: "m", Name: "Olga O.", Email: "o@gov.example", Lang: "en", Roles: []Role{Auditor}, State: Invited, Epoch: 8, Invite: "next",
			InviteExpires: moment.Add(InviteLifetime), CreatedAt: test.m.CreatedAt, LastLoginAt: test.m.LastLoginAt,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Confirm(%s) = %+v, want %+v", name, got, want)
		}
		if got.Works(Roles...) {
			t.Errorf("Confirm(%s): the roles do not rest", name)
		}
	}
}

func TestEndProposal(t *testing.T) {
	t.Parallel()
	lower, self := administrator("bea"), administrator("m")
	lower.Roles = []Role{Auditor}
	lowerAnn := administrator("ann")
	lowerAnn.Roles = []Role{Auditor}
	for name, test := range map[string]struct {
		id             string
		by             Member
		at             time.Time
		refuse, cancel bool // whether each of them is possible
	}{
		"another administrator":        {"r", administrator("bea"), moment, true, false},
		"the member":                   {"r", self, moment, true, false},
		"who proposed it":              {"r", administrator("ann"), moment, false, true},
		"an auditor":                   {"r", lower, moment, false, false},
		"who was an administrator":     {"r", lowerAnn, moment, false, false},
		"another proposal":             {"q", administrator("bea"), moment, false, false},
		"another proposal, of its own": {"q", administrator("ann"), moment, false, false},
		"too late":                     {"r", administrator("bea"), moment.Add(RenewalLifetime), false, false},
		"too late, its own":            {"r", administrator("ann"), moment.Add(RenewalLifetime), false, false},
	} {
		want := proposed(Active)
		want.Renewal = Renewal{}
		for act, do := range map[string]struct {
			move func(Member, string, Member, time.Time) (Member, error)
			ok   bool
		}{"Refuse": {Member.Refuse, test.refuse}, "Cancel": {Member.Cancel, test.cancel}} {
			got, err := do.move(proposed(Active), test.id, test.by, test.at)
			if do.ok != (err == nil) || err != nil && !errors.Is(err, errs.ErrConflict) || do.ok && !reflect.DeepEqual(got, want) {
				t.Errorf("%s(%s) = %+v, %v, want success: %t", act, name, got, err, do.ok)
			}
		}
	}
}

// Every change of a member but a block ends what was proposed about it: what a
// colleague confirms is what was proposed.
func TestWhatEndsAProposal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do    func(Member) (Member, error)
		stays bool
	}{
		"roles":      {func(m Member) (Member, error) { return m.SetRoles([]Role{Auditor}) }, false},
		"removal":    {Member.Remove, false},
		"invitation": {func(m Member) (Member, error) { return m.InvitedAs(Member{}, true) }, false},
		"a block": {func(m Member) (Member, error) {
			return m.Judged(account.Verdict{Outcome: account.BlockedNow}, moment)
		}, true},
		"a login": {func(m Member) (Member, error) {
			return m.Judged(account.Verdict{Outcome: account.Accepted, Step: 200}, moment)
		}, true},
	} {
		got, err := test.do(proposed(Active))
		if err != nil {
			t.Fatal(name, err)
		}
		if _, live := got.Proposed(moment); live != test.stays {
			t.Errorf("after %s a proposal waits: %t, want %t", name, live, test.stays)
		}
	}
	if got, err := proposed(Invited).Accept("hash", []byte("sealed"), moment); err != nil || got.Renewal.ID != "" {
		t.Errorf("after an invitation was accepted there is a proposal %q, %v", got.Renewal.ID, err)
	}
}
