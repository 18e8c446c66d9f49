package signin_test

import (
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/totp"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// house is one account behind the contracts; it writes down what it was asked.
type house struct {
	account.Store
	limit.Lanes
	account account.Account
	open    bool
	rehash  bool
	yes     bool   // the hasher says yes to everything
	fail    string // the call that is unavailable
	asking  sync.Mutex
	asked   []string
	keys    []string
	now     time.Time
	row     sync.Mutex
	taken   int            // references of blocks that another account has
	rec     effect.Effects // of all that was written
}

func (h *house) ask(what string) error {
	h.asking.Lock()
	defer h.asking.Unlock()
	h.asked = append(h.asked, what)
	if what == h.fail {
		return errs.Unavailable(what, errors.New("gone"))
	}
	return nil
}

func (h *house) Try(_ context.Context, key, _ string, _ time.Time) (bool, error) {
	h.keys = append(h.keys, key)
	return h.open, h.ask("try")
}

func (h *house) Clear(context.Context, string, string) error { return h.ask("clear") }

func (h *house) Remember(context.Context, string, string, time.Time) error { return h.ask("remember") }

func (h *house) ByEmail(_ context.Context, email string) (account.Account, error) {
	if err := h.ask("account"); err != nil {
		return account.Account{}, err
	}
	if email != h.account.Email {
		return account.Account{}, errs.ErrNotFound
	}
	return h.account, nil
}

func (h *house) Rehash(_ context.Context, _ string, old, fresh secret.Text) error {
	if old != h.account.PasswordHash || fresh != "new hash" {
		return errors.New("another hash")
	}
	return h.ask("rehash")
}

func (h *house) Verify(_ context.Context, phc, password string) (bool, bool, error) {
	return h.yes || phc != "" && password == "right", h.rehash, h.ask("verify")
}

func (h *house) Hash(context.Context, string) (string, error) { return "new hash", h.ask("hash") }

func newHouse() *house {
	return &house{open: true, now: noon, account: account.Account{ID: "a", Email: "anna@example.com", PasswordHash: "old hash", State: account.Active, Epoch: 1}}
}

func (h *house) rules() *signin.Service {
	return &signin.Service{Accounts: h, Lanes: h, Hasher: h, LaneKey: []byte("key"), Limits: account.DefaultLimits, Rand: rand.Reader, Now: func() time.Time { return h.now }}
}

// The try is counted first, then the account is read, then one hash is made,
// whatever is wrong; a refusal asks nothing else.
func TestLG08_RefusalsAskTheSame(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*house) (email, password string){
		"wrong":        func(*house) (string, string) { return "anna@example.com", "wrong" },
		"unknown":      func(*house) (string, string) { return "nobody@example.com", "right" },
		"unknown, yes": func(h *house) (string, string) { h.yes = true; return "nobody@example.com", "right" },
		"no address":   func(*house) (string, string) { return "nobody", "right" },
		"empty":        func(*house) (string, string) { return "", "right" },
		"too long":     func(*house) (string, string) { return strings.Repeat("é", 300), "right" },
		"locked":       func(h *house) (string, string) { h.open = false; return "anna@example.com", "right" },
		"closed":       func(h *house) (string, string) { h.account.State = account.Closed; return "anna@example.com", "right" },
		"wrong, dated": func(h *house) (string, string) { h.rehash = true; return "anna@example.com", "wrong" },
	} {
		h := newHouse()
		email, password := change(h)
		a, err := h.rules().Password(t.Context(), email, password, signin.From{})
		if !errors.Is(err, signin.ErrRefused) || a.ID != "" || !slices.Equal(h.asked, []string{"account", "try", "verify"}) {
			t.Errorf("%s: %v, asked %v", what, err, h.asked)
		}
	}
}

// Each store and the hashing gate may be away: that is never a refusal.
func TestUnavailableIsNoRefusal(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"try", "account", "verify", "clear"} {
		for _, password := range []string{"right", "wrong"} {
			h := newHouse()
			h.fail = call
			a, err := h.rules().Password(t.Context(), "anna@example.com", password, signin.From{})
			if call == "clear" && password == "wrong" {
				continue
			}
			if !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, signin.ErrRefused) || a.ID != "" {
				t.Errorf("%s away, %s password: %v", call, password, err)
			}
		}
	}
}

// an old hash is renewed by the login that proves it right; that this
// fails stops nobody.
func TestR320_Rehash(t *testing.T) {
	t.Parallel()
	for _, fail := range []string{"", "hash", "rehash"} {
		h := newHouse()
		h.rehash, h.fail = true, fail
		a, err := h.rules().Password(t.Context(), " Anna@Example.com", "right", signin.From{})
		if err != nil || a.ID != "a" || !slices.Contains(h.asked, "hash") || fail == "" && h.asked[len(h.asked)-1] != "rehash" {
			t.Errorf("%q fails: %v, asked %v", fail, err, h.asked)
		}
	}
}

// Blocked is no refusal: after a right password in an open lane the caller
// may tell.
func TestBlockedIsToldByTheCaller(t *testing.T) {
	t.Parallel()
	h := newHouse()
	h.account.State = account.Blocked
	if a, err := h.rules().Password(t.Context(), "anna@example.com", "right", signin.From{}); err != nil || a.State != account.Blocked {
		t.Error(a.State, err)
	}
}

// The lane's key is of the canonical address, and does not hold it.
func TestLG13_LaneKeys(t *testing.T) {
	t.Parallel()
	h := newHouse()
	for _, email := range []string{"anna@example.com", "ANNA@EXAMPLE.COM ", "anna@example.com."} {
		_, _ = h.rules().Password(t.Context(), email, "wrong", signin.From{})
	}
	if len(slices.Compact(h.keys)) != 1 || strings.Contains(h.keys[0], "anna") {
		t.Error(h.keys)
	}
}

// Eight characters that can be read out over a telephone.
func TestReference(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}$`)
	seen, letters := map[string]bool{}, map[rune]int{}
	for range 4000 {
		ref := signin.Reference(rand.Reader)
		if !shape.MatchString(ref) || seen[ref] {
			t.Fatal(ref, seen[ref])
		}
		seen[ref] = true
		for _, r := range ref {
			letters[r]++
		}
	}
	if len(letters) != 33 { // 32 and the dash
		t.Error("letters used:", len(letters))
	}
	defer func() {
		if recover() == nil {
			t.Error("a reference without randomness")
		}
	}()
	signin.Reference(strings.NewReader("short"))
}

// codeHouse is a store in which one account tries codes.
type codeHouse struct {
	changed account.Account // by Change
	account.Store
	try     account.CodeTry
	verdict account.Verdict
	moved   account.BlockReason // of Block
	refuse  []error             // of Block and ShowQR, in order
	now     account.Account     // as it is read again
	sealed  []byte
	rec     effect.Effects
}

func (h *codeHouse) TryCode(_ context.Context, id string, epoch int64, _ time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error) {
	if id != "a" || epoch != 1 {
		return account.Verdict{}, errs.ErrConflict
	}
	h.try.Factor.Failures++
	h.verdict = judge(h.try)
	return h.verdict, nil
}

func (h *codeHouse) next() error {
	if len(h.refuse) == 0 {
		return nil
	}
	err := h.refuse[0]
	h.refuse = h.refuse[1:]
	return err
}

func (h *codeHouse) Block(_ context.Context, _ string, _ int64, reason account.BlockReason, ref string, _ time.Time, rec effect.Effects) error {
	err := h.next()
	if err == nil {
		h.moved, h.rec, h.now.State, h.now.BlockRef = reason, rec, account.Blocked, ref
	}
	return err
}

func (h *codeHouse) Change(_ context.Context, id string, judge func(account.Account) (account.Account, effect.Effects, error)) error {
	next, rec, err := judge(account.Account{ID: id, State: account.Blocked})
	h.changed, h.rec = next, rec
	return err
}

func (h *codeHouse) ShowQR(_ context.Context, _ string, _ int64, sealed []byte, _ time.Time, rec effect.Effects) error {
	err := h.next()
	if err == nil {
		h.sealed, h.rec = sealed, rec
	}
	return err
}

func (h *codeHouse) ByID(context.Context, string) (account.Account, error) { return h.now, nil }

// letters writes mails whose subject says what they are: those that these tests ask
// for.
type letters struct{ signin.Letters }

func (letters) FactorChanged(_ account.Account, change account.AppChange, _ time.Time) mail.Message {
	return mail.Message{Subject: "changed " + string(change)}
}

func (letters) FactorLinked(account.Account, time.Time) mail.Message {
	return mail.Message{Subject: "linked"}
}

func (letters) PasswordLink(a account.Account, p signin.PasswordMail, _ time.Time) mail.Message {
	return mail.Message{
		Subject: "password link", Kind: string(p.Road), To: a.Email, Lang: a.Lang, Text: p.Link + p.Callback, Expires: p.Until, At: p.From,
	}
}

func (letters) PasswordUnknown(email, lang string, until, _ time.Time) mail.Message {
	return mail.Message{Subject: "password link", Kind: string(account.RoadNone), To: email, Lang: lang, Expires: until}
}

func (letters) PasswordChanged(account.Account, time.Time) mail.Message {
	return mail.Message{Subject: "password changed"}
}

func (letters) Disavowed(string, time.Time) []mail.Message {
	return []mail.Message{{Subject: "disavowed"}}
}

func (letters) AccountBlocked(_ account.Account, reason account.BlockReason, ref string, _ time.Time) mail.Message {
	return mail.Message{Subject: "blocked " + string(reason) + " " + ref}
}

func (letters) AccountUnblocked(_ account.Account, link secret.Text, from, _ time.Time) mail.Message {
	return mail.Message{Subject: "unblocked", Text: link, Expires: from}
}

func (letters) RecoveryCode(_ account.Account, code, _ secret.Text, until, _ time.Time) mail.Message {
	return mail.Message{Subject: "code", Text: code, Expires: until}
}

func newRing(t *testing.T) *secret.KeyRing {
	t.Helper()
	text, err := secret.NewKeyRingFile("k1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := secret.ParseKeyRing(text, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func codeService(t *testing.T, h *codeHouse) *signin.Service {
	t.Helper()
	return &signin.Service{Accounts: h, Ring: newRing(t), Letters: letters{}, Limits: account.DefaultLimits, Rand: rand.Reader, Now: func() time.Time { return noon }}
}

// A right code counts once. Before the first right code the fifth wrong one
// blocks, afterwards the tenth, and those before delay the next one.
func TestCode(t *testing.T) {
	t.Parallel()
	step := totp.Step(noon)
	code := func(step int64) string { return codeOf(t, firstKey, step) }
	wrong := code(step + 1000)
	for name, c := range map[string]struct {
		state    account.State
		failures int // before this try
		last     int64
		next     time.Time
		sealed   string // the account, and enrolment, of the secret; "" = none
		typed    string
		want     signin.CodeResult
		reason   account.BlockReason
		logged   string // actions and subjects of mails
		fault    bool
	}{
		"right":                  {account.Active, 0, 0, time.Time{}, "a2", code(step), signin.CodeResult{Outcome: account.Accepted}, "", "account.login", false},
		"previous step":          {account.Active, 0, step - 2, time.Time{}, "a2", code(step - 1), signin.CodeResult{Outcome: account.Accepted}, "", "account.login", false},
		"the first":              {account.QRShown, 4, 0, time.Time{}, "a2", code(step), signin.CodeResult{Outcome: account.Accepted, First: true}, "", "account.factor_linked, linked", false},
		"two steps old":          {account.Active, 0, 0, time.Time{}, "a2", code(step - 2), signin.CodeResult{Outcome: account.Wrong, Left: 9}, "", "account.code_wrong", false},
		"a second time":          {account.Active, 9, step, time.Time{}, "a2", code(step), signin.CodeResult{Outcome: account.Replayed, Wait: 30 * time.Second}, "", "", false},
		"the third wrong one":    {account.Active, 2, 0, time.Time{}, "a2", wrong, signin.CodeResult{Outcome: account.Wrong, Wait: 5 * time.Second, Left: 7}, "", "account.code_wrong", false},
		"the tenth wrong one":    {account.Active, 9, 0, time.Time{}, "a2", wrong, signin.CodeResult{Outcome: account.BlockedNow}, account.TooManyCodes, "account.blocked, blocked too_many_codes", false},
		"the fifth, enrolling":   {account.QRShown, 4, 0, time.Time{}, "a2", wrong, signin.CodeResult{Outcome: account.BlockedNow}, account.EnrolmentCodes, "account.blocked, blocked enrolment_codes", false},
		"the fourth, enrolling":  {account.QRShown, 3, 0, time.Time{}, "a2", wrong, signin.CodeResult{Outcome: account.Wrong, Wait: 5 * time.Second, Left: 1}, "", "account.code_wrong", false},
		"within the delay":       {account.Active, 3, 0, noon.Add(1), "a2", code(step), signin.CodeResult{Outcome: account.TooSoon, Wait: 1}, "", "", false},
		"delay over":             {account.Active, 3, 0, noon, "a2", code(step), signin.CodeResult{Outcome: account.Accepted}, "", "account.login", false},
		"an earlier enrolment's": {account.Active, 9, 0, time.Time{}, "a1", wrong, signin.CodeResult{}, "", "", true},
		"another account's":      {account.Active, 9, 0, time.Time{}, "b2", wrong, signin.CodeResult{}, "", "", true},
		"no secret":              {account.Active, 9, 0, time.Time{}, "", wrong, signin.CodeResult{}, "", "", true},
	} {
		h := &codeHouse{try: account.CodeTry{State: c.state, Enrolment: 2, Factor: account.Factor{Failures: c.failures, LastStep: c.last, NextTryAt: c.next}}}
		s := codeService(t, h)
		if c.sealed != "" {
			h.try.Factor.Sealed = seal(t, s.Ring, firstKey, account.FactorAAD(c.sealed[:1], int(c.sealed[1]-'0')))
		}
		got, err := s.Code(t.Context(), account.Account{ID: "a", Epoch: 1}, c.typed, signin.From{Origin: "192.0.2.0/24", RequestID: "r1"})
		if got != c.want || errors.Is(err, errs.ErrUnavailable) != c.fault || err != nil && !c.fault {
			t.Errorf("%s: Code() = %+v, %v, want %+v, a fault: %t", name, got, err, c.want, c.fault)
		}
		if c.fault && h.verdict.Outcome != account.TooSoon {
			t.Errorf("%s: the verdict is %s, want %s, which counts nothing", name, h.verdict.Outcome, account.TooSoon)
		}
		if h.verdict.Reason != c.reason {
			t.Errorf("%s: Code() blocks for %q, want %q", name, h.verdict.Reason, c.reason)
		}
		if logged := said(h.verdict.Effects, h.verdict.BlockRef); logged != c.logged {
			t.Errorf("%s: Code() has the effects %q, want %q", name, logged, c.logged)
		}
		for _, e := range h.verdict.Effects.Events {
			if e.ObjectID != "a" || e.Origin != "192.0.2.0/24" || e.RequestID != "r1" || !e.At.Equal(noon) {
				t.Errorf("%s: Code() logs %+v, want it about a, at noon, from its network and request", name, e)
			}
		}
	}
	if _, err := codeService(t, &codeHouse{}).Code(t.Context(), account.Account{ID: "a", Epoch: 2}, wrong, signin.From{}); !errors.Is(err, errs.ErrConflict) {
		t.Errorf("Code() of another epoch = %v, want errs.ErrConflict", err)
	}
}

// said returns the actions of the events and the subjects of the mails, without
// a reference.
func said(e effect.Effects, ref string) string {
	var out []string
	for _, event := range e.Events {
		out = append(out, string(event.Action))
	}
	for _, m := range e.Mails {
		out = append(out, strings.TrimSuffix(m.Subject, " "+ref))
	}
	return strings.Join(out, ", ")
}

// A lapsed enrolment is blocked at the login, and no other.
func TestLapse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state account.State
		shown time.Time
		want  account.BlockReason
	}{
		"seven days":        {account.QRShown, noon.AddDate(0, 0, -7), account.EnrolmentLate},
		"not yet":           {account.QRShown, noon.AddDate(0, 0, -7).Add(1), ""},
		"active since long": {account.Active, noon.AddDate(0, 0, -70), ""},
	} {
		h := &codeHouse{}
		h.now.ID = "a"
		got, err := codeService(t, h).Lapse(t.Context(), account.Account{ID: "a", State: c.state, Factor: account.Factor{ShownAt: c.shown}}, signin.From{})
		if err != nil || h.moved != c.want || (got.State == account.Blocked) != (c.want != "") {
			t.Errorf("%s: Lapse() = %s, %v, blocked for %q, want %q", name, got.State, err, h.moved, c.want)
		}
	}
}

// A reference that another account has is drawn again; an account that changed
// is returned as it is.
func TestBlock(t *testing.T) {
	t.Parallel()
	a := account.Account{ID: "a", State: account.Active, Epoch: 1}
	moved := account.Account{ID: "a", State: account.Closed, Epoch: 2}
	for name, c := range map[string]struct {
		refuse []error
		now    account.Account
		want   account.State
		err    error
	}{
		"at once":              {nil, a, account.Blocked, nil},
		"reference taken":      {[]error{errs.ErrConflict, errs.ErrConflict}, a, account.Blocked, nil},
		"taken three times":    {[]error{errs.ErrConflict, errs.ErrConflict, errs.ErrConflict}, a, account.Active, nil},
		"changed since":        {[]error{errs.ErrConflict}, moved, account.Closed, nil},
		"the store is away":    {[]error{errs.ErrUnavailable}, a, "", errs.ErrUnavailable},
		"away at the next try": {[]error{errs.ErrConflict, errs.ErrUnavailable}, a, "", errs.ErrUnavailable},
	} {
		h := &codeHouse{now: c.now, refuse: c.refuse}
		got, err := codeService(t, h).Block(t.Context(), a, account.NotScanned, signin.From{})
		if !errors.Is(err, c.err) || got.State != c.want {
			t.Errorf("%s: Block() = %s, %v, want %s, %v", name, got.State, err, c.want, c.err)
		}
	}
}

// The secret that is returned is the one that is stored, and nothing is
// returned when it is not stored.
func TestShowQR(t *testing.T) {
	t.Parallel()
	a := account.Account{ID: "a", Epoch: 1, Unblocks: 3}
	h := &codeHouse{}
	s := codeService(t, h)
	key, err := s.ShowQR(t.Context(), a, true, signin.From{})
	if err != nil || said(h.rec, "") != "account.qr_shown" {
		t.Fatalf("ShowQR() = %v, with the effects %q, want account.qr_shown", err, said(h.rec, ""))
	}
	if plain, err := s.Ring.Open(h.sealed, account.FactorAAD("a", 3)); err != nil || !key.Equal(string(plain)) {
		t.Errorf("ShowQR() stored a secret that opens with %v, want the one that it returned", err)
	}
	h.refuse = []error{errs.ErrConflict}
	if key, err := s.ShowQR(t.Context(), a, true, signin.From{}); key != "" || !errors.Is(err, errs.ErrConflict) {
		t.Errorf("ShowQR() a second time = a key: %t, %v, want none and errs.ErrConflict", key != "", err)
	}
}

func TestUnblock(t *testing.T) {
	t.Parallel()
	h := &codeHouse{}
	err := codeService(t, h).Unblock(t.Context(), account.Account{ID: "a"}, account.RenewalDue, "root", "ticket 12")
	if err != nil || said(h.rec, "") != "account.unblocked, unblocked" || h.rec.Events[0].Reason != "ticket 12" {
		t.Errorf("Unblock() = %v, with the effects %+v, want account.unblocked with the reason, and a mail", err, h.rec)
	}
	if h.changed.State != account.AwaitingEnrolment || h.changed.Renewal != account.RenewalDue {
		t.Errorf("Unblock() wrote %+v", h.changed)
	}
}

// A callback code is of one account, one block of it and this quarter of an
// hour or the two before it (Z7: as long as the page that showed it lasts).
func TestZ7_Callback(t *testing.T) {
	t.Parallel()
	k := signin.Callback("key")
	a := account.Account{ID: "a", Epoch: 4, State: account.Blocked}
	code := k.Code(a, noon)
	if !regexp.MustCompile(`^[0-9]{4} [0-9]{4}$`).MatchString(code) {
		t.Fatalf("Code() = %q, want two groups of four digits", code)
	}
	later, other, open := a, a, a
	later.Epoch, other.ID, open.State = 5, "b", account.Active
	for name, c := range map[string]struct {
		account account.Account
		typed   string
		after   time.Duration
		want    bool
	}{
		"as shown":           {a, code, 0, true},
		"without the space":  {a, strings.ReplaceAll(code, " ", ""), 0, true},
		"with more spaces":   {a, "  " + strings.Join(strings.Split(code, ""), " "), 0, true},
		"next quarter":       {a, code, 15 * time.Minute, true},
		"two quarters later": {a, code, 30 * time.Minute, true},
		"three later":        {a, code, 45 * time.Minute, false},
		"earlier":            {a, code, -time.Second, false},
		"another block":      {later, code, 0, false},
		"another account":    {other, code, 0, false},
		"not blocked":        {open, code, 0, false},
		"empty":              {a, "", 0, false},
		"half":               {a, code[:4], 0, false},
	} {
		if got := k.Right(c.account, c.typed, noon.Add(c.after)); got != c.want {
			t.Errorf("%s: Right() = %t, want %t", name, got, c.want)
		}
	}
}

// Z7: a code of a mail is right in its quarter of an hour and the four after it, and is
// told apart from one of the page: it does not prove the password.
func TestZ7_MailedCallback(t *testing.T) {
	t.Parallel()
	k := signin.Callback("key")
	a := account.Account{ID: "a", Epoch: 4, State: account.Blocked}
	code := k.MailedCode(a, noon)
	if code == k.Code(a, noon) {
		t.Errorf("MailedCode() = %s, want another one than Code()", code)
	}
	later := a
	later.Epoch = 5
	for name, c := range map[string]struct {
		account       account.Account
		typed         string
		after         time.Duration
		mailed, right bool
	}{
		"as mailed":           {a, code, 0, true, true},
		"four quarters later": {a, code, time.Hour, true, true},
		"at the end":          {a, code, 75*time.Minute - time.Second, true, true},
		"five later":          {a, code, 75 * time.Minute, false, false},
		"another block":       {later, code, 0, false, false},
		"of the page":         {a, k.Code(a, noon), 0, false, true},
		"of the page, later":  {a, k.Code(a, noon), 45 * time.Minute, false, false},
	} {
		now := noon.Add(c.after)
		if mailed, right := k.Mailed(c.account, c.typed, now), k.Right(c.account, c.typed, now); mailed != c.mailed || right != c.right {
			t.Errorf("%s: Mailed() = %t, Right() = %t, want %t, %t", name, mailed, right, c.mailed, c.right)
		}
	}
}

// WithReference draws another reference only while the account is as it was.
func TestWithReference(t *testing.T) {
	t.Parallel()
	unknown := errors.New("unknown")
	for name, c := range map[string]struct {
		results []error      // of do
		change  func(*house) // during the first call of do
		want    error
		calls   int
	}{
		"at once":           {[]error{nil}, nil, nil, 1},
		"taken once":        {[]error{errs.ErrConflict, nil}, nil, nil, 2},
		"taken three times": {[]error{errs.ErrConflict, errs.ErrConflict, errs.ErrConflict, nil}, nil, errs.ErrConflict, 3},
		"another error":     {[]error{unknown, nil}, nil, unknown, 1},
		"another epoch":     {[]error{errs.ErrConflict, nil}, func(h *house) { h.account.Epoch++ }, errs.ErrConflict, 1},
		"another state":     {[]error{errs.ErrConflict, nil}, func(h *house) { h.account.State = account.Closed }, errs.ErrConflict, 1},
		"gone":              {[]error{errs.ErrConflict, nil}, func(h *house) { h.account.ID = "b" }, errs.ErrNotFound, 1},
		"away":              {[]error{errs.ErrConflict, nil}, func(h *house) { h.fail = "account by id" }, errs.ErrUnavailable, 1},
	} {
		h := newHouse()
		var drawn []string
		err := signin.WithReference(t.Context(), h, h.account, newDice(), func(ref string) error {
			drawn = append(drawn, ref)
			if c.change != nil {
				c.change(h)
			}
			return c.results[len(drawn)-1]
		})
		slices.Sort(drawn)
		if !errors.Is(err, c.want) || len(drawn) != c.calls || len(slices.Compact(drawn)) != c.calls {
			t.Errorf("%s: WithReference() = %v after the references %q, want %v after %d", name, err, drawn, c.want, c.calls)
		}
	}
}

// X4: no secret is made for an account that was unblocked before the delay is over and a
// mailed code was right.
func TestX4_ShowQRBeforeItsTime(t *testing.T) {
	t.Parallel()
	unblocked := account.Account{
		ID: "a", State: account.AwaitingEnrolment, Epoch: 1, Unblocks: 1, UnblockedAt: noon, LastLoginAt: noon.Add(-time.Hour),
	}
	for name, c := range map[string]struct {
		mailbox bool
		delay   time.Duration
		want    error
	}{
		"with the code":          {true, 0, nil},
		"without a code":         {false, 0, errs.ErrConflict},
		"within the delay":       {true, 1, errs.ErrConflict},
		"within it, without one": {false, 1, errs.ErrConflict},
	} {
		h := &codeHouse{}
		s := codeService(t, h)
		s.Limits.RecoveryDelay = c.delay
		key, err := s.ShowQR(t.Context(), unblocked, c.mailbox, signin.From{})
		if !errors.Is(err, c.want) || (key != "") != (c.want == nil) || (h.sealed != nil) != (c.want == nil) {
			t.Errorf("%s: ShowQR() = a secret: %t, %v, want %v", name, key != "", err, c.want)
		}
	}
	h := &codeHouse{}
	s := codeService(t, h)
	s.Rand = strings.NewReader("short")
	if key, err := s.ShowQR(t.Context(), account.Account{ID: "a", Epoch: 1}, true, signin.From{}); key != "" || err == nil || h.sealed != nil {
		t.Errorf("ShowQR() without randomness = a secret: %t, %v, want an error", key != "", err)
	}
}
