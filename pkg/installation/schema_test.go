package installation_test

import (
	"reflect"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/installation"
)

func TestSchemaJudge(t *testing.T) {
	t.Parallel()
	type numbers = []int64
	for _, test := range []struct {
		name   string
		schema installation.Schema
		known  []int64
		want   error
	}{
		{"empty database", installation.Schema{}, numbers{1, 2, 3}, installation.ErrPending},
		{"one is pending", installation.Schema{Applied: numbers{1, 2}}, numbers{1, 2, 3}, installation.ErrPending},
		{"nothing is pending", installation.Schema{Applied: numbers{1, 2, 3}}, numbers{1, 2, 3}, nil},
		{"goose's own row", installation.Schema{Applied: numbers{0, 1, 2, 3}}, numbers{1, 2, 3}, nil},
		{"any order", installation.Schema{Applied: numbers{3, 1, 2}}, numbers{2, 3, 1}, nil},
		{"newer database, no floor", installation.Schema{Applied: numbers{1, 2, 3, 4}}, numbers{1, 2, 3}, nil},
		{"newer database, at the floor", installation.Schema{Applied: numbers{1, 2, 3, 4, 5}, Floor: 3}, numbers{1, 2, 3}, nil},
		{"newer database, below the floor", installation.Schema{Applied: numbers{1, 2, 3, 4, 5}, Floor: 4}, numbers{1, 2, 3}, installation.TooOld{Known: 3, Floor: 4}},
		{"newer database that left numbers out", installation.Schema{Applied: numbers{1, 2, 3, 9}}, numbers{1, 2, 3}, nil},
		{"pending above the floor", installation.Schema{Applied: numbers{1, 2}, Floor: 2}, numbers{1, 2, 3}, installation.ErrPending},
		{"one was overtaken", installation.Schema{Applied: numbers{1, 3}}, numbers{1, 2, 3}, installation.Early{Missing: numbers{2}}},
		{"two were overtaken and one is pending", installation.Schema{Applied: numbers{2, 4}}, numbers{1, 2, 3, 4, 5}, installation.Early{Missing: numbers{1, 3}}},
		{"overtaken by a newer binary's", installation.Schema{Applied: numbers{1, 4}, Floor: 4}, numbers{1, 2}, installation.Early{Missing: numbers{2}}},
		{"edited", installation.Schema{Applied: numbers{1, 2}, Edited: numbers{1}}, numbers{1, 2}, installation.Early{Edited: numbers{1}}},
		{"edited, and one is pending", installation.Schema{Applied: numbers{1}, Edited: numbers{1}}, numbers{1, 2}, installation.Early{Edited: numbers{1}}},
		{"overtaken and edited", installation.Schema{Applied: numbers{1, 3}, Edited: numbers{3}}, numbers{1, 2, 3}, installation.Early{Missing: numbers{2}, Edited: numbers{3}}},
		{"no migrations at all", installation.Schema{}, nil, nil},
	} {
		if got := test.schema.Judge(test.known); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v.Judge(%v) = %#v, want %#v", test.name, test.schema, test.known, got, test.want)
		}
	}
}

// Each error says what is wrong and what to do.
func TestSchemaRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want []string
	}{
		{installation.ErrPending, []string{"omgevingsloket-id migrate"}},
		{installation.TooOld{Known: 12, Floor: 14}, []string{"too old", "up to 12", "know 14", "run the version that upgraded", "backup"}},
		{installation.Early{Missing: []int64{8}}, []string{"cannot be upgraded", "lacks migration 8,", "new, empty database", "--data", "011-migrations.md"}},
		{installation.Early{Missing: []int64{4, 5}, Edited: []int64{9}}, []string{"lacks migrations 4, 5,", "early form of migration 9;"}},
	} {
		for _, want := range test.want {
			if got := test.err.Error(); !strings.Contains(got, want) {
				t.Errorf("Error() = %q, want it to contain %q", got, want)
			}
		}
	}
}
