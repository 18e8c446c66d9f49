package sql

import (
	"context"
	"time"
)

// callTime bounds one call of a store, from waiting for a connection or for its
// turn to write until its result. It is below the time of a request
// (op/web.requestTime), so that a call that waits in vain returns
// errs.ErrUnavailable while the request can still be answered.
const callTime = 4 * time.Second

// patientTime bounds one call of a job, a command or an export.
const patientTime = 5 * time.Minute

type (
	patientKey struct{}
	boundKey   struct{}
)

// Patient returns a context whose calls may each take minutes, for jobs and
// commands: no person waits for a page. On PostgreSQL they use connections of
// their own.
func Patient(ctx context.Context) context.Context {
	return context.WithValue(ctx, patientKey{}, true)
}

func isPatient(ctx context.Context) bool { return ctx.Value(patientKey{}) != nil }

// within returns a context with the deadline of one call. Within a call it
// returns the call's own.
func (p *pool) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Value(boundKey{}) != nil {
		return ctx, func() {}
	}
	limit := p.callTime
	if isPatient(ctx) {
		limit = patientTime
	}
	return context.WithTimeout(context.WithValue(ctx, boundKey{}, true), limit)
}
