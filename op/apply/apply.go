// Package apply owns the pages on which a person applies for an
// Omgevingsloket-ID: /apply and everything below it, one question per page.
//
//	/apply ─► /apply/email ─► /apply/code ─► /apply/password ─► /apply/person ─┐
//	(kind)     draft made,     address                                         │
//	           code mailed     confirmed        burger ◄───────────────────────┤
//	                                              │                         bedrijf
//	                                              ▼                            │
//	/apply/done ◄─POST─ /apply/check ◄─ /apply/document ◄─ /apply/address ◄─ /apply/company
//	 reference           read it all
//
//	later, by the cookie or by reference and a mailed code:
//	/apply/status/find ─► /apply/status/code ─► /apply/status (answer, document, withdraw)
//
// The holder of an account asks for other data with the same form, without password and
// address:
//
//	/apply/change ─► /apply/person ─► (/apply/company) ─► /apply/document ─► /apply/check ─POST─► /apply/done
//
// Each of these pages needs the holder's session in the browser that began the request;
// beginning and sending need a recent login.
//
// Each page is a GET that changes nothing and a POST that ends in a 303.
// application.Next determines the next page from the stored application alone; a
// request for a page out of turn is redirected there. The browser holds only a
// handle, in a cookie for 72 hours, so a draft survives closing it.
//
// Nothing about a person is stored before the address is confirmed. For an
// address that has an account already, everything is the same but the mail.
//
// The form fields, which tests rely on:
//
//	/apply          kind (burger, bedrijf)
//	/apply/email    email; the kind is in the query (?kind=)
//	/apply/code     code, or resend (any value: mail a new one)
//	/apply/password password
//	/apply/person   given_name, family_name, birth_day, birth_month, birth_year, phone
//	/apply/company  organization_name, registration_country, register, registration_number,
//	                not_registered (an explanation instead of a number), role (director, authorized)
//	/apply/address  stay (abroad, temporarily_nl; burger only), line1, line2, line3, country
//	/apply/document document (multipart, after csrf)
//	/apply/check    declared (yes)
//	/apply/change   action (begin, open)
//	/apply/status   text (the answer to the question); …/find reference; …/code reference, code
//
// All forms have csrf. The forms of the application also have seen, a print of the
// answers that the page was made from, so that a change by another tab is noticed.
package apply

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/secret"
)

// Accounts is the part of account.Store that this package uses.
type Accounts interface {
	Owner(ctx context.Context, email string, now time.Time) (account.Account, error)
}

// Hasher is the part of package password that this package uses.
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
}

// Judge is the part of document.Worker that this package uses. An error is
// errs.ErrUnavailable.
type Judge interface {
	Judge(ctx context.Context, content []byte, practice bool) (kind, wrong string, cost time.Duration, err error)
}

// Room serves the pages. Its fields are set before Mount. Whether this is
// practice, where every application is approved at once, is in Pages.Settings.
type Room struct {
	Pages     *web.Renderer
	Cookies   *web.Cookies
	Limits    *web.Limits
	Now       func() time.Time
	Rand      io.Reader
	Store     intake.Store
	Cases     Cases
	Accounts  Accounts
	Hasher    Hasher
	Queue     web.Queue // for password hashes
	Policy    password.Policy
	Documents Judge
	Letters   *letter.Writer
	Flow      *flow.Dispatcher // who is logged in, for change requests
	Ring      *secret.KeyRing
	CodeKey   []byte // for the keyed hash of mailed codes
	PerHour   int    // most mails with a code for one source in an hour; 0 means 30
	Tries     int    // mailed codes, passwords and documents of one source, each in ten minutes

	// Recognize makes the browser that confirmed an address known for it
	// (signin.Service.Recognize); nil makes none known.
	Recognize func(ctx context.Context, email string, device secret.Text, requestID string)

	// Clock is the machine's, for the deadlines of connections; nil means
	// time.Now. An upload ends after UploadTime, or when less than uploadChunk
	// arrives in UploadStall; 0 means five minutes and half a minute. After
	// UploadGrace, 0 means five seconds, it may have to make place for another.
	Clock                                func() time.Time
	UploadTime, UploadStall, UploadGrace time.Duration

	uploads gate
}

// Mount adds the pages to t.
func (h *Room) Mount(t *web.Router) {
	h.complete()
	t.Get("/apply", h.start)
	t.Post("/apply", h.startPost, "kind")
	t.Get("/apply/email", h.email)
	t.Post("/apply/email", h.emailPost, "email")
	t.Get("/apply/code", h.at(intake.StepCode, h.code))
	t.Post("/apply/code", h.at(intake.StepCode, h.codePost), "code", "resend")
	t.Get("/apply/password", h.at(intake.StepPassword, h.password))
	t.Post("/apply/password", web.Queued(h.Queue, nil, h.at(intake.StepPassword, h.passwordPost)), "password")
	t.Get("/apply/person", h.at(intake.StepPerson, h.person))
	t.Post("/apply/person", h.at(intake.StepPerson, h.personPost), "given_name", "family_name", "birth_day", "birth_month", "birth_year", "phone", "seen")
	t.Get("/apply/company", h.at(intake.StepCompany, h.company))
	t.Post("/apply/company", h.at(intake.StepCompany, h.companyPost),
		"organization_name", "registration_country", "register", "registration_number", "not_registered", "role", "seen")
	t.Get("/apply/address", h.at(intake.StepAddress, h.address))
	t.Post("/apply/address", h.at(intake.StepAddress, h.addressPost), "stay", "line1", "line2", "line3", "country", "seen")
	t.Get("/apply/document", h.at(intake.StepDocument, h.document))
	t.Upload("/apply/document", uploadBody, h.at(intake.StepDocument, h.documentPost))
	t.Get("/apply/check", h.at(intake.StepCheck, h.check))
	t.Post("/apply/check", h.at(intake.StepCheck, h.checkPost), "declared", "seen")
	t.Get("/apply/done", h.at(intake.StepDone, h.done))
	h.mountStatus(t)
	h.mountChange(t)
}

func (h *Room) complete() {
	if h.PerHour == 0 {
		h.PerHour = 30
	}
	if h.Clock == nil {
		h.Clock = time.Now
	}
	if h.UploadTime == 0 {
		h.UploadTime = 5 * time.Minute
	}
	if h.UploadStall == 0 {
		h.UploadStall = 30 * time.Second
	}
	if h.UploadGrace == 0 {
		h.UploadGrace = 5 * time.Second
	}
}

// paths are the paths of the steps.
var paths = map[intake.Step]string{
	intake.StepCode:     "/apply/code",
	intake.StepPassword: "/apply/password",
	intake.StepPerson:   "/apply/person",
	intake.StepCompany:  "/apply/company",
	intake.StepAddress:  "/apply/address",
	intake.StepDocument: "/apply/document",
	intake.StepCheck:    "/apply/check",
	intake.StepDone:     "/apply/done",
}

// stepHandler serves a page of one application.
type stepHandler func(w http.ResponseWriter, r *http.Request, a application.Application) error

// at returns the handler of a page that runs only when its step may be shown.
func (h *Room) at(step intake.Step, run stepHandler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := h.load(r)
		if err != nil {
			return err
		}
		page := func(w http.ResponseWriter, r *http.Request) error {
			if !intake.Reaches(a, step, h.Now()) {
				return h.onward(w, a)
			}
			return run(w, r, a)
		}
		if a.IsChange() {
			return h.holds(w, r, a, step == intake.StepCheck, page)
		}
		return page(w, r)
	}
}

// gone returns the error for every handle without an open draft, the same for a
// missing, an unknown and an expired one.
func gone(cause error) error {
	return &web.Error{Status: http.StatusGone, Key: "apply.gone", Cause: cause, Link: &web.Link{URL: "/apply", Label: "apply.gone.link"}}
}

// load returns the application that the browser's cookie names.
func (h *Room) load(r *http.Request) (application.Application, error) {
	handle, ok := h.Cookies.Draft(r)
	if !ok {
		return application.Application{}, gone(errors.New("no handle"))
	}
	a, err := h.Store.ByHandle(r.Context(), handle.Hash())
	if errors.Is(err, errs.ErrNotFound) {
		return application.Application{}, gone(err)
	}
	return a, err
}

// onward redirects the browser to the first unfinished step.
func (h *Room) onward(w http.ResponseWriter, a application.Application) error {
	next := intake.Next(a, h.Now())
	if next == intake.StepGone && a.IsChange() {
		return h.Pages.SeeOther(w, changePath)
	}
	if next == intake.StepGone {
		return gone(errors.New("too late"))
	}
	return h.Pages.SeeOther(w, paths[next])
}

// event returns an event of the applicant about an application.
func (h *Room) event(r *http.Request, a application.Application, action audit.Action) audit.Event {
	return audit.Applicant().At(h.Limits.Origin(r), web.RequestID(r)).Did(action, a.ID, h.Now())
}

// The names of the kinds in forms.
const (
	burger  = "burger"
	bedrijf = "bedrijf"
)

var kinds = map[string]account.Kind{burger: account.NaturalPerson, bedrijf: account.LegalPerson}

func kindName(k account.Kind) string {
	if k == account.LegalPerson {
		return bedrijf
	}
	return burger
}
