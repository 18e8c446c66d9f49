// Package mails renders every mail in a browser, as a program for mail does that shows
// HTML.
package mails

import (
	"bytes"
	"crypto/rand"
	"flag"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/signin"
)

var shots = flag.String("shots", "", "folder for a picture of each mail")

var moment = time.Date(2026, 3, 2, 13, 5, 0, 0, time.UTC)

func writer(t *testing.T, environment config.Environment) *letter.Writer {
	t.Helper()
	c := config.Default(environment)
	c.Issuer, c.Console.Origin, c.Login.RecoveryDelay = "https://id.example", "https://beheer.example", 24*time.Hour
	c.Helpdesk.Phone, c.Helpdesk.Email, c.Helpdesk.URL = "+31 88 123 45 67", "helpdesk@example.org", "https://helpdesk.example/contact"
	c.Helpdesk.HoursNL, c.Helpdesk.HoursEN = "werkdagen van 9.00 tot 17.00 uur", "weekdays from 9:00 to 17:00"
	w, err := app.NewLetters(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.Disavowal = signin.Disavowal{Key: make([]byte, 32), Time: c.Terms.Disavow}
	return w
}

// sent returns the message as a receiver has it.
func sent(t *testing.T, w *letter.Writer, m mail.Message) testenv.Mail {
	t.Helper()
	var raw bytes.Buffer
	if err := (mail.Form{From: mail.From{Address: "no-reply@id.example"}, HTML: w.HTML}).WriteTo(&raw, m); err != nil {
		t.Fatal(err)
	}
	got, err := testenv.ParseMail(raw.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sample is a mail with its name.
type sample struct {
	name, lang string
	production bool
	testenv.Mail
}

// every returns every mail of production, and one of each kind of practice, which only
// differ by a notice.
func every(t *testing.T) []sample {
	t.Helper()
	var out []sample
	for _, environment := range []config.Environment{config.Production, config.Practice} {
		w := writer(t, environment)
		for _, lang := range []string{"nl", "en"} {
			seen := map[string]int{}
			for _, m := range w.Samples(lang, moment) {
				if seen[m.Kind]++; environment == config.Practice && seen[m.Kind] > 1 {
					continue
				}
				out = append(out, sample{fmt.Sprintf("%s-%d.%s.%s", m.Kind, seen[m.Kind], lang, environment), lang, environment == config.Production, sent(t, w, m)})
			}
		}
	}
	if len(out) < 100 {
		t.Fatalf("%d mails", len(out))
	}
	return out
}

// Each kind of mail, on a phone and on a wide screen, light and dark: it does not scroll
// sideways, axe-core finds no violation, it has one heading and one button at most, and
// nothing is asked of any other machine. At 320 pixels every mail is looked at.
func TestEveryKindOfMail(t *testing.T) {
	views(t, func(m sample, view string) bool {
		lang := map[string]string{"phone": "nl", "phone-dark": "en", "desktop": "en", "desktop-dark": "nl"}[view]
		return m.lang == lang && strings.Contains(m.name, "-1.") && (m.production || strings.HasPrefix(m.name, "confirm-email"))
	})
}

// Every mail in every view.
func TestEveryMail(t *testing.T) {
	testenv.Long(t)
	views(t, func(sample, string) bool { return true })
}

// atOnce is how many mails one page shows in frames.
const atOnce = 20

func views(t *testing.T, wanted func(m sample, view string) bool) {
	all := every(t)
	if *shots != "" {
		if err := os.MkdirAll(*shots, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		switch {
		case r.URL.Path == "/narrow":
			from, err := strconv.Atoi(r.URL.RawQuery)
			for i := from; err == nil && i < min(from+atOnce, len(all)); i++ {
				_, _ = fmt.Fprintf(w, `<iframe src="/%d" width="320" height="200" style="border:0"></iframe>`, i)
			}
		case err != nil || n >= len(all):
			http.NotFound(w, r)
		default:
			_, _ = fmt.Fprint(w, all[n].HTML)
		}
	}))
	t.Cleanup(s.Close)
	for view, options := range map[string][]browser.Option{
		"phone": {browser.Phone()}, "phone-dark": {browser.Phone(), browser.Dark()}, "desktop": nil, "desktop-dark": {browser.Dark()},
	} {
		t.Run(view, func(t *testing.T) {
			t.Parallel()
			b := browser.New(t, options...)
			for i, m := range all {
				if !wanted(m, view) {
					continue
				}
				b.Open(fmt.Sprintf("%s/%d", s.URL, i))
				look(t, b, m)
				if *shots != "" {
					b.Screenshot(filepath.Join(*shots, m.name+"."+view+".png"))
				}
			}
		})
	}
	t.Run("320 pixels", func(t *testing.T) {
		t.Parallel()
		b := browser.New(t)
		var wide []int
		for from := 0; from < len(all); from += atOnce {
			b.Open(fmt.Sprintf("%s/narrow?%d", s.URL, from))
			wide = append(wide, browser.Eval[[]int](b, `[...document.querySelectorAll("iframe")].map(f => f.contentDocument.documentElement.scrollWidth)`)...)
		}
		if len(wide) != len(all) {
			t.Fatalf("%d frames for %d mails", len(wide), len(all))
		}
		for i, pixels := range wide {
			if pixels > 320 || pixels < 300 {
				t.Errorf("%s is %d pixels wide at 320", all[i].name, pixels)
			}
		}
	})
}

func look(t *testing.T, b *browser.Session, m sample) {
	t.Helper()
	if wide := browser.Eval[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		t.Errorf("%s sticks out by %d pixels", m.name, wide)
	}
	for _, violation := range b.Axe() {
		t.Errorf("%s: %s", m.name, violation)
	}
	if lang := b.Attribute("html", "lang"); lang != m.lang {
		t.Errorf("%s is in %q", m.name, lang)
	}
	if n := b.Count("h1"); n != 1 {
		t.Errorf("%s has %d headings of the first level", m.name, n)
	}
	if n := b.Count("a.button"); n > 1 {
		t.Errorf("%s has %d buttons", m.name, n)
	}
	if loads := browser.Eval[int](b, `performance.getEntriesByType("resource").filter(e => !e.name.endsWith("/favicon.ico")).length`); loads != 0 {
		t.Errorf("%s loads %d files", m.name, loads)
	}
}

var (
	tags   = regexp.MustCompile(`(?s)<(head|style)\b.*?</(head|style)>|<[^>]*>`)
	hrefs  = regexp.MustCompile(`href="([^"]*)"`)
	loaded = regexp.MustCompile(`(?i)<(img|script|link|iframe|object|embed|video|audio|form|base)\b|\b(src|background|action)=|url\(|@import|\bon[a-z]+=`)
)

// The two parts of each mail say the same: every word and link of the one is in the
// other. The HTML part has nothing that loads.
func TestPartsSayTheSame(t *testing.T) {
	for _, m := range every(t) {
		if found := loaded.FindString(m.HTML); found != "" {
			t.Errorf("%s: the HTML has %q", m.name, found)
		}
		for _, link := range hrefs.FindAllStringSubmatch(m.HTML, -1) {
			if address := html.UnescapeString(link[1]); !strings.Contains(m.Text, address) {
				t.Errorf("%s: the text lacks %s", m.name, address)
			}
		}
		text := map[string]bool{}
		for _, word := range words(m.Subject + " " + m.Text) {
			text[word] = true
		}
		shown := map[string]bool{}
		for _, word := range words(html.UnescapeString(tags.ReplaceAllString(m.HTML, " "))) {
			shown[word] = true
			if !text[word] {
				t.Errorf("%s: the text lacks %q", m.name, word)
			}
		}
		for _, word := range words(m.Text) {
			if !shown[word] && !separator.MatchString(word) {
				t.Errorf("%s: the HTML lacks %q", m.name, word)
			}
		}
	}
}

// separator is what only a text has: lines below headings and numbers of items.
var separator = regexp.MustCompile(`^(-+|[0-9]\.)$`)

func words(text string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == '\r' || r == '\u00a0' }) {
		if word = strings.TrimRight(word, ":"); word != "" {
			out = append(out, word)
		}
	}
	return out
}
