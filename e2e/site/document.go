package site

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
)

// Filed sends an application with a document of this type; approve != nil
// approves it at once, as practice does.
func (s *Site) Filed(email, name, kind string, content []byte, approve ...account.Account) (review.Case, application.Document) {
	s.T.Helper()
	now, store, ctx := s.Clock.Now(), s.Stores.DB.Applications(), s.T.Context()
	a := application.Application{
		ID: secret.NewID(rand.Reader), Handle: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Lang: "nl", Email: email, CodeHash: "right",
		CodeExpires: now.Add(time.Hour), CreatedAt: now, ExpiresAt: now.Add(intake.DraftLifetime),
	}
	Must(s.T, store.Start(ctx, a, NoRecord))
	_, err := store.TryCode(ctx, a.ID, "right", now)
	Must(s.T, err)
	sum := sha256.Sum256(content)
	d := application.Document{
		ID: secret.NewID(rand.Reader), ApplicationID: a.ID, Name: name, Type: kind, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), CreatedAt: now,
	}
	d.Sealed, err = s.Stores.Ring.Seal(content, application.DocumentAAD(a.ID, d.ID))
	Must(s.T, err)
	Must(s.T, store.PutDocument(ctx, d))
	a.Version, a.Reference, a.SubmittedAt = 1, "OLID-"+strings.ToUpper(secret.NewID(rand.Reader)[:8]), now
	var who *account.Account
	if len(approve) > 0 {
		who = &approve[0]
	}
	Must(s.T, store.Submit(ctx, a, who, NoRecord))
	return s.Case(a.ID), d
}
