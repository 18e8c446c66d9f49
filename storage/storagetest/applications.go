package storagetest

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
)

// Applications tests an intake.Store.
func Applications(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("start", func(t *testing.T) { applicationStart(t, w.in(t)) })
	t.Run("codes", func(t *testing.T) { applicationCodes(t, w.in(t)) })
	t.Run("64 wrong codes at once", func(t *testing.T) { applicationGuesses(t, w.in(t)) })
	t.Run("renew", func(t *testing.T) { applicationRenew(t, w.in(t)) })
	t.Run("save", func(t *testing.T) { applicationSave(t, w.in(t)) })
	t.Run("documents", func(t *testing.T) { applicationDocuments(t, w.in(t)) })
	t.Run("submit", func(t *testing.T) { applicationSubmit(t, w.in(t)) })
	t.Run("one address", func(t *testing.T) { applicationOneAddress(t, w.in(t)) })
	t.Run("expire", func(t *testing.T) { applicationExpire(t, world{open(t), t}) })
	w.unbroken()
}

func applicationStart(t *testing.T, w world) {
	for _, taken := range []bool{false, true} {
		a := draft()
		a.Taken = taken
		rec := note("application.started", a.ID)
		w.happened(w.Applications.Start(ctx(t), a, rec), rec)
		same(t, w.application(a.Handle), a)
		second, again := draft(), note("application.started", a.ID)
		second.Handle = a.Handle
		w.refused(w.Applications.Start(ctx(t), second, again), errs.ErrConflict, again)
	}
	for _, unknown := range []string{"", key()} {
		_, err := w.Applications.ByHandle(ctx(t), unknown)
		is(t, err, errs.ErrNotFound)
		_, err = w.Applications.ByReference(ctx(t), unknown) // drafts have no reference
		is(t, err, errs.ErrNotFound)
	}
}

func applicationCodes(t *testing.T, w world) {
	try := func(t *testing.T, a application.Application, code string, now time.Time) intake.CodeVerdict {
		t.Helper()
		return ok[intake.CodeVerdict](t)(w.Applications.TryCode(ctx(t), a.ID, code, now))
	}
	t.Run("the right code confirms the address", func(t *testing.T) {
		w := w.in(t)
		a := w.started(draft())
		same(t, try(t, a, "another", noon), intake.CodeWrong)
		same(t, try(t, a, rightCode, a.CodeExpires.Add(-time.Millisecond)), intake.CodeRight)
		same(t, w.application(a.Handle).State, application.EmailConfirmed)
	})
	t.Run("CK-05: a code is over at the moment itself", func(t *testing.T) {
		w := w.in(t)
		a := w.started(draft())
		same(t, try(t, a, rightCode, a.CodeExpires), intake.CodeExpired)
		same(t, w.application(a.Handle).State, application.Draft)
	})
	t.Run("wrong codes spend it, and count in the row", func(t *testing.T) {
		w := w.in(t)
		a := w.started(draft())
		for range intake.CodeTries {
			same(t, try(t, a, "wrong", noon), intake.CodeWrong)
		}
		same(t, try(t, a, rightCode, noon), intake.CodeSpent)
		same(t, w.application(a.Handle).State, application.Draft)
	})
	t.Run("no code is right for an address that has an account", func(t *testing.T) {
		a := draft()
		a.Taken = true
		w := w.in(t)
		a = w.started(a)
		same(t, try(t, a, rightCode, noon), intake.CodeWrong)
	})
	t.Run("nothing is right after the draft's time", func(t *testing.T) {
		a := draft()
		a.CodeExpires = a.ExpiresAt.Add(time.Hour)
		w := w.in(t)
		a = w.started(a)
		verdict, err := w.Applications.TryCode(ctx(t), a.ID, rightCode, a.ExpiresAt)
		if err == nil && verdict == intake.CodeRight {
			t.Error("the code of an expired draft was right")
		}
		same(t, w.application(a.Handle).State, application.Draft)
	})
	t.Run("of a crowd with the right code, one confirms", func(t *testing.T) {
		w := w.in(t)
		a := w.started(draft())
		exactlyOne(t, atOnce(func(int) error {
			verdict, err := w.Applications.TryCode(ctx(t), a.ID, rightCode, noon)
			if err == nil && verdict != intake.CodeRight {
				err = errs.ErrConflict
			}
			return err
		}), errs.ErrConflict)
	})
	t.Run("guesses at once are each counted", func(t *testing.T) {
		w := w.in(t)
		a := w.started(draft())
		exactly(t, intake.CodeTries, atOnce(func(int) error {
			verdict, err := w.Applications.TryCode(ctx(t), a.ID, "wrong", noon)
			if err == nil && verdict == intake.CodeSpent {
				err = errTooMany
			}
			return err
		}), errTooMany)
		same(t, w.application(a.Handle).CodeFailures, crowd)
	})
	_, err := w.Applications.TryCode(ctx(t), fresh("nobody"), rightCode, noon)
	oneOf(t, err, errs.ErrConflict, errs.ErrNotFound)
}

func applicationRenew(t *testing.T, w world) {
	a := w.started(draft())
	for range intake.CodeTries + 1 {
		_, err := w.Applications.TryCode(ctx(t), a.ID, "wrong", noon)
		must(t, err)
	}
	later := noon.Add(2 * time.Hour)
	for sent := a.CodesSent; sent < intake.CodesPerDraft; sent++ {
		rec := note("application.code_sent", a.ID)
		w.happened(w.Applications.Renew(ctx(t), a.ID, "hash of another code", later, rec), rec)
	}
	rec := note("application.code_sent", a.ID)
	w.refused(w.Applications.Renew(ctx(t), a.ID, rightCode, later, rec), errs.ErrConflict, rec)
	got := w.application(a.Handle)
	a.CodeHash, a.CodeExpires, a.CodeFailures, a.CodesSent = "hash of another code", later, 0, intake.CodesPerDraft
	same(t, got, a)
	verdict := ok[intake.CodeVerdict](t)(w.Applications.TryCode(ctx(t), a.ID, rightCode, noon))
	same(t, verdict, intake.CodeWrong) // the code of the previous mail
	verdict = ok[intake.CodeVerdict](t)(w.Applications.TryCode(ctx(t), a.ID, "hash of another code", noon))
	same(t, verdict, intake.CodeRight)

	confirmed := w.confirmed(draft())
	w.refused(w.Applications.Renew(ctx(t), confirmed.ID, rightCode, later, rec), errs.ErrConflict, rec)
	oneOf(t, w.Applications.Renew(ctx(t), fresh("nobody"), rightCode, later, rec), errs.ErrConflict, errs.ErrNotFound)
	t.Run("a crowd gets no more mails than allowed", func(t *testing.T) {
		w := w.in(t)
		a := w.started(draft())
		exactly(t, intake.CodesPerDraft-1, atOnce(func(int) error {
			return w.Applications.Renew(ctx(t), a.ID, fresh("code"), later, effect.Effects{})
		}), errs.ErrConflict)
	})
}

func applicationSave(t *testing.T, w world) {
	unconfirmed := w.started(draft())
	_, err := w.Applications.Save(ctx(t), unconfirmed)
	is(t, err, errs.ErrConflict)

	a := w.confirmed(draft())
	old := a
	a.Answers, a.PasswordHash = answers(), "$argon2id$x"
	saved := ok[application.Application](t)(w.Applications.Save(ctx(t), a))
	same(t, w.application(a.Handle), saved)
	same(t, saved.Answers, answers())
	if saved.Version == old.Version {
		t.Errorf("the version stayed %d", saved.Version)
	}
	_, err = w.Applications.Save(ctx(t), old)
	is(t, err, errs.ErrConflict)
	same(t, w.application(a.Handle), saved)

	exactlyOne(t, atOnce(func(int) error {
		_, err := w.Applications.Save(ctx(t), saved)
		return err
	}), errs.ErrConflict)

	sent := w.ready(draft())
	must(t, w.Applications.Submit(ctx(t), sent, nil, effect.Effects{}))
	sent = w.application(sent.Handle)
	_, err = w.Applications.Save(ctx(t), sent)
	is(t, err, errs.ErrConflict)
}

func applicationDocuments(t *testing.T, w world) {
	document := func(a application.Application) application.Document {
		return application.Document{
			ID: fresh("doc"), ApplicationID: a.ID, Name: "uittreksel \"é\".pdf", Type: "application/pdf",
			Size: 3, SHA256: "00ff", Sealed: []byte{0, 0xff, '\''}, CreatedAt: noon.Add(time.Minute),
		}
	}
	a := w.confirmed(draft())
	first, second := document(a), document(a)
	must(t, w.Applications.PutDocument(ctx(t), first))
	must(t, w.Applications.PutDocument(ctx(t), second))
	listed := second
	listed.Sealed = nil
	same(t, ok[[]application.Document](t)(w.Applications.Documents(ctx(t), a.ID)), []application.Document{listed})
	same(t, ok[application.Document](t)(w.Applications.DocumentContent(ctx(t), second.ID)), second)
	for _, id := range []string{first.ID, fresh("doc"), ""} {
		_, err := w.Applications.DocumentContent(ctx(t), id)
		is(t, err, errs.ErrNotFound)
	}
	t.Run("only while the application is open and its address proven", func(t *testing.T) {
		w := w.in(t)
		sent := w.ready(draft())
		must(t, w.Applications.Submit(ctx(t), sent, nil, effect.Effects{}))
		late := document(w.confirmed(draft()))
		late.CreatedAt = noon.Add(intake.DraftLifetime)
		for _, d := range []application.Document{document(sent), document(w.started(draft())), late} {
			is(t, w.Applications.PutDocument(ctx(t), d), errs.ErrConflict)
			_, err := w.Applications.DocumentContent(ctx(t), d.ID)
			is(t, err, errs.ErrNotFound)
		}
		oneOf(t, w.Applications.PutDocument(ctx(t), document(draft())), errs.ErrConflict, errs.ErrNotFound)
	})
	t.Run("of a crowd of documents one stays", func(t *testing.T) {
		w := w.in(t)
		a := w.confirmed(draft())
		exactly(t, crowd, atOnce(func(int) error { return w.Applications.PutDocument(ctx(t), document(a)) }), nil)
		same(t, len(ok[[]application.Document](t)(w.Applications.Documents(ctx(t), a.ID))), 1)
	})
}
