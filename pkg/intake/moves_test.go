package intake

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
)

var moment = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

var states = []application.State{
	application.Draft, application.EmailConfirmed, application.Submitted, application.InReview, application.MoreInformation,
	application.Approved, application.Rejected, application.Withdrawn, application.Expired,
}

// begun returns an application of version 7 in a state.
func begun(s application.State) application.Application {
	return application.Application{
		ID: "a", State: s, CodeHash: "right", CodeExpires: moment.Add(CodeLifetime), CodeFailures: 1, CodesSent: 1, Version: 7,
		CreatedAt: moment, ExpiresAt: moment.Add(DraftLifetime),
	}
}

func TestMoves(t *testing.T) {
	t.Parallel()
	type app = application.Application
	last := moment.Add(DraftLifetime - time.Millisecond)
	for _, test := range []struct {
		name   string
		move   func(app) (app, error)
		leaves application.State // "" = none
		after  func(*app)
	}{
		{"Renew", func(a app) (app, error) { return Renew(a, "next", last) }, application.Draft,
			func(a *app) { a.CodeHash, a.CodeExpires, a.CodeFailures, a.CodesSent = "next", last, 0, 2 }},
		{"Waits", func(a app) (app, error) { return Waits(a, last, moment) }, application.Draft,
			func(a *app) { a.CodeExpires, a.CodeFailures, a.CodesSent = last, 0, 2 }},
		{"Waits, after the code", func(a app) (app, error) { return Waits(a, last, moment.Add(CodeLifetime)) }, application.Draft,
			func(a *app) { a.CodeHash, a.CodeExpires, a.CodeFailures, a.CodesSent = Unmailed, last, 0, 2 }},
		{"Answer", func(a app) (app, error) {
			return Answer(a, app{ID: "other", Version: 7, Answers: application.Answers{Declared: true}, PasswordHash: "hash", State: application.Approved})
		}, application.EmailConfirmed, func(a *app) { a.Answers.Declared, a.PasswordHash, a.Version = true, "hash", 8 }},
		{"Answer(an older version)", func(a app) (app, error) { return Answer(a, app{Version: 6}) }, "", nil},
		{"Attach", func(a app) (app, error) { return Attach(a, last) }, application.EmailConfirmed, func(a *app) { a.Version = 8 }},
		{"Attach(too late)", func(a app) (app, error) { return Attach(a, moment.Add(DraftLifetime)) }, "", nil},
	} {
		for _, s := range states {
			want, wantErr := app{}, errs.ErrConflict
			if s == test.leaves {
				want, wantErr = begun(s), nil
				test.after(&want)
			}
			if got, err := test.move(begun(s)); !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %s = %+v, %v, want %+v, %v", test.name, s, got, err, want, wantErr)
			}
		}
	}
	for sent, want := range map[int]error{CodesPerDraft - 1: nil, CodesPerDraft: errs.ErrConflict} {
		a := begun(application.Draft)
		a.CodesSent = sent
		if _, err := Renew(a, "next", last); !errors.Is(err, want) {
			t.Errorf("Renew(%d codes sent) = %v, want %v", sent, err, want)
		}
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*application.Application)
		code   string
		now    time.Time
		want   CodeVerdict // "" = errs.ErrConflict
	}{
		{"right", nil, "right", moment, CodeRight},
		{"right, at the last moment", nil, "right", moment.Add(CodeLifetime - time.Millisecond), CodeRight},
		{"right, the last try", func(a *application.Application) { a.CodeFailures = CodeTries }, "right", moment, CodeRight},
		{"right, one try too late", func(a *application.Application) { a.CodeFailures = CodeTries + 1 }, "right", moment, CodeSpent},
		{"right, too late", nil, "right", moment.Add(CodeLifetime), CodeExpired},
		{"wrong", nil, "other", moment, CodeWrong},
		{"nothing typed, nothing mailed", func(a *application.Application) { a.CodeHash = "" }, "", moment, CodeWrong},
		{"for an address that has an account", func(a *application.Application) { a.Taken = true }, "right", moment, CodeWrong},
		{"right, after the draft's time", func(a *application.Application) { a.CodeExpires = a.ExpiresAt.Add(time.Hour) }, "right", moment.Add(DraftLifetime), ""},
		{"confirmed before", func(a *application.Application) { a.State = application.EmailConfirmed }, "right", moment, ""},
		{"sent", func(a *application.Application) { a.State = application.Submitted }, "right", moment, ""},
		{"expired", func(a *application.Application) { a.State = application.Expired }, "right", moment, ""},
	} {
		a := begun(application.Draft)
		if test.change != nil {
			test.change(&a)
		}
		want, wantErr := a, error(nil)
		switch test.want {
		case CodeRight:
			want.State, want.CodeHash = application.EmailConfirmed, ""
		case "":
			want, wantErr = application.Application{}, errs.ErrConflict
		}
		if got, verdict, err := Confirm(a, test.code, test.now); verdict != test.want || !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("Confirm(%s) = %+v, %q, %v, want %+v, %q, %v", test.name, got, verdict, err, want, test.want, wantErr)
		}
	}
}
