package custody_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
)

// A document goes once its application is over for the time that documents are
// kept, and not before; those of an undecided one stay.
func TestDestroyDue(t *testing.T) {
	t.Parallel()
	const keep = 48 * time.Hour
	s := site.New(t, nil)
	withdraw := func(c review.Case) {
		site.Must(t, s.Stores.DB.Cases().Withdraw(t.Context(), c, review.Act{Kind: review.ActWithdraw, At: s.Clock.Now()}, site.NoEffects))
	}
	var documents [3]application.Document
	var cases [3]review.Case
	for i, email := range []string{"anna@example.com", "bob@example.com", "open@example.com"} {
		cases[i], documents[i] = s.Filed(email, "pas.pdf", document.TypePDF, []byte("%PDF-1.7"))
	}
	withdraw(cases[0])
	over := s.Clock.Now()
	s.Clock.Add(time.Minute)
	withdraw(cases[1])
	for _, step := range []struct {
		after time.Duration // of the first end
		done  int
		gone  [3]bool
	}{
		{keep - time.Millisecond, 0, [3]bool{}},
		{keep, 1, [3]bool{true}},
		{keep + time.Minute, 1, [3]bool{true, true}},
		{100 * keep, 0, [3]bool{true, true}},
	} {
		s.Clock.Add(over.Add(step.after).Sub(s.Clock.Now()))
		if done, err := custody.DestroyDue(t.Context(), s.Stores.DB.Archive(), keep, s.Clock.Now); done != step.done || err != nil {
			t.Errorf("DestroyDue(%s after the first end) = %d, %v, want %d, nil", step.after, done, err, step.done)
		}
		var gone [3]bool
		for i, d := range documents {
			f, err := s.Stores.DB.Archive().FiledByID(t.Context(), d.ID)
			site.Must(t, err)
			gone[i] = !f.DestroyedAt.IsZero()
		}
		if gone != step.gone {
			t.Errorf("destroyed %s after the first end = %v, want %v", step.after, gone, step.gone)
		}
	}
}

// before is an archive at which something happens before each destruction.
type before struct {
	custody.Archive
	destroy func(applicationID string, closed time.Time) error
}

func (b before) Destroy(ctx context.Context, id string, closed, now time.Time, proof func([]application.Document) effect.Effects) error {
	if err := b.destroy(id, closed); err != nil {
		return err
	}
	return b.Archive.Destroy(ctx, id, closed, now, proof)
}

// What another server destroys first is not counted, and does not keep the
// rest; a store that does not answer ends the round.
func TestDestroyDueWithOthers(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	store := s.Stores.DB.Archive()
	for _, email := range []string{"anna@example.com", "bob@example.com", "carl@example.com"} {
		c, _ := s.Filed(email, "pas.pdf", document.TypePDF, []byte("%PDF-1.7"))
		site.Must(t, s.Stores.DB.Cases().Withdraw(t.Context(), c, review.Act{Kind: review.ActWithdraw, At: s.Clock.Now()}, site.NoEffects))
	}
	calls := 0
	fails := before{store, func(string, time.Time) error {
		if calls++; calls == 2 {
			return errs.ErrUnavailable
		}
		return nil
	}}
	if done, err := custody.DestroyDue(t.Context(), fails, 0, s.Clock.Now); done != 1 || !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("DestroyDue(the second fails) = %d, %v, want 1, %v", done, err, errs.ErrUnavailable)
	}
	other := true
	raced := before{store, func(id string, closed time.Time) error {
		if !other {
			return nil
		}
		other = false
		return store.Destroy(t.Context(), id, closed, s.Clock.Now(), func([]application.Document) effect.Effects { return site.NoEffects })
	}}
	if done, err := custody.DestroyDue(t.Context(), raced, 0, s.Clock.Now); done != 1 || err != nil {
		t.Errorf("DestroyDue(another server takes one of two) = %d, %v, want 1, nil", done, err)
	}
}
