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

// TicketLifetime is how long a ticket to the content of a document is good.
const TicketLifetime = time.Minute

// Viewing holds the rules of looking at documents: who may, that each look is
// in the audit log before anything is seen, and that content goes out against a
// ticket, once. A ticket stands for the official who got it; whoever serves
// the content needs to know nobody.
type Viewing struct {
	Cases   Cases
	Archive custody.Archive
	Content func(ctx context.Context, documentID string) (application.Document, error)
	Ring    *secret.KeyRing
	Rand    io.Reader
	Now     func() time.Time
}

// Open gives the facts of a document for an official who asks for it.
// errs.ErrNotFound when there is no such document of a sent application,
// Refused when it belongs to the official's own.
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

// Look writes to the audit log that somebody looks at a document.
// errs.ErrConflict when the document may not be shown.
func (v *Viewing) Look(ctx context.Context, d custody.Filed, by audit.Actor) error {
	return v.Archive.Admit(ctx, d.ID, "", v.Now(), v.record(d, audit.DocumentViewed, by))
}

// Ticket is Look with a ticket to the content.
func (v *Viewing) Ticket(ctx context.Context, d custody.Filed, by audit.Actor) (secret.Text, error) {
	return v.admit(ctx, d, audit.DocumentViewed, by)
}

// Download is Ticket for somebody who takes the file along.
func (v *Viewing) Download(ctx context.Context, d custody.Filed, by audit.Actor) (secret.Text, error) {
	return v.admit(ctx, d, audit.DocumentDownloaded, by)
}

func (v *Viewing) admit(ctx context.Context, d custody.Filed, action audit.Action, by audit.Actor) (secret.Text, error) {
	ticket := secret.New(v.Rand, secret.KindTicket)
	if err := v.Archive.Admit(ctx, d.ID, ticket.Hash(), v.Now().Add(TicketLifetime), v.record(d, action, by)); err != nil {
		return "", err
	}
	return ticket, nil
}

func (v *Viewing) record(d custody.Filed, action audit.Action, by audit.Actor) effect.Effects {
	return effect.Of(by.Did(action, d.ApplicationID, v.Now()).With(map[string]string{"document": d.ID}))
}

// Read gives the content, for looking into it. Nothing of it goes to anybody.
// errs.ErrConflict when it was destroyed or replaced since d was read.
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

// Redeem spends a ticket and gives the document with its content.
// errs.ErrNotFound for every ticket that is not good any more.
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
