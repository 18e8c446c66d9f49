package consent_test

import (
	"slices"
	"testing"

	"omgevingsloket-id/pkg/consent"
)

// One more claim needs consent again; fewer do not.
func TestCovers(t *testing.T) {
	t.Parallel()
	given := consent.Consent{Claims: []string{"email", "given_name"}}
	for _, c := range []struct {
		given consent.Consent
		asked []string
		want  bool
	}{
		{given, nil, true},
		{given, []string{"email"}, true},
		{given, []string{"given_name", "email"}, true},
		{given, []string{"email", "birthdate"}, false},
		{given, []string{"birthdate", "email"}, false},
		{given, []string{"emai"}, false},
		{consent.Consent{}, nil, true},
		{consent.Consent{}, []string{"email"}, false},
	} {
		if got := c.given.Covers(c.asked); got != c.want {
			t.Errorf("%q.Covers(%q) = %t, want %t", c.given.Claims, c.asked, got, c.want)
		}
	}
}

// With adds the claims and modifies neither list.
func TestWith(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, more, want []string }{
		{nil, nil, nil},
		{nil, []string{"b", "a"}, []string{"a", "b"}},
		{[]string{"a", "c"}, []string{"c", "b"}, []string{"a", "b", "c"}},
		{[]string{"a"}, nil, []string{"a"}},
		{nil, []string{"a", "b", "a"}, []string{"a", "b"}},
	} {
		given, more := slices.Clone(c.given), slices.Clone(c.more)
		got := consent.Consent{Claims: given}.With(more)
		if !slices.Equal(got, c.want) || !slices.Equal(given, c.given) || !slices.Equal(more, c.more) {
			t.Errorf("%q.With(%q) = %q, want %q and both as they were (%q, %q)", c.given, c.more, got, c.want, given, more)
		}
		if !(consent.Consent{Claims: got}).Covers(slices.Concat(given, more)) {
			t.Errorf("%q.With(%q) = %q, which does not cover both", c.given, c.more, got)
		}
	}
}
