package helpdesk

// Step is what an official can do with a helpdesk request now.
type Step string

// The steps.
const (
	StepIdentify Step = "identify" // ask the caller
	StepReason   Step = "reason"   // Unblock: choose the reason
	StepDetails  Step = "details"  // Address: type the new address and the reason
	StepCheck    Step = "check"    // Address: check the typed address
	StepConfirm  Step = "confirm"  // the official confirms without a colleague
	StepWait     Step = "wait"     // the official's own proposal, for a colleague
	StepSecond   Step = "second"   // a colleague's proposal
	StepHolder   Step = "holder"   // Address: waits for the code from the new mailbox
	StepBusy     Step = "busy"     // another official works on it
	StepOver     Step = "over"
)

// Next returns the step of a request for an official, from the stored request
// alone, so that no step is skipped. live is the result of Request.Live.
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

// MayConfirm reports whether an official for whom a request is at this step
// may confirm it: an own unblock that needs no colleague, or a colleague's
// proposal.
func MayConfirm(r Request, at Step) bool {
	switch at {
	case StepConfirm:
		return r.Kind == Unblock && !r.Second && r.complete()
	case StepSecond:
		return r.complete()
	}
	return false
}

// MayEnd reports whether an official for whom a request is at this step may
// refuse or cancel it.
func MayEnd(at Step) bool { return at != StepOver && at != StepBusy }
