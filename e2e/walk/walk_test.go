package walk_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// walk is one account, what its holder knows and has, what the second person knows and
// has, and what the model says of both.
type walk struct {
	t *rapid.T
	s *site.Site

	first     string // the first address
	email     string
	moved     int           // changes of address
	officials int           // who worked on the account
	password  string        // the present one
	holder    *site.Browser // with the authenticator app
	second    secret.Text   // the key of the second app; "" if there is none
	a         account.Account
	once      bool // the account was active once

	linked    bool   // an app was enrolled in the login under way
	disavowal string // the link in the mail about it
	moves     []move // changes of address that can be undone, the oldest first

	// The second person.
	mailbox bool     // reads the mails
	knows   []string // passwords that the account has or had
	stolen  []*site.Browser
	spent   []string // links that were used, or that a change voided
}

// move is a change of address, and what the account was before it.
type move struct {
	link, email, password string
	seed, second          secret.Text
	before                account.Account
}

// TestWalk: in no order of these acts, with a second person who tries at each step what
// he can, does an account that is not active get a code, a link work twice, a session
// outlive a change that ends it, the factor change without the factor or two officials,
// or a mailbox alone give password and factor.
func TestWalk(t *testing.T) { walks(t, "5") }

// TestLongWalk is TestWalk with more orders.
func TestLongWalk(t *testing.T) {
	testenv.Long(t)
	walks(t, "40")
}

func walks(t *testing.T, checks string) {
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.nofailfile": "true", "rapid.shrinktime": "1m"} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	s := site.New(t, nil)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		w := &walk{t: t, s: s, first: fmt.Sprintf("walk%d@example.com", n), email: fmt.Sprintf("walk%d@example.com", n), password: site.Password, mailbox: rapid.Bool().Draw(t, "mailbox")}
		w.a = s.Person(w.email)
		w.holder = s.Browser()
		if rapid.Bool().Draw(t, "password") {
			w.knows = append(w.knows, w.password)
		}
		t.Repeat(map[string]func(*rapid.T){
			"":                 func(t *rapid.T) { empty(t, s); w.invariants() },
			"log in":           func(*rapid.T) { w.login() },
			"steal a session":  func(*rapid.T) { w.steal() },
			"log out":          func(*rapid.T) { w.logout() },
			"change password":  func(*rapid.T) { w.change() },
			"forget password":  func(*rapid.T) { w.forget() },
			"ask for a link":   func(*rapid.T) { _ = w.ask() },
			"disavow":          func(*rapid.T) { w.disavow() },
			"block and enrol":  func(*rapid.T) { w.block() },
			"new phone":        func(*rapid.T) { w.newPhone() },
			"second app":       func(*rapid.T) { w.secondApp() },
			"remove an app":    func(*rapid.T) { w.removeApp() },
			"change address":   func(*rapid.T) { w.moveAddress() },
			"undo a change":    func(*rapid.T) { w.undo() },
			"helpdesk moves":   func(*rapid.T) { w.correct() },
			"close and reopen": func(*rapid.T) { w.close() },
			"time passes":      func(*rapid.T) { w.pass() },
			"second person":    func(*rapid.T) { w.attack() },
			"wrong passwords":  func(*rapid.T) { w.guess() },
			"password is told": func(*rapid.T) { w.tell() },
		})
	})
}

// empty empties the outbox, of which the kit reads the first mails.
func empty(t *rapid.T, s *site.Site) {
	for {
		items, err := s.Stores.DB.Outbox().Take(context.Background(), s.Clock.Now().Add(24*time.Hour), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			return
		}
		for _, m := range items {
			if err := s.Stores.DB.Outbox().Sent(context.Background(), m.Message, s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (w *walk) must(err error) {
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *walk) request() site.Request { return site.NewRequest("web", site.CallbackURI) }

// reload reads the account.
func (w *walk) reload() account.Account {
	a, err := w.s.Stores.DB.Accounts().ByID(context.Background(), w.a.ID)
	w.must(err)
	return a
}

// at demands the page of a browser.
func (w *walk) at(b *site.Browser, path string) {
	if b.URL.Path != path {
		w.t.Fatalf("at %s (status %d), want %s\n%s", b.URL, b.Status, path, b.Body)
	}
}

// raised ends what the last epoch had: the model of every change that raises it.
func (w *walk) raised(by int64) {
	if a := w.reload(); a.Epoch != w.a.Epoch+by {
		w.t.Fatalf("epoch %d after %d, want %d more", a.Epoch, w.a.Epoch, by)
	}
	w.a = w.reload()
}

// enter logs the holder in at a portal, whatever the account's state asks for.
func (w *walk) enter() {
	w.s.Clock.Add(30 * time.Second)
	b := w.holder
	b.Authorize(w.request().With("prompt", "login"))
	w.at(b, "/login")
	for range 12 {
		switch b.URL.Path {
		case "/login":
			if b.Status == http.StatusUnprocessableEntity { // strangers have filled the lane
				w.s.Clock.Add(2 * time.Hour)
				b.Authorize(w.request().With("prompt", "login"))
			}
			b.Submit("email", w.email, "password", w.password)
		case "/enrol/code":
			b.Submit("send", "yes").Submit("code", w.s.MailedCode("recovery-code", w.email))
		case "/password/renew":
			w.password = fmt.Sprintf("renewed password number %d", w.s.Clock.Now().Unix())
			b.Submit("password", w.password)
			w.a = w.reload()
		case "/enrol":
			b.Submit()
			w.at(b, "/enrol/qr")
			b.Scan().Get("/login/code?" + b.URL.RawQuery)
			w.linked, w.second = true, ""
		case "/login/code":
			app := b
			if w.second != "" && rapid.Bool().Draw(w.t, "second app") {
				app = w.with(w.second)
			}
			b.Submit("code", app.Code())
		default:
			if b.URL.Query().Get("code") == "" {
				w.t.Fatalf("the holder did not arrive: at %s (status %d)\n%s", b.URL, b.Status, b.Body)
			}
			if w.linked {
				w.disavowal, w.linked = w.s.MailedLink("factor-linked", w.email, "/login/disavow"), false
			}
			w.a, w.once = w.reload(), true
			return
		}
	}
	w.t.Fatalf("the holder did not arrive: at %s (status %d)\n%s", b.URL, b.Status, b.Body)
}

func (w *walk) login() { w.enter() }

// in has the holder logged in, with password and code of the last minutes.
func (w *walk) in() { w.enter() }

// steal copies the cookies of the holder's browser.
func (w *walk) steal() {
	if w.a.State != account.Active {
		w.t.Skip("not logged in")
	}
	w.keep()
}

func (w *walk) logout() {
	b := w.holder
	if b.Get("/end_session"); strings.Contains(b.Body, "id_token_hint") || strings.Contains(b.Body, `action="/logout"`) {
		b.Submit()
	}
	b.Get("/portals")
	w.at(b, "/login")
	w.dead("a log out", w.stolen)
}

// lately is how many sessions and links are tried again after each act: earlier ones
// were tried when they ended.
const lately = 4

// keep copies the holder's browser, as somebody who steals its session.
func (w *walk) keep() {
	w.stolen = append(w.stolen, w.holder.Copy())
	w.stolen = w.stolen[max(0, len(w.stolen)-lately):]
}

// use notes that a link was used, or voided.
func (w *walk) use(link string) {
	w.spent = append(w.spent, link)
	w.spent = w.spent[max(0, len(w.spent)-lately):]
}

// dead demands that no browser of a list is logged in.
func (w *walk) dead(after string, browsers []*site.Browser) {
	for _, b := range browsers {
		if b.Copy().Get("/portals").URL.Path == "/portals" {
			w.t.Fatalf("a session outlives %s", after)
		}
		if got := b.Copy().Authorize(w.request()); got.URL.Query().Get("code") != "" {
			w.t.Fatalf("a session outlives %s, and gets a code", after)
		}
	}
}

func (w *walk) change() {
	w.in()
	w.keep()
	w.password = fmt.Sprintf("changed password number %d", w.s.Clock.Now().Unix())
	b := w.holder.Get("/password/change")
	w.at(b, "/password/change")
	b.Submit("password", w.password)
	w.at(b, "/password/changed")
	w.raised(1)
	w.dead("a change of the password", w.stolen)
	if b.Get("/portals").URL.Path != "/portals" {
		w.t.Fatal("the holder's own session ended with the change")
	}
}

// ask has a link mailed and returns it; "" if it is too soon or there is none.
func (w *walk) ask() string {
	w.s.Clock.Add(31 * time.Minute)
	w.s.Browser().Get("/password/forgotten").Submit("email", w.email)
	text := w.s.Mailed("password-link", w.email)
	if !strings.Contains(text, "/password/new?link=") {
		return ""
	}
	return w.s.MailedLink("password-link", w.email, "/password/new")
}

func (w *walk) forget() {
	a := w.reload()
	link := w.ask()
	lost := w.once && a.State != account.Active
	if (link == "") != (lost || a.State == account.Blocked) {
		w.t.Fatalf("a link is mailed: %t, to an account that is %s and was active: %t", link != "", a.State, w.once)
	}
	if link == "" {
		return
	}
	b := w.s.Browser()
	b.Seed = w.holder.Seed
	b.Get(link).Submit()
	w.use(link)
	if a.State == account.Active {
		w.at(b, "/password/code")
		b.Submit("code", b.Code())
	}
	w.at(b, "/password/choose")
	w.password = fmt.Sprintf("forgotten password number %d", w.s.Clock.Now().Unix())
	b.Submit("password", w.password)
	w.at(b, "/password/done")
	w.keep()
	w.raised(1)
	if w.a.State != a.State || !bytes.Equal(w.a.Factor.Sealed, a.Factor.Sealed) {
		w.t.Fatalf("a reset changed %+v into %+v", a, w.a)
	}
	w.dead("a reset", w.stolen)
	w.dead("a reset", []*site.Browser{b})
}

// disavow blocks the account by the link in a mail, and has it unblocked.
func (w *walk) disavow() {
	if w.disavowal == "" || w.a.State != account.Active {
		w.t.Skip("no mail about security")
	}
	link := w.disavowal
	b := w.s.Browser().Get(link)
	if b.Status == http.StatusGone {
		return // ten days have passed, or an unblock since
	}
	b.Submit()
	w.at(b, "/login/disavowed")
	w.use(link)
	w.keep()
	w.raised(1)
	w.dead("a disavowal", w.stolen)
	w.unblock()
}

var phoneLink = regexp.MustCompile(`href="(/enrol/apps/qr\?id=[0-9]+)"`)

// newPhone replaces the app: the old one works until the new one is confirmed.
func (w *walk) newPhone() {
	w.in()
	w.keep()
	b, old := w.holder, w.holder.Seed
	b.Get("/enrol/apps")
	w.at(b, "/enrol/apps")
	link := phoneLink.FindStringSubmatch(b.Body)
	if link == nil {
		w.t.Fatalf("no link for a new phone:\n%s", b.Body)
	}
	b.Get(link[1]).Submit()
	w.at(b, "/enrol/apps/qr")
	b.Scan()
	fresh := b.Seed
	b.Seed = old
	if before := w.reload(); !bytes.Equal(before.Factor.Sealed, w.a.Factor.Sealed) {
		w.t.Fatal("a QR code that is shown replaces the app")
	}
	b.Seed = fresh
	b.Get("/enrol/apps/code").Submit("code", b.Code())
	w.at(b, "/enrol/apps/done")
	w.raised(1)
	w.dead("a new app", w.stolen)
	w.useless(old)
}

// with returns a browser with the app of a key.
func (w *walk) with(key secret.Text) *site.Browser {
	b := w.s.Browser()
	b.Seed = key
	return b
}

// useless demands that an app that was replaced or removed does not log in.
func (w *walk) useless(key secret.Text) {
	thief := w.with(key).Authorize(w.request()).Submit("email", w.email, "password", w.password)
	if thief.URL.Path == "/login/code" {
		w.s.Clock.Add(30 * time.Second)
		if thief.Submit("code", thief.Code()); thief.URL.Query().Get("code") != "" {
			w.t.Fatal("an app that was replaced or removed logs in")
		}
		w.a = w.reload()
	}
}

// secondApp links another app beside the first one.
func (w *walk) secondApp() {
	if w.second != "" {
		w.t.Skip("there is one")
	}
	w.in()
	w.keep()
	b, first := w.holder, w.holder.Seed
	b.Get("/enrol/apps/qr?id=second").Submit("name", "Tablet")
	w.at(b, "/enrol/apps/qr")
	b.Scan().Get("/enrol/apps/code").Submit("code", b.Code())
	w.at(b, "/enrol/apps/done")
	w.second, b.Seed = b.Seed, first
	w.raised(1)
	w.dead("a second app", w.stolen)
}

var removeLink = regexp.MustCompile(`href="(/enrol/apps/remove\?id=[0-9]+)"`)

// removeApp removes one of two apps.
func (w *walk) removeApp() {
	if w.second == "" {
		w.t.Skip("the last app cannot be removed")
	}
	w.in()
	if w.second == "" {
		w.t.Skip("the account was enrolled again")
	}
	w.keep()
	b := w.holder.Get("/enrol/apps")
	links := removeLink.FindAllStringSubmatch(b.Body, -1)
	if len(links) != 2 {
		w.t.Fatalf("%d apps can be removed, want 2\n%s", len(links), b.Body)
	}
	which := rapid.IntRange(0, 1).Draw(w.t, "app")
	b.Get(links[which][1]).Submit()
	w.at(b, "/enrol/apps/done")
	gone := w.second
	if which == 0 {
		gone, b.Seed = b.Seed, w.second
	}
	w.second = ""
	w.raised(1)
	w.dead("the removal of an app", w.stolen)
	w.useless(gone)
}

func (w *walk) moveAddress() {
	w.in()
	w.keep()
	m := move{email: w.email, password: w.password, seed: w.holder.Seed, second: w.second, before: w.reload()}
	to := w.another()
	b := w.holder.Get("/address/change")
	w.at(b, "/address/change")
	b.Submit("email", to)
	w.at(b, "/address/code")
	b.Submit("code", w.s.MailedCode("own-address-code", to))
	w.at(b, "/address/changed")
	w.email = to
	w.raised(1)
	w.dead("a change of address", w.stolen)
	m.link = w.s.MailedLink("own-address-changed", m.email, "/address/undo")
	w.moves = append(w.moves, m)
}

// another returns an address that the account has not had.
func (w *walk) another() string {
	w.moved++
	return fmt.Sprintf("moved%d-%s", w.moved, w.first)
}

// desk returns a new member of the helpdesk, logged in.
func (w *walk) desk() *site.Browser {
	w.officials++
	return w.s.Official(fmt.Sprintf("official%d-%s", w.officials, w.first), staff.Helpdesk)
}

// correct has two members of the helpdesk change the address, without the holder.
func (w *walk) correct() {
	if w.a.State != account.Active {
		w.t.Skip("not active")
	}
	w.keep()
	was := w.reload()
	w.email = w.another()
	w.s.ChangeAddress(w.desk(), w.desk(), was, w.email)
	w.raised(1)
	w.dead("a change of address by the helpdesk", w.stolen)
	if !bytes.Equal(w.a.Factor.Sealed, was.Factor.Sealed) || w.a.PasswordHash != was.PasswordHash {
		w.t.Fatalf("a change of address changed %+v into %+v", was, w.a)
	}
}

// close has the helpdesk close the account, and reopen it.
func (w *walk) close() {
	w.keep()
	first := w.desk()
	first.Post("/console/helpdesk/close?id="+w.a.ID, "reason", "holder_asked_closing", "ticket", "M-9", "sure", "yes")
	if first.URL.Path == "/console/helpdesk/request" { // soon after an unblock
		w.desk().Post("/console/helpdesk/request?"+first.URL.RawQuery, "action", "confirm")
	}
	w.raised(1)
	w.dead("the end of the account", append([]*site.Browser{w.holder}, w.stolen...))
	w.attack()
	w.desk().Post("/console/helpdesk/reopen?id="+w.a.ID, "reason", "closing_mistaken", "ticket", "M-10", "sure", "yes")
	w.raised(1)
	if w.a.State != account.Blocked {
		w.t.Fatalf("a reopened account is %s", w.a.State)
	}
	w.attack()
	w.unblock()
}

// undo uses the link of a change of address: what the account was then comes back, and it
// is blocked if the password or the enrolment is another one.
func (w *walk) undo() {
	if len(w.moves) == 0 || w.a.State != account.Active {
		w.t.Skip("nothing to undo")
	}
	i := rapid.IntRange(0, len(w.moves)-1).Draw(w.t, "change")
	m, before := w.moves[i], w.reload()
	b := w.s.Browser().Get(m.link)
	if b.Status == http.StatusGone { // seven days have passed
		w.moves = slices.Delete(w.moves, i, i+1)
		w.use(m.link)
		if w.s.Clock.Now().Before(m.before.LastLoginAt.Add(6 * 24 * time.Hour)) {
			w.t.Fatalf("a link that undoes a change does not work:\n%s", b.Body)
		}
		return
	}
	for _, later := range w.moves[i:] {
		w.use(later.link)
	}
	w.moves = w.moves[:i]
	w.keep()
	b.Submit()
	w.at(b, "/address/undone")
	w.raised(1)
	w.dead("the undo of a change of address", w.stolen)
	enrolled, another := before.Unblocks != m.before.Unblocks, before.PasswordHash != m.before.PasswordHash
	if w.a.Email != m.email || (w.a.State == account.Blocked) != (enrolled || another) {
		w.t.Fatalf("after the undo (enrolled again %t, another password %t): %+v", enrolled, another, w.a)
	}
	if !enrolled && !bytes.Equal(w.a.Factor.Sealed, m.before.Factor.Sealed) {
		w.t.Fatal("the undo does not bring the app back")
	}
	w.email = m.email
	if another {
		w.password = m.password
	}
	if !enrolled {
		w.holder.Seed, w.second = m.seed, m.second
	}
	if w.a.State == account.Blocked {
		w.unblock()
	}
}

func (w *walk) block() {
	if w.a.State == account.Blocked {
		w.t.Skip("blocked")
	}
	w.keep()
	w.must(w.s.SignIn.Accounts.Block(context.Background(), w.a.ID, 0, account.Reported, fmt.Sprintf("WALK-%d", w.s.Clock.Now().UnixNano()), w.s.Clock.Now(), effect.Effects{}))
	w.raised(1)
	w.dead("a block", w.stolen)
	w.attack()
	w.unblock()
}

func (w *walk) unblock() {
	w.must(w.s.Unblock(w.reload())) // as two people would
	w.second = ""
	w.raised(1)
	w.dead("an unblock", w.stolen)
	w.attack()
}

func (w *walk) pass() {
	w.s.Clock.Add(time.Duration(rapid.SampledFrom([]int{1, 11, 31, 61, 13 * 60, 11 * 24 * 60}).Draw(w.t, "minutes")) * time.Minute)
}

func (w *walk) guess() { w.s.FillLane(w.email) }

// tell has the second person learn the present password.
func (w *walk) tell() { w.knows = append(w.knows, w.password) }

// sameApps reports whether two accounts have the same apps.
func sameApps(a, b account.Account) bool {
	return bytes.Equal(a.Factor.Sealed, b.Factor.Sealed) && bytes.Equal(a.Apps.Second.Sealed, b.Apps.Second.Sealed)
}

// attack has the second person try what he can, and demands that nothing of the account
// changes by it. Before the account was active once there is nothing to protect: the
// mailbox, or the password, is all that its holder has.
func (w *walk) attack() {
	if !w.once {
		return
	}
	before := w.reload()
	for _, b := range w.stolen {
		for _, path := range []string{"/password/change", "/password/choose", "/password/renew", "/password/code", "/password/new", "/address/change", "/address/code", "/enrol/apps", "/enrol/apps/code", "/me/data"} {
			b := b.Copy()
			w.s.Clock.Add(11 * time.Minute) // a session alone, without the step up
			b.Post(path, "password", "the password of a thief")
		}
	}
	if w.mailbox {
		w.readMails(before)
	}
	for _, password := range w.knows {
		b := w.s.Browser().Authorize(w.request())
		b.Submit("email", w.email, "password", password)
		if b.URL.Path == "/enrol" || b.URL.Path == "/enrol/qr" || b.URL.Query().Get("code") != "" {
			w.t.Fatalf("a password alone leads to %s", b.URL)
		}
	}
	after := w.reload()
	if after.PasswordHash != before.PasswordHash || !sameApps(after, before) || after.Epoch != before.Epoch || after.State != before.State || after.Email != before.Email {
		w.t.Fatalf("the second person changed %+v into %+v", before, after)
	}
}

// readMails has the second person use what is in the mailbox, without the factor.
func (w *walk) readMails(a account.Account) {
	link := w.ask()
	if link == "" {
		return
	}
	if a.State != account.Active {
		w.t.Fatalf("a mailbox gets a link for an account that is %s", a.State)
	}
	b := w.s.Browser().Get(link).Submit()
	w.use(link)
	for _, path := range []string{"/password/choose", "/password/done", "/password/new", "/password/choose"} {
		b.Post(path, "password", "the password of a thief")
		b.Get(path)
	}
}

// invariants hold after every act.
func (w *walk) invariants() {
	a := w.reload()
	if a.State != account.Active {
		w.dead("an account that is "+string(a.State), append([]*site.Browser{w.holder}, w.stolen...))
	}
	for _, link := range w.spent {
		if b := w.s.Browser().Get(link); b.Status != http.StatusGone {
			w.t.Fatalf("a link that was used opens %s (status %d)", b.URL, b.Status)
		} else if b.Post(strings.Split(link, "?")[0]); b.Status != http.StatusGone {
			w.t.Fatalf("a link that was used works again: %s (status %d)", b.URL, b.Status)
		}
	}
	if got := w.reload(); got.Epoch != a.Epoch || got.State != a.State {
		w.t.Fatalf("a look changed %+v into %+v", a, got)
	}
	if w.once && (a.PasswordHash != w.a.PasswordHash || a.Epoch != w.a.Epoch || !sameApps(a, w.a)) {
		w.t.Fatalf("the account is %+v, and the model says %+v", a, w.a)
	}
}
