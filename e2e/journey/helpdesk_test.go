package journey

import (
	"database/sql"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // reads the demo's database

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// TestEN08_KillAfterReveal kills the server as soon as the database says that the QR code
// was shown, whether or not its picture was sent. After the restart it is not shown again,
// and the helpdesk can unblock.
func TestEN08_KillAfterReveal(t *testing.T) {
	site := practice.Start(t)
	p := site.Person(t, practice.Burger, practice.Dutch)
	site.Client(t).Apply(p)
	c := site.Client(t).LogIn(p).On("enrol/enrol")
	press := c.Form()
	answer := make(chan string, 1)
	go func() { answer <- c.Raw(press) }()
	awaitShown(t, site, p)
	site.Kill()
	body := <-answer
	t.Logf("the picture was under way: %v", strings.Contains(body, "otpauth:"))
	site.Up()

	b := browser.New(t)
	b.Open(site.Portal + "/login")
	p.LogIn(b)
	p.Arrive(b, "login/code")
	old := practice.Phone{Secret: strings.Repeat("A", 32)} // for a person who saw no picture
	p.Phone = &old
	gone(t, b, p)
	if again := c.Raw(press.Clone(t.Context())); strings.Contains(again, "otpauth:") {
		t.Error("the same press shows a QR code after the restart")
	}
	throughHelpdesk(t, site, b, p, false)
}

// awaitShown returns when the database says that the QR code was shown.
func awaitShown(t *testing.T, site *practice.Site, p *practice.Person) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(site.Data, "olid.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for deadline := time.Now().Add(testenv.Patience); time.Now().Before(deadline); {
		var n int
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM accounts WHERE email = ? AND state = 'qr_shown'`, p.Email).Scan(&n)
		if n == 1 {
			return
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			t.Fatal(err)
		}
	}
	t.Fatal("the QR code was never shown")
}

// TestEN20_Helpdesk is DESIGN.md §3.7 for a person who scanned and lost the phone before the
// first code, and who still has the old secret.
func TestEN20_Helpdesk(t *testing.T) {
	site := practice.Start(t)
	b, p := atQR(t, site, browser.Phone())
	b.Click(p.NextStep)
	throughHelpdesk(t, site, b, p, true)
}

// throughHelpdesk goes from the code page to the portal: the link and its warning, the block,
// the helpdesk, the mail, a new QR code.
func throughHelpdesk(t *testing.T, site *practice.Site, b *browser.Session, p *practice.Person, scanned bool) {
	t.Helper()
	old := *p.Phone
	p.Arrive(b, "login/code")
	b.Click(p.NotScanned)
	p.Arrive(b, "login/lost")
	b.Click(p.BlockMe)
	p.Arrive(b, "login/blocked")
	ref := b.TextOf(".reference--asked code")
	if b.Status() != http.StatusForbidden || ref == "" || !strings.Contains(b.Text(), "Informatiepunt Leefomgeving") {
		t.Errorf("status %d, reference %q:\n%s", b.Status(), ref, b.Text())
	}
	site.Mail.Next(t, p.Email) // the receipt
	if mail := site.Mail.Next(t, p.Email); !strings.Contains(mail.Text, ref) {
		t.Errorf("the mail about the block does not hold the reference %s:\n%s", ref, mail.Text)
	}
	if found := site.Command("account", "show", ref); found.Code != 0 || !strings.Contains(found.Stdout, p.Email) {
		t.Errorf("the helpdesk looks for %s: %+v", ref, found)
	}

	b.Open(site.Portal + "/login") // still blocked
	p.LogIn(b)
	p.Arrive(b, "login/blocked")

	done := site.Command("account", "unblock", "--second", "Bea", p.Email)
	if done.Code != 0 {
		t.Fatalf("account unblock: %+v", done)
	}
	if mail := site.Mail.Next(t, p.Email); !strings.Contains(mail.Text, site.Issuer+"/start") {
		t.Errorf("the mail about the unblocking:\n%s", mail.Text)
	}
	if again := site.Command("account", "unblock", p.Email); again.Code != 1 || !strings.Contains(again.Stderr, "not blocked") {
		t.Errorf("EN-21: a second unblock: %+v", again)
	}

	b.Open(site.Issuer + "/start")
	p.LogIn(b)
	p.ProveMailbox(b)
	if !strings.Contains(b.Text(), "Verwijder eerst het oude account") {
		t.Errorf("nothing about the old entry in the app:\n%s", b.Text())
	}
	p.Enrol(b)
	if p.Phone.Secret == old.Secret {
		t.Fatal("the new QR code has the old secret")
	}
	if scanned {
		p.Arrive(b, "login/code")
		b.Fill("code", old.Code())
		b.Click(p.Login)
		if b.Count("#code-error") != 1 {
			t.Errorf("a code of the old secret, status %d:\n%s", b.Status(), b.Text())
		}
	}
	p.EnterCode(b)
	atPortal(t, site, b, p)
}
