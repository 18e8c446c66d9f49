package review

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// TicketLifetime is how long a ticket to the content of a document is valid.
const TicketLifetime = time.Minute

// Viewing gives officials access to documents. Each view is in the audit log
// before anything is shown. The content is served once for each ticket, which
// stands for the official who got it, so serving it needs no session.
type Viewing struct {
	Cases   Cases
	Archive custody.Archive
	Content func(ctx context.Context, documentID string) (application.Document, error)
	Ring    *secret.KeyRing
	Rand    io.Reader
	Now     func() time.Time
}

// Open returns a document, without content, for an official. It returns
// errs.ErrNotFound when no submitted application has it, and Refused when it
// belongs to the official's own application.
func (v *Viewing) Open(ctx context.Context, documentID string, o Official) (custody.Filed, error) {
	d, err := v.Archive.FiledByID(ctx, documentID)
	if err != nil {
		return custody.Filed{}, err
	}
	c, err := v.Cases.Case(ctx, d.ApplicationID)
	if err != nil {
		return custody.Filed{}, err
	}
	if c.Email == o.Email {
		return d, Refused{RefusedOwn}
	}
	return d, nil
}

// Look writes to the audit log that an official views a document. It returns
// errs.ErrConflict when the document may not be shown.
func (v *Viewing) Look(ctx context.Context, d custody.Filed, by audit.Actor) error {
	return v.Archive.Admit(ctx, d.ID, "", v.Now(), v.effects(d, audit.DocumentViewed, by))
}

// Ticket does the same as Look and returns a ticket to the content.
func (v *Viewing) Ticket(ctx context.Context, d custody.Filed, by audit.Actor) (secret.Text, error) {
	return v.admit(ctx, d, audit.DocumentViewed, by)
}

// Download does the same as Ticket for a download.
func (v *Viewing) Download(ctx context.Context, d custody.Filed, by audit.Actor) (secret.Text, error) {
	return v.admit(ctx, d, audit.DocumentDownloaded, by)
}

func (v *Viewing) admit(ctx context.Context, d custody.Filed, action audit.Action, by audit.Actor) (secret.Text, error) {
	ticket := secret.New(v.Rand, secret.KindTicket)
	if err := v.Archive.Admit(ctx, d.ID, ticket.Hash(), v.Now().Add(TicketLifetime), v.effects(d, action, by)); err != nil {
		return "", err
	}
	return ticket, nil
}

func (v *Viewing) effects(d custody.Filed, action audit.Action, by audit.Actor) effect.Effects {
	return effect.Of(by.Did(action, d.ApplicationID, v.Now()).With(map[string]string{"document": d.ID}))
}

// Read returns the content for an inspection; it is not shown to anyone. It
// returns errs.ErrConflict when the document was destroyed or replaced since d
// was read.
func (v *Viewing) Read(ctx context.Context, d custody.Filed) ([]byte, error) {
	sealed, err := v.Content(ctx, d.ID)
	if errors.Is(err, errs.ErrNotFound) || err == nil && len(sealed.Sealed) == 0 {
		return nil, errs.ErrConflict
	}
	if err != nil {
		return nil, err
	}
	return v.open(sealed)
}

// Redeem uses up a ticket and returns the document and its content. It returns
// errs.ErrNotFound when the ticket is not valid.
func (v *Viewing) Redeem(ctx context.Context, ticket secret.Text) (application.Document, []byte, error) {
	d, err := v.Archive.Redeem(ctx, ticket.Hash(), v.Now())
	if err != nil {
		return application.Document{}, nil, err
	}
	plain, err := v.open(d)
	return d, plain, err
}

func (v *Viewing) open(d application.Document) ([]byte, error) {
	plain, err := v.Ring.Open(d.Sealed, application.DocumentAAD(d.ApplicationID, d.ID))
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", d.ID, err)
	}
	return plain, nil
}
