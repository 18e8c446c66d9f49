package account

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// Data are the data of an account that its holder changes without an official.
type Data struct {
	Phone   string
	Address Address // of a natural person only; the address of a company is not changed like this
	Lang    string
}

// Data returns the present values of what the holder may change.
func (a Account) Data() Data {
	d := Data{Phone: a.Profile.Phone, Lang: a.Lang}
	if a.Kind == NaturalPerson {
		d.Address = a.Profile.Address
	}
	return d
}

// Print returns a short hash of the data (16 hex digits). A form carries it to say which
// data it was made from.
func (d Data) Print() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", d))
	return hex.EncodeToString(sum[:8])
}

// Field is the name of a part of Data.
type Field string

// The fields.
const (
	FieldPhone   Field = "phone"
	FieldAddress Field = "address"
	FieldLang    Field = "lang"
)

// Changed returns the fields in which d and next differ.
func (d Data) Changed(next Data) (fields []Field) {
	if d.Phone != next.Phone {
		fields = append(fields, FieldPhone)
	}
	if d.Address != next.Address {
		fields = append(fields, FieldAddress)
	}
	if d.Lang != next.Lang {
		fields = append(fields, FieldLang)
	}
	return fields
}

// ErrOvertaken is returned for a change of data that have changed since they were
// read.
var ErrOvertaken = errors.New("account: the data have changed since")

// Correct replaces the data of an active account of this epoch, and returns the fields
// that differ. seen is the print of the data that the holder saw; the error is
// ErrOvertaken if they have changed since, and errs.ErrConflict in another state or
// epoch. Sessions go on.
func (a Account) Correct(epoch int64, seen string, d Data, now time.Time) (Account, []Field, error) {
	was := a.Data()
	fields := was.Changed(d)
	switch {
	case a.State != Active || a.Epoch != epoch:
		return Account{}, nil, errs.ErrConflict
	case len(fields) == 0:
		return a, nil, nil
	case seen != was.Print():
		return Account{}, nil, ErrOvertaken
	}
	a.Profile.Phone, a.Lang, a.ChangedAt = d.Phone, d.Lang, now
	if a.Kind == NaturalPerson {
		a.Profile.Address = d.Address
	}
	return a, fields, nil
}
