package storagetest

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
)

func applicationSubmit(t *testing.T, w world) {
	t.Run("waits for an official", func(t *testing.T) {
		w := w.in(t)
		a := w.ready(draft())
		rec := note("application.submitted", a.ID)
		w.happened(w.Applications.Submit(ctx(t), a, nil, rec), rec)
		got := ok[application.Application](t)(w.Applications.ByReference(ctx(t), a.Reference))
		if got.State != application.Submitted || got.AccountID != "" || !got.SubmittedAt.Equal(a.SubmittedAt) || !got.DecidedAt.IsZero() {
			t.Errorf("submitted: %+v", got)
		}
		same(t, got.Answers, a.Answers)
		_, err := w.Accounts.ByEmail(ctx(t), a.Email)
		is(t, err, errs.ErrNotFound)
	})
	t.Run("practice: approved at once, with its account", func(t *testing.T) {
		w := w.in(t)
		a := w.ready(draft())
		who, rec := approved(a), note("application.approved", a.ID)
		w.happened(w.Applications.Submit(ctx(t), a, &who, rec), rec)
		got := w.application(a.Handle)
		if got.State != application.Approved || got.AccountID != who.ID || got.DecidedAt.IsZero() {
			t.Errorf("approved: %+v", got)
		}
		same(t, w.account(who.ID), who)
	})
	t.Run("not before the address is proven, not twice, not changed, not too late", func(t *testing.T) {
		w := w.in(t)
		sent := w.ready(draft())
		must(t, w.Applications.Submit(ctx(t), sent, nil, effect.Effects{}))
		sent.Version = w.application(sent.Handle).Version
		sent.Reference = fresh("REF")
		unconfirmed := w.started(draft())
		unconfirmed.Reference, unconfirmed.SubmittedAt = fresh("REF"), noon
		changed := w.ready(draft())
		ok[application.Application](t)(w.Applications.Save(ctx(t), changed))
		late := w.ready(draft())
		late.SubmittedAt = late.ExpiresAt
		for _, a := range []application.Application{sent, unconfirmed, changed, late} {
			who, rec := approved(a), note("application.submitted", a.ID)
			w.refused(w.Applications.Submit(ctx(t), a, nil, rec), errs.ErrConflict, rec)
			w.refused(w.Applications.Submit(ctx(t), a, &who, rec), errs.ErrConflict, rec)
			_, err := w.Accounts.ByID(ctx(t), who.ID)
			is(t, err, errs.ErrNotFound)
		}
	})
	t.Run("of a crowd one submits, and one account is made", func(t *testing.T) {
		w := w.in(t)
		a := w.ready(draft())
		rec := note("application.approved", a.ID)
		exactlyOne(t, atOnce(func(int) error {
			who := approved(a)
			return w.Applications.Submit(ctx(t), a, &who, rec)
		}), errs.ErrConflict)
		w.written(rec)
		same(t, ok[account.Account](t)(w.Accounts.ByEmail(ctx(t), a.Email)).ID, w.application(a.Handle).AccountID)
	})
}

func applicationOneAddress(t *testing.T, w world) {
	first, second := draft(), draft()
	second.Email = first.Email
	first, second = w.ready(first), w.ready(second)
	who := approved(first)
	must(t, w.Applications.Submit(ctx(t), first, &who, effect.Effects{}))
	other, rec := approved(second), note("application.submitted", second.ID)
	w.refused(w.Applications.Submit(ctx(t), second, nil, rec), errs.ErrConflict, rec)
	w.refused(w.Applications.Submit(ctx(t), second, &other, rec), errs.ErrConflict, rec)
	same(t, w.application(second.Handle).State, application.EmailConfirmed)
	same(t, w.account(who.ID), who)
	t.Run("of a crowd of applications for one address, one gets the account", func(t *testing.T) {
		w, email := w.in(t), draft().Email
		var all [crowd]application.Application
		for i := range all {
			a := draft()
			a.Email = email
			all[i] = w.ready(a)
		}
		exactlyOne(t, atOnce(func(i int) error {
			who := approved(all[i])
			return w.Applications.Submit(ctx(t), all[i], &who, effect.Effects{})
		}), errs.ErrConflict)
	})
}

func applicationExpire(t *testing.T, w world) {
	unconfirmed, confirmed, sent := w.started(draft()), w.ready(draft()), w.ready(draft())
	must(t, w.Applications.Submit(ctx(t), sent, nil, effect.Effects{}))
	doc := application.Document{ID: fresh("doc"), ApplicationID: confirmed.ID, Name: "x", Type: "application/pdf", Sealed: []byte("x"), CreatedAt: noon}
	must(t, w.Applications.PutDocument(ctx(t), doc))
	expire := func(now time.Time) int { return ok[int](t)(w.Applications.Expire(ctx(t), now)) }

	same(t, expire(noon.Add(intake.DraftLifetime-time.Millisecond)), 0)
	same(t, w.application(unconfirmed.Handle).State, application.Draft)
	same(t, expire(noon.Add(intake.DraftLifetime)), 2)
	for _, a := range []application.Application{unconfirmed, confirmed} {
		got := w.application(a.Handle)
		if got.State != application.Expired || got.PasswordHash != "" {
			t.Errorf("expired: %+v", got)
		}
		same(t, got.Answers, application.Answers{})
	}
	_, err := w.Applications.DocumentContent(ctx(t), doc.ID)
	is(t, err, errs.ErrNotFound)
	same(t, len(ok[[]application.Document](t)(w.Applications.Documents(ctx(t), confirmed.ID))), 0)
	same(t, w.application(sent.Handle).Answers, sent.Answers)
	same(t, expire(noon.AddDate(1, 0, 0)), 0)

	confirmed = w.application(confirmed.Handle)
	confirmed.Reference, confirmed.SubmittedAt = fresh("REF"), noon
	is(t, w.Applications.Submit(ctx(t), confirmed, nil, effect.Effects{}), errs.ErrConflict)
	_, err = w.Applications.Save(ctx(t), confirmed)
	is(t, err, errs.ErrConflict)

	const many = 120 // more than a store wipes at once
	for range many {
		w.started(draft())
	}
	same(t, expire(noon.Add(intake.DraftLifetime)), many)
}
