package sql

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/helpdesk"
)

// before migration 13, with the accounts a and b, and requests in both of the tables
// that were used then.
const oldRequests = `
INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at) VALUES
	('a', 'natural_person', 'a@example.org', '{}', 'nl', 'x', 'blocked', 3, 1), ('b', 'natural_person', 'b@example.org', '{}', 'nl', 'x', 'awaiting_enrolment', 1, 1);
INSERT INTO unblock_cases (id, account_id, epoch, state, second, answers, code_right, rights, wrongs, reason, ticket, opened_by, opened_at, decided_by, decided_at, version) VALUES
	('u-open', 'a', 3, 'open', TRUE, '{"phone":true}', TRUE, 1, 2, '', '', 'olga', 9000000, '', 0, 4),
	('u-done', 'a', 1, 'done', TRUE, '{}', TRUE, 3, 0, 'lost_phone', 'T-1', 'olga', 1000, 'piet', 2000, 5),
	('u-refused', 'a', 2, 'refused', FALSE, '{}', FALSE, 0, 4, '', '', 'piet', 3000, 'piet', 4000, 3);
INSERT INTO account_changes (id, reference, account_id, epoch, kind, state, second, answers, code_asked, code_right, rights, wrongs, reason, ticket, email, tries,
		opened_by, opened_at, confirmed_by, valid_from, valid_until, decided_by, decided_at, version) VALUES
	('c-closing', 'AAAA-AAAA', 'a', 3, 'closing', 'proposed', TRUE, '{}', FALSE, FALSE, 0, 0, 'misuse', 'T-2', '', 0, 'olga', 9000000, '', 0, 0, '', 0, 1),
	('c-done', 'BBBB-BBBB', 'a', 0, 'address', 'done', TRUE, '{}', FALSE, FALSE, 3, 1, 'address_lost', 'T-3', 'b@example.org', 1, 'olga', 1000, 'piet', 2000, 9000, '', 3000, 6),
	('c-holder', 'CCCC-CCCC', 'b', 1, 'address', 'confirmed', TRUE, '{}', FALSE, FALSE, 3, 0, 'address_lost', '', 'b2@example.org', 2, 'olga', 8000000, 'piet', 8500000, 99000000, '', 0, 4);
`

// Helpdesk requests in progress when a server migrates go on, and requests that
// ended still count.
func TestMigrateHelpdeskRequests(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, place place) {
		db := migratedWith(t, place, oldRequests)
		now := time.UnixMilli(9_000_000).UTC()
		for _, want := range []helpdesk.Request{
			{ID: "u-open", AccountID: "a", Epoch: 3, Kind: helpdesk.Unblock, State: helpdesk.Open, Second: true, CodeAsked: true,
				Caller:   helpdesk.Caller{Answers: map[helpdesk.Question]bool{helpdesk.Phone: true}, CodeRight: true, Right: 1, Wrong: 2},
				OpenedBy: "olga", OpenedAt: now, Version: 4},
			{ID: "u-done", AccountID: "a", Epoch: 1, Kind: helpdesk.Unblock, State: helpdesk.Done, Second: true, CodeAsked: true,
				Caller: helpdesk.Caller{CodeRight: true, Right: 3}, Reason: "lost_phone", Ticket: "T-1",
				OpenedBy: "olga", OpenedAt: at(1000), ConfirmedBy: "piet", DecidedBy: "piet", DecidedAt: at(2000), Version: 5},
			{ID: "u-refused", AccountID: "a", Epoch: 2, Kind: helpdesk.Unblock, State: helpdesk.Refused, CodeAsked: true,
				Caller: helpdesk.Caller{Wrong: 4}, OpenedBy: "piet", OpenedAt: at(3000), DecidedBy: "piet", DecidedAt: at(4000), Version: 3},
			{ID: "c-closing", Reference: "AAAA-AAAA", AccountID: "a", Epoch: 3, Kind: helpdesk.Closing, State: helpdesk.Proposed, Second: true,
				Reason: "misuse", Ticket: "T-2", OpenedBy: "olga", OpenedAt: now, Version: 1},
			{ID: "c-done", Reference: "BBBB-BBBB", AccountID: "a", Kind: helpdesk.Address, State: helpdesk.Done, Second: true,
				Caller: helpdesk.Caller{Right: 3, Wrong: 1}, Reason: "address_lost", Ticket: "T-3", Email: "b@example.org", Tries: 1,
				OpenedBy: "olga", OpenedAt: at(1000), ConfirmedBy: "piet", From: at(2000), Until: at(9000), DecidedAt: at(3000), Version: 6},
			{ID: "c-holder", Reference: "CCCC-CCCC", AccountID: "b", Epoch: 1, Kind: helpdesk.Address, State: helpdesk.Confirmed, Second: true,
				Caller: helpdesk.Caller{Right: 3}, Reason: "address_lost", Email: "b2@example.org", Tries: 2,
				OpenedBy: "olga", OpenedAt: at(8_000_000), ConfirmedBy: "piet", From: at(8_500_000), Until: at(99_000_000), Version: 4},
		} {
			if got, err := db.Helpdesk().Request(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Request(%q) = %+v, %v, want %+v, nil", want.ID, got, err, want)
			}
		}
		if got, err := db.Helpdesk().Waiting(t.Context(), now); err != nil || len(got) != 1 || got[0].ID != "c-closing" {
			t.Errorf("Waiting() = %v, %v, want c-closing, nil", got, err)
		}
		var verdict helpdesk.HolderVerdict
		_, err := db.Helpdesk().Try(t.Context(), "c-holder", func(q helpdesk.Request, a account.Account) (helpdesk.Request, effect.Effects, error) {
			q, v, err := helpdesk.TakeCode(q, a, true, now)
			verdict = v
			return q, effect.Effects{}, err
		})
		if err != nil || verdict != helpdesk.CodeRight {
			t.Errorf("the code of a change of before the migration: %s, %v, want %s, nil", verdict, err, helpdesk.CodeRight)
		}
	})
}

// Requests that an older server (before migration 13) ends while servers of two versions
// run count towards the limits of officials and of callers.
func TestMigrateHelpdeskBesideAnOlderServer(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(9_000_000).UTC()
	for name, test := range map[string]struct {
		wrote  string
		begins bool
		second bool
		wrong  int
	}{
		"nothing":        {"", true, false, 0},
		"a new address":  {`UPDATE account_changes SET state = 'done', decided_at = 8900000 WHERE id = 'c-holder'`, true, true, 0},
		"wrong answers":  {`INSERT INTO unblock_cases (id, account_id, epoch, state, second, wrongs, opened_by, opened_at, decided_at) VALUES ('n', 'b', 1, 'cancelled', FALSE, 3, 'olga', 8900000, 8900000)`, true, false, 3},
		"a refused call": {`INSERT INTO unblock_cases (id, account_id, epoch, state, second, wrongs, opened_by, opened_at, decided_at) VALUES ('n', 'b', 1, 'refused', FALSE, 1, 'olga', 8900000, 8900000)`, false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, place place) {
				db := migratedWith(t, place, oldRequests)
				if _, err := db.sql.ExecContext(t.Context(), `UPDATE accounts SET state = 'blocked' WHERE id = 'b'; `+test.wrote); err != nil {
					t.Fatal(err)
				}
				q := helpdesk.Request{ID: "new", AccountID: "b", Epoch: 1, Kind: helpdesk.Unblock, State: helpdesk.Open, CodeAsked: true, OpenedBy: "anna", OpenedAt: now, Version: 1}
				err := db.Helpdesk().Begin(t.Context(), "b", time.Time{}.Add(time.Millisecond), func(a account.Account, found []helpdesk.Request) (helpdesk.Request, []helpdesk.Request, effect.Effects, error) {
					begun, ended, err := helpdesk.Admit(q, a, found)
					return begun, ended, effect.Effects{}, err
				})
				if (err == nil) != test.begins {
					t.Fatalf("Begin() = %v, want success: %v", err, test.begins)
				}
				if got, err := db.Helpdesk().Request(t.Context(), "new"); test.begins && (err != nil || got.Second != test.second || got.Wrong != test.wrong) {
					t.Errorf("Request() has Second %v, Wrong %d, %v, want %v, %d, nil", got.Second, got.Wrong, err, test.second, test.wrong)
				}
				if moved, err := db.Helpdesk().Moved(t.Context(), "b", now); err != nil || moved != test.second {
					t.Errorf("Moved() = %v, %v, want %v, nil", moved, err, test.second)
				}
			})
		})
	}
}

// A write names the judged state of the request as well as its version.
func TestMoveNamesTheState(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, place place) {
		db := migratedWith(t, place, oldRequests)
		var states []helpdesk.State
		_, err := db.Helpdesk().Move(t.Context(), "c-closing", func(q helpdesk.Request, _ account.Account) (helpdesk.Request, effect.Effects, error) {
			if states = append(states, q.State); len(states) == 1 {
				if _, err := db.sql.ExecContext(t.Context(), `UPDATE helpdesk_requests SET state = 'cancelled' WHERE id = 'c-closing'`); err != nil {
					t.Error(err)
				}
			}
			return q, effect.Effects{}, nil
		})
		if want := []helpdesk.State{helpdesk.Proposed, helpdesk.Cancelled}; err != nil || !slices.Equal(states, want) {
			t.Errorf("Move() judges %q, %v, want %q, nil", states, err, want)
		}
	})
}

// migratedWith returns a database that was filled before migration 13.
func migratedWith(t *testing.T, place place, rows string) *DB {
	t.Helper()
	old := place.open()
	old.migratedBy(t, holding(t, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
	if _, err := old.sql.ExecContext(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	db := place.open()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}
