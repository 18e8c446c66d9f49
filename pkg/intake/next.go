package intake

import (
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
)

// Step is what an applicant has to do next. Package op/apply maps it to a page.
type Step string

// The steps, in their order. Before StepCode there is no application yet.
const (
	StepCode     Step = "code"     // type the code from the mail
	StepPassword Step = "password" //
	StepPerson   Step = "person"   //
	StepCompany  Step = "company"  // legal persons only
	StepAddress  Step = "address"  //
	StepDocument Step = "document" //
	StepCheck    Step = "check"    // check the answers and submit
	StepDone     Step = "done"     // submitted
	StepGone     Step = "gone"     // expired: start again
)

// form returns the steps between the confirmed address and the submission. A change
// request has only the steps with data that an official approves and the check: its holder has a
// password, and can change the postal address without a request.
func form(a application.Application) []Step {
	var steps []Step
	for _, s := range []Step{StepPassword, StepPerson, StepCompany, StepAddress, StepDocument, StepCheck} {
		switch {
		case s == StepCompany && a.Kind != account.LegalPerson:
		case (s == StepPassword || s == StepAddress) && a.IsChange():
		default:
			steps = append(steps, s)
		}
	}
	return steps
}

// Next returns the first unfinished step, from the stored application alone.
func Next(a application.Application, now time.Time) Step {
	switch {
	case a.Sent():
		return StepDone
	case !a.Open(now):
		return StepGone
	case a.State == application.Draft:
		return StepCode
	}
	done := map[Step]bool{
		StepPassword: a.PasswordHash != "", StepPerson: a.Answers.PersonDone, StepCompany: a.Answers.CompanyDone,
		StepAddress: a.Answers.AddressDone, StepDocument: a.Answers.DocumentDone,
	}
	for _, s := range form(a) {
		if !done[s] {
			return s
		}
	}
	return StepCheck
}

// Reaches reports whether the applicant may open this step now: the next one,
// and those of the form before it.
func Reaches(a application.Application, s Step, now time.Time) bool {
	next, steps := Next(a, now), form(a)
	if s == next {
		return true
	}
	here, there := slices.Index(steps, s), slices.Index(steps, next)
	return here >= 0 && here < there
}

// Place returns the number n of a page, from 1, among the pages of an application:
// the address, the code and the form, of a change request the form alone. n is 0 for
// other steps.
func Place(a application.Application, s Step) (n, of int) {
	pages := form(a)
	if !a.IsChange() {
		pages = append([]Step{"email", StepCode}, pages...)
	}
	return slices.Index(pages, s) + 1, len(pages)
}

// Before returns the step of the form before s; "" if it is the first.
func Before(a application.Application, s Step) Step {
	steps := form(a)
	if i := slices.Index(steps, s); i > 0 {
		return steps[i-1]
	}
	return ""
}
