package letter

import (
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/mail"
)

// KindDataChanged is the kind of DataChanged.
const KindDataChanged = "data-changed"

// DataChanged returns the mail that the holder changed these fields. It names the
// fields and holds no values.
func (w *Writer) DataChanged(a account.Account, fields []account.Field, now time.Time) mail.Message {
	return w.toMailboxes(KindDataChanged, a, toHolder(a, now, map[string]any{"Fields": fields}))
}
