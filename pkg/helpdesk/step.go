package helpdesk

// Step is what one official can do with a helpdesk request now.
type Step string

// The steps.
const (
	StepIdentify Step = "identify" // ask the caller
	StepReason   Step = "reason"   // Unblock: say why
	StepDetails  Step = "details"  // Address: the new address, and why
	StepCheck    Step = "check"    // Address: what was heard, shown back
	StepConfirm  Step = "confirm"  // the official's own, no colleague needed
	StepWait     Step = "wait"     // the official's own proposal
	StepSecond   Step = "second"   // a colleague's proposal
	StepHolder   Step = "holder"   // Address: waits for the code from the new mailbox
	StepBusy     Step = "busy"     // a colleague works on it
	StepOver     Step = "over"
)

// Next returns the step that a request is at for an official, from what is
// stored alone, so that no step is skipped. live is Request.Live.
func Next(r Request, live bool, official string) Step {
	own := r.OpenedBy == official
	switch {
	case !live:
		return StepOver
	case r.State == Confirmed:
		return StepHolder
	case r.State == Proposed && own:
		return StepWait
	case r.State == Proposed:
		return StepSecond
	case !own:
		return StepBusy
	case !r.Identified():
		return StepIdentify
	case r.Kind == Address && r.Email == "":
		return StepDetails
	case r.Kind == Address:
		return StepCheck
	case r.Reason == "":
		return StepReason
	}
	return StepConfirm
}

// MayConfirm reports whether an official may say yes to a request that is at a
// step for that official: to the own unblock that needs no colleague, and to
// what a colleague proposed.
func MayConfirm(r Request, at Step) bool {
	switch at {
	case StepConfirm:
		return r.Kind == Unblock && !r.Second && r.complete()
	case StepSecond:
		return r.complete()
	}
	return false
}

// MayEnd reports whether an official may refuse a request that is at a step for
// that official, or give it up.
func MayEnd(at Step) bool { return at != StepOver && at != StepBusy }
