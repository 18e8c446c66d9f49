// Package review defines how officials decide on submitted applications: who
// may do what with a case, the second official, deadlines, queues, and access
// to documents.
//
//	submitted ─► in review ◄─► more information asked ─► approved | rejected
//	             (withdrawn by the applicant, expired without an answer)
//
// An official who asked for more information or proposed the approval cannot
// be the second official of that case.
package review

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

// Reasons lists the codes of reasons for a rejection; an installation may
// offer fewer. Texts and mails exist for each.
var Reasons = []string{"identity", "unreadable", "mismatch", otherMeans, "company", "authority", "no_answer", "else"}

// otherMeans is no reason to reject a change request.
const otherMeans = "other_means"

// LongestWords is the longest text of officials and applicants, in characters
// of any script.
const LongestWords = 800

// Letters composes the mails about decisions.
type Letters interface {
	Approved(a application.Application, now time.Time) mail.Message
	Rejected(a application.Application, reason, words string, now time.Time) mail.Message
	MoreAsked(a application.Application, question string, now time.Time) mail.Message
}

// Events reads the audit log.
type Events interface {
	// EventsAbout returns at most limit events about an object, newest first.
	EventsAbout(ctx context.Context, kind audit.ObjectKind, objectID string, limit int) ([]audit.Event, error)
}

// Service carries out the acts of officials.
type Service struct {
	Cases        Cases
	Archive      custody.Archive
	Letters      Letters
	Audit        Events
	Accounts     func(ctx context.Context, id string) (account.Account, error)
	SecondAlways bool     // two officials have to approve people too, not only companies
	Reasons      []string // those of Reasons that are offered
	Rand         io.Reader
	Now          func() time.Time
}

// Official is an official who acts or gets mail about urgent cases; Lang and
// Epoch are set only for mail.
type Official struct {
	ID, Email, Lang string
	Epoch           int64
}

// Dossier is a case with its acts and documents.
type Dossier struct {
	Case
	Acts      []Act
	Documents []custody.Filed
	Holder    account.Account // the account that a change request changes; zero if it was erased
}

// Open returns the dossier of a case.
func (d *Service) Open(ctx context.Context, id string) (Dossier, error) {
	c, err := d.Cases.Case(ctx, id)
	if err != nil {
		return Dossier{}, err
	}
	f := Dossier{Case: c}
	if f.Acts, err = d.Cases.Acts(ctx, id); err != nil {
		return Dossier{}, err
	}
	if f.IsChange() {
		if f.Holder, err = d.Accounts(ctx, f.Changes); err != nil && !errors.Is(err, errs.ErrNotFound) {
			return Dossier{}, err
		}
	}
	f.Documents, err = d.Archive.Filed(ctx, id)
	return f, err
}

// did reports whether a member did an act of these kinds.
func (f Dossier) did(member string, kinds ...ActKind) bool {
	return slices.ContainsFunc(f.Acts, func(a Act) bool { return a.Member == member && slices.Contains(kinds, a.Kind) })
}

// Refusal is why an official may not do something. It is part of a text key.
type Refusal string

// The refusals; "" = allowed.
const (
	RefusedOwn    Refusal = "own"    // it is the official's own application
	RefusedOver   Refusal = "over"   // decided, withdrawn or expired
	RefusedTaken  Refusal = "taken"  // another official works on it
	RefusedFree   Refusal = "free"   // it has no official: take it first
	RefusedWaits  Refusal = "waits"  // for the applicant
	RefusedTwice  Refusal = "twice"  // decided on it before
	RefusedUnread Refusal = "unread" // has not opened every document, and did not confirm that
	RefusedSecond Refusal = "second" // asked for more information, so cannot be the second official

	// The account of a change request cannot be changed (application.Obstacle).
	RefusedBlocked   = Refusal(application.AccountBlocked)
	RefusedClosed    = Refusal(application.AccountClosed)
	RefusedUnblocked = Refusal(application.AccountUnblocked)
	RefusedChanged   = Refusal(application.AccountChanged)
)

// Refused is the error of an act that May forbids.
type Refused struct{ Why Refusal }

func (r Refused) Error() string { return "refused: " + string(r.Why) }

// Approval returns which act an approval is now: ActPropose for the first of two
// officials, otherwise ActApprove.
func (d *Service) Approval(c Case) ActKind {
	if d.NeedsSecond(c) && c.Proposal == "" {
		return ActPropose
	}
	return ActApprove
}

// NeedsSecond reports whether two officials have to approve.
func (d *Service) NeedsSecond(c Case) bool { return d.SecondAlways || c.Kind == account.LegalPerson }

// May returns why an official may not do something with a case as it is now, or
// "".
func (d *Service) May(f Dossier, o Official, kind ActKind) Refusal {
	switch {
	case f.Email == o.Email:
		return RefusedOwn
	case !f.Undecided():
		return RefusedOver
	case kind == ActNote:
		return ""
	case kind == ActTake:
		return mayTake(f, o)
	case f.Reviewer == "":
		return RefusedFree
	case f.Reviewer != o.ID:
		return RefusedTaken
	case kind == ActRelease:
		return ""
	case f.State != application.InReview:
		return RefusedWaits
	case kind == ActMore:
		return ""
	case f.did(o.ID, ActPropose):
		return RefusedTwice
	case kind == ActApprove && d.NeedsSecond(f.Case) && f.did(o.ID, ActMore):
		return RefusedSecond
	case f.IsChange() && (kind == ActApprove || kind == ActPropose):
		return Refusal(f.Obstacle(f.Holder))
	}
	return ""
}

func mayTake(f Dossier, o Official) Refusal {
	switch {
	case f.Reviewer != "":
		return RefusedTaken
	case f.State == application.MoreInformation:
		return RefusedWaits
	case f.Proposal == o.ID:
		return RefusedTwice
	}
	return ""
}

// Mail returns the mail about an act; ok is false if there is none. About a change
// request it goes to all addresses of the account.
func (d *Service) Mail(f Dossier, act Act) (m mail.Message, ok bool) {
	switch act.Kind {
	case ActApprove:
		m = d.Letters.Approved(f.Application, d.Now())
	case ActReject:
		m = d.Letters.Rejected(f.Application, act.Reason, act.Text, d.Now())
	case ActMore:
		m = d.Letters.MoreAsked(f.Application, act.Text, d.Now())
	default:
		return mail.Message{}, false
	}
	if f.Holder.ID != "" {
		m.Also = f.Holder.Mailboxes(d.Now())[1:]
	}
	return m, true
}

// ReasonsFor returns the reasons for rejecting a case that are offered.
func (d *Service) ReasonsFor(c Case) []string {
	if !c.IsChange() {
		return d.Reasons
	}
	return slices.DeleteFunc(slices.Clone(d.Reasons), func(reason string) bool { return reason == otherMeans })
}

// actions maps acts to actions of the audit log.
var actions = map[ActKind]audit.Action{
	ActTake: audit.ApplicationTaken, ActRelease: audit.ApplicationReleased, ActNote: audit.ApplicationNoted, ActPropose: audit.ApplicationProposed,
	ActApprove: audit.ApplicationApproved, ActReject: audit.ApplicationRejected, ActMore: audit.ApplicationMoreAsked,
}

// Do carries out an act on a dossier as it was read. It returns Refused when
// May forbids it, and errs.ErrConflict when the case changed meanwhile.
func (d *Service) Do(ctx context.Context, f Dossier, o Official, act Act, by audit.Actor) error {
	if why := d.May(f, o, act.Kind); why != "" {
		return Refused{why}
	}
	if act.Kind == ActApprove && d.Approval(f.Case) != ActApprove {
		return Refused{RefusedSecond}
	}
	act.Member, act.At = o.ID, d.Now()
	done := by.Did(actions[act.Kind], f.ID, act.At).Because(act.Reason)
	if act.Kind == ActPropose || act.Kind == ActApprove {
		unread, err := d.Unread(ctx, f, o)
		if err != nil {
			return err
		}
		if len(unread) > 0 && !act.Unread {
			return Refused{RefusedUnread}
		}
		if len(unread) > 0 {
			done = done.With(map[string]string{"unread": strconv.Itoa(len(unread))})
		}
	}
	rec := effect.Of(done)
	if m, ok := d.Mail(f, act); ok {
		rec.Mails = append(rec.Mails, m)
	}
	switch act.Kind {
	case ActTake:
		return d.Cases.Take(ctx, f.Case, act, rec)
	case ActRelease:
		return d.Cases.Release(ctx, f.Case, act, rec)
	case ActNote:
		return d.Cases.Note(ctx, f.Case, act, rec)
	case ActPropose:
		return d.Cases.Propose(ctx, f.Case, act, rec)
	case ActReject:
		return d.Cases.Reject(ctx, f.Case, act, rec)
	case ActMore:
		return d.Cases.AskMore(ctx, f.Case, act, rec)
	case ActApprove:
		return d.approve(ctx, f, act, rec)
	}
	return fmt.Errorf("application: %s is no act of an official", act.Kind)
}

// readEvents is how many events of a case are read to find which documents an official
// opened.
const readEvents = 1000

// Unread returns the documents of a dossier that may be shown and that the official
// has not opened: not looked at, or for a PDF, which a browser does not show, not
// downloaded.
func (d *Service) Unread(ctx context.Context, f Dossier, o Official) ([]custody.Filed, error) {
	if !slices.ContainsFunc(f.Documents, custody.Filed.MayBeShown) {
		return nil, nil
	}
	events, err := d.Audit.EventsAbout(ctx, audit.ObjectApplication, f.ID, readEvents)
	if err != nil {
		return nil, err
	}
	return unread(f.Documents, events, o.ID), nil
}

func unread(documents []custody.Filed, events []audit.Event, official string) (left []custody.Filed) {
	for _, d := range documents {
		opened := func(e audit.Event) bool {
			return e.ActorKind == audit.ActorStaff && e.ActorID == official && e.Details["document"] == d.ID &&
				(e.Action == audit.DocumentDownloaded || e.Action == audit.DocumentViewed && d.Type != document.TypePDF)
		}
		if d.MayBeShown() && !slices.ContainsFunc(events, opened) {
			left = append(left, d)
		}
	}
	return left
}

// nextRows is the number of cases that TakeNext reads at a time; nextRounds
// limits how often it reads when colleagues take all of them first.
const nextRows, nextRounds = 20, 50

// TakeNext takes the case with the nearest deadline of those that this
// official may take, or the next one when a colleague is faster. It returns
// errs.ErrNotFound when there is none.
func (d *Service) TakeNext(ctx context.Context, o Official, by audit.Actor) (Case, error) {
	q := Query{Show: ShowWaiting, Member: o.ID, Limit: nextRows}
	for range nextRounds {
		part, err := d.Cases.Queue(ctx, q)
		if err != nil {
			return Case{}, err
		}
		raced := false
		for _, c := range part.Cases {
			if f := (Dossier{Case: c}); d.May(f, o, ActTake) == "" {
				if err := d.Do(ctx, f, o, Act{Kind: ActTake}, by); !errors.Is(err, errs.ErrConflict) {
					return c, err
				}
				raced = true
			}
		}
		if q.After = part.Later; raced {
			q.After = "" // the queue changed: read it again from the beginning
		} else if part.Later == "" {
			break
		}
	}
	return Case{}, errs.ErrNotFound
}

func (d *Service) approve(ctx context.Context, f Dossier, act Act, rec effect.Effects) error {
	if f.IsChange() {
		return d.approveChange(ctx, f, act, rec)
	}
	a := f.Account(secret.NewID(d.Rand), act.At)
	approved := rec.Events[0].With(map[string]string{"account": a.ID})
	if f.Proposal != "" {
		approved = approved.With(map[string]string{"first": f.Proposal})
	}
	created := approved.Actor().Did(audit.AccountCreated, a.ID, act.At).Because(act.Reason).With(map[string]string{"application": f.ID})
	rec.Events = []audit.Event{approved, created}
	return d.Cases.Approve(ctx, f.Case, act, a, rec)
}

func (d *Service) approveChange(ctx context.Context, f Dossier, act Act, rec effect.Effects) error {
	approved := rec.Events[0].With(map[string]string{"account": f.Changes})
	if f.Proposal != "" {
		approved = approved.With(map[string]string{"first": f.Proposal})
	}
	rec.Events = []audit.Event{approved, f.DataApproved(approved.Actor(), act.At).Because(act.Reason)}
	return d.Cases.ApproveChange(ctx, f.Case, act, rec)
}
