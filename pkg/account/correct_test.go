package account_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

func TestCorrect(t *testing.T) {
	t.Parallel()
	berlin, wien := account.Address{Line1: "Hauptstrasse 1", Country: "DE"}, account.Address{Line1: "Ring 9", Country: "AT"}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	person := account.Account{ID: "a", Kind: account.NaturalPerson, State: account.Active, Epoch: 3, Lang: "nl", Profile: account.Profile{GivenName: "Anna", Phone: "+4930123456", Address: berlin}}
	company := person
	company.Kind, company.Profile.Address = account.LegalPerson, account.Address{}
	company.Profile.Organization = &account.Organization{Name: "Bau GmbH", Address: berlin}
	for name, c := range map[string]struct {
		of     account.Account
		epoch  int64
		seen   string
		to     account.Data
		want   []account.Field
		err    error
		adrs   account.Address
		change func(*account.Account)
	}{
		"everything":           {of: person, to: account.Data{Phone: "+43123456", Address: wien, Lang: "en"}, want: []account.Field{account.FieldPhone, account.FieldAddress, account.FieldLang}, adrs: wien},
		"the language":         {of: person, to: account.Data{Phone: "+4930123456", Address: berlin, Lang: "en"}, want: []account.Field{account.FieldLang}, adrs: berlin},
		"nothing":              {of: person, to: person.Data(), adrs: berlin},
		"nothing, seen before": {of: person, seen: "older", to: person.Data(), adrs: berlin},
		"an older version":     {of: person, seen: account.Data{Phone: "1", Address: berlin, Lang: "nl"}.Print(), to: account.Data{Phone: "2", Address: berlin, Lang: "nl"}, err: account.ErrOvertaken},
		"another epoch":        {of: person, epoch: 2, to: account.Data{Lang: "en"}, err: errs.ErrConflict},
		"a blocked account":    {of: person, to: account.Data{Lang: "en"}, err: errs.ErrConflict, change: func(a *account.Account) { a.State = account.Blocked }},
		"an unproven account":  {of: person, to: account.Data{Lang: "en"}, err: errs.ErrConflict, change: func(a *account.Account) { a.State = account.QRShown }},
		"a company":            {of: company, to: account.Data{Phone: "+43123456", Lang: "nl"}, want: []account.Field{account.FieldPhone}},
	} {
		if c.change != nil {
			c.change(&c.of)
		}
		if c.epoch == 0 {
			c.epoch = 3
		}
		if c.seen == "" {
			c.seen = c.of.Data().Print()
		}
		next, fields, err := c.of.Correct(c.epoch, c.seen, c.to, now)
		if !errors.Is(err, c.err) || err == nil && c.err != nil || !slices.Equal(fields, c.want) {
			t.Errorf("%s: Correct() = %v, %v, want %v, %v", name, fields, err, c.want, c.err)
			continue
		}
		if c.err != nil {
			continue
		}
		if next.Data() != c.to || next.Profile.Address != c.adrs || next.Epoch != 3 || next.Profile.GivenName != "Anna" || next.Profile.Organization != c.of.Profile.Organization {
			t.Errorf("%s: Correct() = %+v", name, next)
		}
		if changed := next.ChangedAt.Equal(now); changed != (len(c.want) > 0) {
			t.Errorf("%s: ChangedAt is %s", name, next.ChangedAt)
		}
	}
}
