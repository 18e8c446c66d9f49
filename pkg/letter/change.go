package letter

import (
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/mail"
)

// Kinds of mails about change requests. The methods about applications write them.
const (
	KindChangeReceipt    = "change-receipt"
	KindChangeApproved   = "change-approved"
	KindChangeRejected   = "change-rejected"
	KindChangeMoreAsked  = "change-more-asked"
	KindChangeReminder   = "change-reminder"
	KindChangeUnanswered = "change-unanswered"
	KindChangeWithdrawn  = "change-withdrawn"
)

// ofChanges holds the kind about a change request for each kind about an application
// that has one.
var ofChanges = map[string]string{
	KindApproved: KindChangeApproved, KindRejected: KindChangeRejected, KindMoreAsked: KindChangeMoreAsked,
	KindAnswerReminder: KindChangeReminder, KindUnanswered: KindChangeUnanswered, KindWithdrawn: KindChangeWithdrawn,
}

// aboutApplication returns a mail to the applicant, of the kind for a change request if
// it is one.
func (w *Writer) aboutApplication(kind string, a application.Application, e envelope) mail.Message {
	if of, ok := ofChanges[kind]; ok && a.IsChange() {
		kind = of
		e.Ref = a.Reference
	}
	return w.write(kind, a.Email, e)
}

// ChangeURL returns the URL of the page about changes of the holder's data.
func (w *Writer) ChangeURL() string { return w.Issuer + "/apply/change" }

// changeReceipt is the data of the receipt of a change request.
type changeReceipt struct {
	Reference string
	Approved  bool // at once
	Data      []application.Datum
	Documents []application.Document
}

// changeReceipt returns the mail that confirms a change request, with what it asks for.
func (w *Writer) changeReceipt(a application.Application, approved bool, documents []application.Document, now time.Time) mail.Message {
	about := changeReceipt{Reference: a.Reference, Approved: approved, Documents: documents}
	for _, d := range a.Data() {
		if d.Differs() {
			about.Data = append(about.Data, d)
		}
	}
	return w.write(KindChangeReceipt, a.Email, envelope{Lang: a.Lang, Name: greeting(knownAs(a)), At: now, Ref: a.Reference, Letter: about})
}

// knownAs returns the name of an applicant; for a change request, the name of the
// account until the request is approved.
func knownAs(a application.Application) string {
	if a.IsChange() && a.Answers.Base != nil && a.State != application.Approved {
		return a.Answers.Base.Profile.FullName()
	}
	return a.Answers.FullName()
}
