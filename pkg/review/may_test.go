package review

import (
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
)

// Who may do what. Each row has the refusal of every act of an official; the
// official is olga.
func TestMay(t *testing.T) {
	t.Parallel()
	kinds := []ActKind{ActNote, ActTake, ActRelease, ActPropose, ActApprove, ActReject, ActMore}
	all := func(why Refusal) []Refusal { return slices.Repeat([]Refusal{why}, len(kinds)) }
	free := func(take Refusal) []Refusal {
		return []Refusal{"", take, RefusedFree, RefusedFree, RefusedFree, RefusedFree, RefusedFree}
	}
	taken := []Refusal{"", RefusedTaken, RefusedTaken, RefusedTaken, RefusedTaken, RefusedTaken, RefusedTaken}
	has := func(propose, approve, reject, more Refusal) []Refusal {
		return []Refusal{"", RefusedTaken, "", propose, approve, reject, more}
	}
	const person, company = account.NaturalPerson, account.LegalPerson
	did := func(member string, kind ActKind) []Act {
		return []Act{{Kind: ActTake, Member: member}, {Kind: kind, Member: member}}
	}
	nobody := func(c *Case) { c.Reviewer = "" }
	proposed := func(first, reviewer string) func(*Case) {
		return func(c *Case) { c.Proposal, c.Reviewer = first, reviewer }
	}
	own := func(c *Case) { c.Email = "olga@gov.example" }
	for _, test := range []struct {
		name   string
		state  application.State
		kind   account.Kind
		change func(*Case) // nil = olga has it, where somebody can
		acts   []Act
		always bool // SecondAlways
		want   []Refusal
	}{
		{"sent", application.Submitted, person, nil, nil, false, free("")},
		{"let go", application.InReview, person, nobody, nil, false, free("")},
		{"let go, proposed by a colleague", application.InReview, company, proposed("otto", ""), did("otto", ActPropose), false, free("")},
		{"let go, proposed by olga", application.InReview, company, proposed("olga", ""), did("olga", ActPropose), false, free(RefusedTwice)},
		{"asked, let go", application.MoreInformation, person, nobody, nil, false, free(RefusedWaits)},
		{"otto's", application.InReview, person, proposed("", "otto"), nil, false, taken},
		{"otto's, asked", application.MoreInformation, person, proposed("", "otto"), nil, false, taken},
		{"olga's", application.InReview, person, nil, did("olga", ActTake), false, has("", "", "", "")},
		{"olga's, asked", application.MoreInformation, person, nil, did("olga", ActMore), false, has(RefusedWaits, RefusedWaits, RefusedWaits, RefusedWaits)},
		{"olga's, proposed by otto", application.InReview, company, proposed("otto", "olga"), did("otto", ActPropose), false, has("", "", "", "")},
		{"olga's, who proposed it before a question", application.InReview, company, nil, did("olga", ActPropose), false, has(RefusedTwice, RefusedTwice, RefusedTwice, "")},
		{"olga's, who asked", application.InReview, person, nil, did("olga", ActMore), false, has("", "", "", "")},
		{"olga's, who asked a company", application.InReview, company, nil, did("olga", ActMore), false, has("", RefusedSecond, "", "")},
		{"olga's, who asked where two decide on everybody", application.InReview, person, nil, did("olga", ActMore), true, has("", RefusedSecond, "", "")},
		{"olga's, a company that otto asked", application.InReview, company, nil, did("otto", ActMore), false, has("", "", "", "")},
		{"olga's, with her note", application.InReview, company, nil, did("olga", ActNote), false, has("", "", "", "")},
		{"her own, sent", application.Submitted, person, own, nil, false, all(RefusedOwn)},
		{"her own, hers", application.InReview, person, own, nil, false, all(RefusedOwn)},
		{"her own, decided", application.Approved, person, own, nil, false, all(RefusedOwn)},
		{"approved", application.Approved, person, proposed("", "olga"), nil, false, all(RefusedOver)},
		{"rejected", application.Rejected, person, proposed("", "olga"), nil, false, all(RefusedOver)},
		{"withdrawn", application.Withdrawn, person, nobody, nil, false, all(RefusedOver)},
		{"expired", application.Expired, person, nobody, nil, false, all(RefusedOver)},
	} {
		d, f := Service{SecondAlways: test.always}, Dossier{Case: stands(test.state), Acts: test.acts}
		f.Email, f.Kind = "zoe@example.org", test.kind
		if test.change != nil {
			f.Case = with(f.Case, test.change)
		}
		for i, kind := range kinds {
			if got := d.May(f, Official{ID: "olga", Email: "olga@gov.example"}, kind); got != test.want[i] {
				t.Errorf("May(%s, %s) = %q, want %q", test.name, kind, got, test.want[i])
			}
		}
	}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind     account.Kind
		always   bool
		proposal string
		want     ActKind
	}{
		{account.NaturalPerson, false, "", ActApprove},
		{account.NaturalPerson, true, "", ActPropose},
		{account.NaturalPerson, true, "otto", ActApprove},
		{account.LegalPerson, false, "", ActPropose},
		{account.LegalPerson, false, "otto", ActApprove},
		{account.LegalPerson, true, "", ActPropose},
	} {
		d, c := Service{SecondAlways: test.always}, Case{Proposal: test.proposal}
		c.Kind = test.kind
		if got := d.Approval(c); got != test.want {
			t.Errorf("Approval(%s, always two: %t, proposed by %q) = %s, want %s", test.kind, test.always, test.proposal, got, test.want)
		}
	}
}

// A line names the company, and the country where it is registered.
func TestLine(t *testing.T) {
	t.Parallel()
	c := with(stands(application.Rejected), func(c *Case) {
		c.Reference, c.Email, c.DecidedAt = "OLID-1", "zoe@example.org", moment
		c.Answers.Profile = account.Profile{GivenName: "Zoë", FamilyName: "Bau", Birthdate: "1980-02-03", Address: account.Address{Line1: "Ring 9", Country: "AT"}}
	})
	company := &account.Organization{Name: "Bau GmbH", RegistrationCountry: "LI", Address: account.Address{Country: "CH"}}
	for _, test := range []struct {
		kind          account.Kind
		organization  *account.Organization
		name, country string
	}{
		{account.NaturalPerson, nil, "Zoë Bau", "AT"},
		{account.NaturalPerson, company, "Zoë Bau", "AT"}, // chose another kind since
		{account.LegalPerson, company, "Bau GmbH", "LI"},
		{account.LegalPerson, nil, "Zoë Bau", "AT"},
	} {
		c.Kind, c.Answers.Organization = test.kind, test.organization
		want := Line{
			ID: c.ID, Reference: "OLID-1", Kind: test.kind, Standing: "rejected", Name: test.name, Country: test.country,
			SubmittedAt: asked.Add(-time.Hour), DueAt: application.DecideBy(asked), DecidedAt: moment, Reason: "identity",
		}
		if got := c.Line("identity"); got != want {
			t.Errorf("Line(%s, company %v) = %+v, want %+v", test.kind, test.organization, got, want)
		}
	}
}

// Who is told of which urgent case, and which are late.
func TestUrgencyOf(t *testing.T) {
	t.Parallel()
	due := moment.Add(time.Hour)
	urgent := func(reference, email, reviewer, proposal string, state application.State) Case {
		c := Case{Reviewer: reviewer, Proposal: proposal}
		c.Reference, c.Email, c.State, c.DueAt = reference, email, state, due
		return c
	}
	cases := []Case{
		urgent("free", "a@example.com", "", "", application.Submitted),
		urgent("let go", "a@example.com", "", "", application.InReview),
		urgent("olga's", "a@example.com", "olga", "", application.InReview),
		urgent("otto's", "a@example.com", "otto", "", application.InReview),
		urgent("proposed by olga", "a@example.com", "", "olga", application.InReview),
		urgent("proposed by otto", "a@example.com", "", "otto", application.InReview),
		urgent("olga's, proposed by otto", "a@example.com", "olga", "otto", application.InReview),
		urgent("olga is the applicant", "olga@gov.example", "", "", application.Submitted),
	}
	olga := Official{ID: "olga", Email: "olga@gov.example"}
	mine, free := []string{"olga's", "olga's, proposed by otto"}, []string{"free", "let go", "proposed by otto"}
	for _, test := range []struct {
		now  time.Time
		late int
	}{{due.Add(-time.Millisecond), 0}, {due, 5}} {
		if got := urgencyOf(cases, olga, test.now); !slices.Equal(got.Mine, mine) || !slices.Equal(got.Free, free) || got.Late != test.late {
			t.Errorf("urgencyOf(at %v) = %+v, want %+v", test.now, got, Urgency{mine, free, test.late})
		}
	}
}

func TestAutomatic(t *testing.T) {
	t.Parallel()
	for kind, want := range map[ActKind]bool{
		ActTake: false, ActRelease: false, ActNote: false, ActPropose: false, ActApprove: false, ActReject: false, ActMore: false,
		ActAnswer: false, ActDocument: false, ActWithdraw: false, ActRemind: true, ActExpire: true,
	} {
		if got := (Act{Kind: kind}).Automatic(); got != want {
			t.Errorf("Automatic(%s) = %t, want %t", kind, got, want)
		}
	}
}
