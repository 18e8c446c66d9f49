package intake

import (
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
)

// Step is what an applicant has to do next. op/apply knows its address.
type Step string

// The steps, in their order. Before StepCode there is no application yet.
const (
	StepCode     Step = "code"     // type the code from the mail
	StepPassword Step = "password" //
	StepPerson   Step = "person"   //
	StepCompany  Step = "company"  // legal persons only
	StepAddress  Step = "address"  //
	StepDocument Step = "document" //
	StepCheck    Step = "check"    // read it all, and send
	StepDone     Step = "done"     // it was sent
	StepGone     Step = "gone"     // too late: begin again
)

// form lists the steps between the confirmed address and sending.
func form(kind account.Kind) []Step {
	if kind == account.LegalPerson {
		return []Step{StepPassword, StepPerson, StepCompany, StepAddress, StepDocument, StepCheck}
	}
	return []Step{StepPassword, StepPerson, StepAddress, StepDocument, StepCheck}
}

// Next tells the first unfinished step from the stored application alone.
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
	for _, s := range form(a.Kind) {
		if !done[s] {
			return s
		}
	}
	return StepCheck
}

// Reaches tells whether the applicant may see this step now: the next one,
// and of the form also those already done.
func Reaches(a application.Application, s Step, now time.Time) bool {
	next, steps := Next(a, now), form(a.Kind)
	if s == next {
		return true
	}
	here, there := slices.Index(steps, s), slices.Index(steps, next)
	return here >= 0 && here < there
}

// Place counts the pages of an application of this kind from 1: the address,
// its code, and the form. n is 0 for what is none of them.
func Place(kind account.Kind, s Step) (n, of int) {
	pages := append([]Step{"email", StepCode}, form(kind)...)
	return slices.Index(pages, s) + 1, len(pages)
}
