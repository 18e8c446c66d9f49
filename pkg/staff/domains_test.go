package staff_test

import (
	"errors"
	"testing"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/staff"
)

// X19: with a list of domains only addresses at those are invited, in whatever
// form they are written; a subdomain, a longer name and an address that holds
// the domain elsewhere are other domains.
func TestX19_Domains(t *testing.T) {
	t.Parallel()
	domains := []string{"Gov.example", "münchen.example."}
	for email, want := range map[string]error{
		"bas@gov.example":              nil,
		" BAS@GOV.EXAMPLE ":            nil,
		"bas@gov.example.":             nil,
		"bas@münchen.example":          nil,
		"bas@xn--mnchen-3ya.example":   nil,
		"bas@ｇｏｖ.example":              nil,
		"bas@mail.gov.example":         staff.ErrDomain,
		"bas@evilgov.example":          staff.ErrDomain,
		"bas@gov.example.evil.example": staff.ErrDomain,
		"gov.example@evil.example":     staff.ErrDomain,
		"bas@example":                  mail.ErrAddress,
		"bas@gov.example@evil.example": mail.ErrAddress,
		"":                             mail.ErrAddress,
	} {
		o := &office{}
		s := service(t, o)
		s.Domains = domains
		if err := s.MayInvite(email); !errors.Is(err, want) {
			t.Errorf("MayInvite(%q) = %v, want %v", email, err, want)
		}
		if _, _, err := s.Invite(t.Context(), "Bas", email, "nl", []staff.Role{staff.Reviewer}, audit.Operator("root")); !errors.Is(err, want) || (len(o.rec.Events) > 0) != (want == nil) {
			t.Errorf("Invite(%q) = %v with %d events, want %v", email, err, len(o.rec.Events), want)
		}
		s.Domains = nil
		if err := s.MayInvite(email); errors.Is(want, staff.ErrDomain) && err != nil {
			t.Errorf("MayInvite(%q) without domains = %v, want nil", email, err)
		}
	}
}
