package apply_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/limit"
)

func TestApplyKind(t *testing.T) {
	t.Parallel()
	v := newSite(t).visitor()
	v.post("/apply", form()).Wrong("kind")
	v.post("/apply", form("kind", "overheid")).Wrong("kind")
	v.get("/apply/email").Leads("/apply")
	v.get("/apply/email?kind=overheid").Leads("/apply")
	v.post("/apply/email", form("email", "jo@example.com")).Leads("/apply")
	// The choice is kept when the language changes.
	v.post("/apply/email?kind=bedrijf", form("lang", "en", "email", "jo")).Has(`lang="en"`, `value="jo"`)
}

func TestApplyEmailFaults(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	for _, typed := range []string{
		"", "   ", "jo", "jo@", "@example.com", "jo@example", "jo @example.com", "jo@example.com, an@example.com", "jo@example.com\r\nBcc: x@y.example",
		`"jo"@example.com`, "jo@exa mple.com", strings.Repeat("j", 65) + "@example.com", "jo@" + strings.Repeat("a", 250) + ".example", "jö@example.com", "jo@[127.0.0.1]",
	} {
		v.post("/apply/email?kind=burger", form("email", typed)).Wrong("email")
	}
	v.post("/apply/email?kind=burger", form("email", `<b>jo`)).Wrong("email").Has(`value="<b>jo"`) // typed text comes back; the kit unescapes it
	if len(s.mails()) != 0 || len(s.events()) != 0 {
		t.Error("something was mailed or recorded")
	}
	v.post("/apply/email?kind=burger", form("email", "jo@Bücher.example")).Leads("/apply/code")
	if len(s.mailsTo("jo@xn--bcher-kva.example")) != 1 {
		t.Errorf("mails %+v", s.mails())
	}
}

func TestApplyCodeWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	const email = "jo@example.com"
	v.begin("burger", email)
	for _, typed := range []string{"", "12345", "1234567", "12345a", "jan@example.org", "      "} { // Y7
		v.post("/apply/code", form("code", typed)).Wrong("code").Has("6 cijfers") // does not count as a try
	}
	right := s.code(email)
	for left := intake.CodeTries - 1; left >= 1; left-- {
		v.post("/apply/code", form("code", s.wrongCode(email))).Wrong("code").Has("nog " + strconv.Itoa(left) + " keer")
	}
	v.post("/apply/code", form("code", s.wrongCode(email))).Wrong("code").Has("te vaak")
	v.post("/apply/code", form("code", right)).Wrong("code").Has("te vaak")
	v.get("/apply/password").Leads("/apply/code")

	s.Clock.Add(time.Minute)
	v.post("/apply/code", form("resend", "yes")).Leads("/apply/code?again=1")
	v.get("/apply/code?again=1").Has("nieuwe e-mail")
	if fresh := s.code(email); fresh != right { // one chance in a million to be the same
		v.post("/apply/code", form("code", right)).Wrong("code")
	}
	v.post("/apply/code", form("code", s.code(email))).Leads("/apply/password")
}

// Z12: that a new mail was sent is said once, not at each reload, and the page says from
// when another one can be asked for, whether or not the address has an account.
func TestZ12_NewMailIsSaidOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	const said = "Wij sturen een nieuwe e-mail"
	v.begin("burger", "jo@example.com")
	v.get("/apply/code").Has("vanaf " + letter.Clock(s.Clock.Now().Add(time.Minute)) + " uur").Without(said)
	v.get("/apply/code?again=1").Without(said)
	s.Clock.Add(time.Minute)
	v.get("/apply/code").Without("U kunt vanaf")
	v.post("/apply/code", form("resend", "yes")).Leads("/apply/code?again=1")
	v.get("/apply/code?again=1").Has(said).Has("vanaf " + letter.Clock(s.Clock.Now().Add(5*time.Minute)) + " uur")
	v.get("/apply/code?again=1").Without(said)
}

func TestApplyCodeExpiredAndReused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	const email = "jo@example.com"
	v.begin("burger", email)
	code := s.code(email)
	s.Clock.Add(intake.CodeLifetime)
	v.post("/apply/code", form("code", code)).Wrong("code").Has("niet meer geldig")
	v.post("/apply/code", form("resend", "yes")).Leads("/apply/code?again=1")
	v.post("/apply/code", form("code", s.code(email))).Leads("/apply/password")
	// A code after that is not checked: the step is done.
	v.post("/apply/code", form("code", s.code(email))).Leads("/apply/password")
	v.post("/apply/code", form("code", s.wrongCode(email))).Leads("/apply/password")
	v.get("/apply/code").Leads("/apply/password")
	v.post("/apply/code", form("resend", "yes")).Leads("/apply/password")

	// In another browser it is wrong.
	other := s.visitor()
	other.begin("burger", "other@example.com")
	other.post("/apply/code", form("code", s.code(email))).Wrong("code")
}

func TestApplyMailsPerDraft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	const email = "jo@example.com"
	v.begin("burger", email)
	for _, gap := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour} {
		s.Clock.Add(gap)
		v.post("/apply/code", form("resend", "yes")).Leads("/apply/code?again=1")
	}
	v.post("/apply/code", form("resend", "yes")).Is(http.StatusUnprocessableEntity).Has("5 e-mails")
	if n := len(s.mailsTo(email)); n != intake.CodesPerDraft {
		t.Errorf("%d mails", n)
	}
	v.post("/apply/code", form("code", s.code(email))).Leads("/apply/password") // the last code still works
}

// X7: what strangers ask for keeps nobody from applying. However many ask for mails
// to an address, and whenever, the code in its latest mail is right for its owner.
func TestX7_StrangersKeepNobodyFromApplying(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, on))
		const email = "victim@example.com"
		for _, wait := range []time.Duration{0, 0, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 3 * time.Hour, 20 * time.Hour} {
			s.Pass(wait)
			for range 2 {
				s.visitor().begin("burger", email)
			}
			stranger := s.visitor()
			stranger.begin("burger", email)
			for range intake.CodeTries {
				stranger.post("/apply/code", form("code", s.wrongCode(email))).Is(http.StatusUnprocessableEntity)
			}
		}
		if n := len(s.mailsTo(email)); n > 6 {
			t.Errorf("%d mails in a day to an address that nobody has", n)
		}
		v := s.visitor()
		v.begin("burger", email)
		v.post("/apply/code", form("code", s.wrongCode(email))).Wrong("code")
		v.post("/apply/code", form("code", s.code(email))).Leads("/apply/password")
		// Once the owner has shown that the mailbox is his, nothing is held against it.
		before := len(s.mailsTo(email))
		s.visitor().begin("burger", email)
		if n := len(s.mailsTo(email)); n != before+1 {
			t.Errorf("%d mails after the address was confirmed, want one more than %d", n, before)
		}
	})
}

// X7: a draft whose mail arrived accepts a later code of its mailbox too, which
// another browser asked for, but no code of another mailbox; and an expired
// draft's new code is the latest.
func TestX7_TheLatestCodeStaysValid(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, on))
		const email = "jo@example.com"
		v := s.visitor()
		v.begin("burger", email)
		s.Pass(2 * time.Minute)
		s.visitor().begin("burger", email)
		s.visitor().begin("burger", "other@example.com")
		v.post("/apply/code", form("code", s.code("other@example.com"))).Wrong("code")
		s.Pass(intake.CodeLifetime)
		v.post("/apply/code", form("code", s.code(email))).Wrong("code").Has("niet meer geldig")
		s.visitor().begin("burger", email) // takes the next mail
		before := len(s.mailsTo(email))
		v.post("/apply/code", form("resend", "yes")).Leads("/apply/code?again=1")
		if n := len(s.mailsTo(email)); n != before {
			t.Errorf("%d mails, want %d", n, before)
		}
		v.post("/apply/code", form("code", s.code(email))).Leads("/apply/password")
	})
}

// X12: from however many networks, the latest code of a mailbox cannot be guessed: it is
// void after so many tries. One network alone has fewer, in all its drafts together.
func TestX12_LatestCodeHasSoManyTries(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, func(c *config.Config) {
			on(c)
			c.TrustedProxies, c.Limits.ApplyTries = []string{"127.0.0.1"}, 1_000_000
		}))
		const email = "victim@example.com"
		s.visitor().begin("burger", email)
		guess := func(network, drafts int) {
			for range drafts {
				v := s.visitor()
				v.from = "198.51." + strconv.Itoa(network) + ".1"
				v.begin("burger", email)
				for range intake.CodeTries {
					v.post("/apply/code", form("code", s.wrongCode(email))).Is(http.StatusUnprocessableEntity)
				}
			}
		}
		drafts := limit.MailboxMails.Most - 1
		guess(0, drafts)
		owner := s.visitor()
		owner.begin("burger", email)
		owner.post("/apply/code", form("code", s.code(email))).Leads("/apply/password")

		s.visitor().begin("burger", email)
		for network := range limit.MailboxTries/intake.CodeTries/drafts + 1 {
			guess(network+1, drafts)
		}
		late := s.visitor()
		late.begin("burger", email)
		late.post("/apply/code", form("code", s.code(email))).Wrong("code")
		s.Pass(time.Hour)
		late.post("/apply/code", form("resend", "yes")).Leads("/apply/code?again=1")
		late.post("/apply/code", form("code", s.code(email))).Leads("/apply/password")
	})
}

// X12: whether a mail left is not on the page: strangers do not see whether others ask
// for mails to an address.
func TestX12_ResendTellsNothing(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, on))
		const quiet, busy = "quiet@example.com", "busy@example.com"
		a, b := s.visitor(), s.visitor()
		a.begin("burger", quiet)
		b.begin("burger", busy)
		plain := strings.NewReplacer(a.token(), "token", b.token(), "token")
		for i := range intake.CodesPerDraft {
			s.Pass(90 * time.Minute)
			s.visitor().begin("burger", busy)
			for _, fields := range [][]string{{"resend", "yes"}, {"code", "000000"}} {
				x, y := a.post("/apply/code", form(fields...)), b.post("/apply/code", form(fields...))
				if x.Status != y.Status || x.Header.Get("Location") != y.Header.Get("Location") || plain.Replace(x.Body) != strings.ReplaceAll(plain.Replace(y.Body), busy, quiet) {
					t.Errorf("round %d, %v: %d and, where others have mails sent, %d; or the pages differ", i, fields, x.Status, y.Status)
				}
			}
		}
	})
}

// X12: a code that was mailed to an address with a tag is right for that address alone,
// and mails to tags do not keep the address without one waiting.
func TestX12_TagIsAnotherAddress(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, on))
		stranger, owner, tagged := s.visitor(), s.visitor(), s.visitor()
		stranger.begin("burger", "jo+x@example.com")
		owner.begin("burger", "jo@example.com")
		tagged.begin("burger", "jo+y@example.com")
		for _, v := range []*visitor{owner, tagged} {
			v.post("/apply/code", form("code", s.code("jo+x@example.com"))).Wrong("code")
		}
		owner.post("/apply/code", form("code", s.code("jo@example.com"))).Leads("/apply/password")
	})
}

// X7: strangers who know the number of an application keep its owner from no code.
func TestX7_StatusCodes(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := newProduction(t, on)
		v := s.visitor()
		v.fill("burger", "jo@example.com", "")
		v.send()
		reference := v.application().Reference
		before := len(s.mailsTo("jo@example.com"))
		for range 30 {
			s.visitor().post("/apply/status/find", form("reference", reference)).Is(http.StatusSeeOther)
		}
		if n := len(s.mailsTo("jo@example.com")) - before; n != 1 {
			t.Errorf("%d mails at once", n)
		}
		owner := s.visitor()
		owner.post("/apply/status/find", form("reference", reference)).Is(http.StatusSeeOther)
		owner.post("/apply/status/code?reference="+reference, form("reference", reference, "code", s.code("jo@example.com"))).Leads("/apply/status")
	})
}

// X12: tags of one mailbox are one mailbox: 90 requests are one mail at once, and the
// next comes a minute later.
func TestX12_PlusTags(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, on))
		mails := func() (n int) {
			for _, m := range s.mails() {
				if strings.HasPrefix(m.To, "jo") {
					n++
				}
			}
			return n
		}
		for i := range limit.MailboxMails.Most - 1 {
			s.visitor().begin("burger", "jo+"+strconv.Itoa(i)+"@example.com")
		}
		if n := mails(); n != 1 {
			t.Errorf("%d mails to one mailbox at once", n)
		}
		s.Pass(time.Minute)
		v := s.visitor()
		v.begin("burger", "jo+last@example.com")
		if n := mails(); n != 2 {
			t.Errorf("%d mails after a minute", n)
		}
		// The source has spent what it may ask for this mailbox: its own, not the person's.
		s.visitor().post("/apply/email?kind=burger", form("email", "jo+x@example.com")).Is(http.StatusTooManyRequests)
		v.post("/apply/code", form("code", s.code("jo+last@example.com"))).Leads("/apply/password")
	})
}

// X12: many mails to one domain, or in total, slow the sources that ask for them.
func TestX12_DomainSlowsItsSources(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := withMails(site.New(t, func(c *config.Config) { on(c); c.TrustedProxies, c.Limits.ApplyPerHour = []string{"127.0.0.1"}, 30 }))
		ask := func(source, email string) int {
			v := s.visitor()
			v.from = source
			return v.post("/apply/email?kind=burger", form("email", email)).Status
		}
		for i := range limit.DomainMails.Most {
			if status := ask("198.51.100."+strconv.Itoa(i%200), "p"+strconv.Itoa(i)+"@example.com"); status != http.StatusSeeOther {
				t.Fatal(i, status)
			}
		}
		if status := ask("203.0.113.9", "q@example.com"); status != http.StatusSeeOther {
			t.Errorf("a person at another source after the alarm: %d", status)
		}
		for i, want := range []int{http.StatusSeeOther, http.StatusSeeOther, http.StatusSeeOther, http.StatusTooManyRequests} {
			if status := ask("203.0.113.10", "r"+strconv.Itoa(i)+"@example.com"); status != want {
				t.Errorf("mail %d of a source that goes on: %d, want %d", i+1, status, want)
			}
		}
	})
}

func TestApplyMailsPerSource(t *testing.T) {
	t.Parallel()
	s := withMails(site.New(t, func(c *config.Config) { c.Limits.ApplyPerHour = 3 }))
	v := s.visitor()
	for _, name := range []string{"a", "b", "c"} {
		s.visitor().begin("burger", name+"@example.com")
	}
	v.post("/apply/email?kind=burger", form("email", "d@example.com")).Is(http.StatusTooManyRequests)
	if len(s.mails()) != 3 {
		t.Errorf("%d mails", len(s.mails()))
	}
	s.Clock.Add(time.Hour)
	v.begin("burger", "d@example.com")
}

// Another address can be entered until one is confirmed.
func TestApplyEmailAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.begin("burger", "jo@exmaple.com")
	v.get("/apply/code").Has(`href="/apply/email?kind=burger"`)
	v.get("/apply/email?kind=burger").Is(200).Has(`value="jo@exmaple.com"`)
	// Entering the same address again sends no second mail.
	v.post("/apply/email?kind=burger", form("email", "jo@exmaple.com")).Leads("/apply/code")
	if n := len(s.mailsTo("jo@exmaple.com")); n != 1 {
		t.Errorf("%d mails", n)
	}
	v.post("/apply/email?kind=burger", form("email", "jo@example.com")).Leads("/apply/code")
	v.post("/apply/code", form("code", s.code("jo@example.com"))).Leads("/apply/password")
	v.get("/apply/email?kind=burger").Leads("/apply/password")
	v.post("/apply/email?kind=burger", form("email", "other@example.com")).Leads("/apply/password")
	v.get("/apply").Has(`href="/apply/password"`)
	// Beginning again is allowed.
	v.post("/apply", form("kind", "bedrijf")).Leads("/apply/email?kind=bedrijf")
	v.get("/apply/email?kind=bedrijf").Is(200)
}

// UP-27: an applicant who uses the address of an existing account sees what every
// applicant sees, byte for byte; the owner gets another mail, and the account is
// not changed.
func TestUP27_AddressTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const taken, fresh = "jo@taken.example", "jo@fresh.example"
	owner := s.visitor()
	owner.fill("burger", taken, "")
	owner.send().Leads("/apply/done")
	before := *s.account(taken)

	walk := func(email string) []string {
		v := s.visitor()
		var seen []string
		look := func(p site.Answer) {
			p = p.Plain()
			token := regexp.MustCompile(`value="`+regexp.QuoteMeta(v.token())+`"`).ReplaceAllString(p.Body, "TOKEN")
			cookie := regexp.MustCompile(`=olid_[a-z]+_[\w-]{43}`).ReplaceAllString(strings.Join(p.Header.Values("Set-Cookie"), "\n"), "=HANDLE")
			seen = append(seen, strings.ReplaceAll(strings.Join([]string{strconv.Itoa(p.Status), p.Location(), cookie, token}, "\n"), email, "ADDRESS"))
		}
		look(v.post("/apply", form("kind", "burger")))
		look(v.get("/apply/email?kind=burger"))
		look(v.post("/apply/email?kind=burger", form("email", email)))
		look(v.get("/apply/code"))
		look(v.get("/apply"))
		look(v.post("/apply/code", form("resend", "yes")))
		look(v.get("/apply/code?again=1"))
		for range intake.CodeTries + 1 {
			look(v.post("/apply/code", form("code", "999999"))) // wrong for the new code too, with one exception in a million
		}
		for range intake.CodesPerDraft {
			look(v.post("/apply/code", form("resend", "yes")))
		}
		s.Clock.Add(intake.CodeLifetime)
		look(v.post("/apply/code", form("code", "999999")))
		look(v.get("/apply/password"))
		look(v.get("/apply/email?kind=burger"))
		s.Clock.Add(intake.DraftLifetime)
		look(v.get("/apply/code"))
		s.Clock.Add(24*time.Hour - intake.CodeLifetime) // the next walk begins at the same time of the day
		return seen
	}
	mailsBefore := len(s.mailsTo(taken))
	a, b := walk(taken), walk(fresh)
	if len(a) != len(b) {
		t.Fatalf("%d and %d answers", len(a), len(b))
	}
	reference := regexp.MustCompile(`<code dir="ltr">[0-9a-f]+</code>`) // of an error page
	for i := range a {
		if reference.ReplaceAllString(a[i], "") != reference.ReplaceAllString(b[i], "") {
			t.Errorf("answer %d differs:\n%s\n---\n%s", i, a[i], b[i])
		}
	}
	toOwner := s.mailsTo(taken)[mailsBefore:]
	if len(toOwner) != len(s.mailsTo(fresh)) {
		t.Errorf("%d mails to the owner, %d to the other", len(toOwner), len(s.mailsTo(fresh)))
	}
	for _, m := range toOwner {
		if m.Kind != "address-taken" || codeInMail.MatchString(m.Text.Reveal()) {
			t.Errorf("to the owner: %s\n%s", m.Kind, m.Text.Reveal())
		}
	}
	if after := *s.account(taken); after.Epoch != before.Epoch || after.State != before.State || after.PasswordHash != before.PasswordHash {
		t.Errorf("the account changed: %+v", after)
	}
}

// The mail is in the language of the owner's account.
func TestUP27_MailInTheOwnersLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner := s.visitor()
	owner.Lang = "en"
	owner.fill("burger", "jo@example.com", "")
	owner.send()
	s.visitor().begin("burger", "jo@example.com")
	mails := s.mailsTo("jo@example.com")
	if last := mails[len(mails)-1]; last.Kind != "address-taken" || last.Lang != "en" {
		t.Errorf("%s in %s", last.Kind, last.Lang)
	}
}

// No code confirms an address that has an account.
func TestUP27_NoCodeConfirmsATakenAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner := s.visitor()
	owner.fill("burger", "jo@example.com", "")
	owner.send()
	v := s.visitor()
	v.begin("burger", "jo@example.com")
	a := v.application()
	if !a.Taken || a.CodeHash == "" {
		t.Fatalf("%+v", a)
	}
	if verdict := intake.JudgeCode(a, a.CodeHash, s.Clock.Now()); verdict != intake.CodeWrong {
		t.Errorf("its own hash is %s", verdict)
	}
}

// A taken address costs the same calls as any other.
func TestApplyTakenCostsTheSame(t *testing.T) {
	t.Parallel()
	var counted *counter
	s := newAltered(t, func(r *apply.Room) {
		counted = &counter{Store: r.Store, accounts: r.Accounts}
		r.Store, r.Accounts = counted, counted
	})
	owner := s.visitor()
	owner.fill("burger", "jo@example.com", "")
	owner.send()
	cost := func(email string) (calls string) {
		counted.reset()
		v := s.visitor()
		v.begin("burger", email)
		v.post("/apply/code", form("resend", "yes"))
		v.post("/apply/code", form("code", "999999"))
		return strings.Join(counted.calls, " ")
	}
	taken, fresh := cost("jo@example.com"), cost("an@example.com")
	if taken != fresh || !strings.Contains(fresh, "Start") || !strings.Contains(fresh, "Owner") {
		t.Errorf("taken: %s\nfresh: %s", taken, fresh)
	}
}
