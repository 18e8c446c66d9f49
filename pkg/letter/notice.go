package letter

import (
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// Kinds of mails about logins.
const (
	KindLoginNotice      = "login-notice"
	KindStaffLoginNotice = "staff-login-notice"
)

// LoginNotice returns the mail to a holder about wrong codes after the right
// password, and about logins from new browsers.
func (w *Writer) LoginNotice(a account.Account, n signin.Notice, now time.Time) mail.Message {
	return w.toMailboxes(KindLoginNotice, a, toHolder(a, now, noticeData(n)))
}

// StaffLoginNotice is LoginNotice for an official.
func (w *Writer) StaffLoginNotice(m staff.Member, n signin.Notice, now time.Time) mail.Message {
	return w.write(KindStaffLoginNotice, m.Email, envelope{Lang: m.Lang, Name: greeting(m.Name), At: now, Letter: noticeData(n)})
}

func noticeData(n signin.Notice) map[string]any {
	return map[string]any{"Codes": n.Codes, "Browsers": n.Browsers, "First": n.First, "Last": n.Last, "Once": n.First.Equal(n.Last)}
}
