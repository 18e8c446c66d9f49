package mail_test

import (
	"bytes"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"omgevingsloket-id/pkg/mail"
)

func TestBlocks(t *testing.T) {
	t.Parallel()
	text := "Dear Jo,\n\nA paragraph that is\nwrapped.\n\nIts heading\n-----------\n  Name: Jo\n    10115 Berlin\n\n" +
		"This is how:\n1. Go there,\n   now.\n2. Type it.\n\n    123456\n\nLog in:\n    https://id.example/start\nSaid:\n   own words\n\n   and more\n\n--\nName\n\nhttps://id.example\n"
	want := []mail.Block{
		{Lines: []string{"Dear Jo,"}}, {Lines: []string{"A paragraph that is wrapped."}}, {Kind: mail.Heading, Lines: []string{"Its heading"}},
		{Kind: mail.Fixed, Lines: []string{"Name: Jo", "  10115 Berlin"}, Close: true}, {Lines: []string{"This is how: 1. Go there,"}},
		{Kind: mail.Quote, Lines: []string{"now."}, Close: true}, {Lines: []string{"2. Type it."}, Close: true}, {Kind: mail.Alone, Lines: []string{"123456"}},
		{Lines: []string{"Log in:"}}, {Kind: mail.Alone, Lines: []string{"https://id.example/start"}, Close: true}, {Lines: []string{"Said:"}, Close: true},
		{Kind: mail.Quote, Lines: []string{"own words"}, Close: true}, {Kind: mail.Quote, Lines: []string{"and more"}}, {Kind: mail.Signature, Lines: []string{"Name", "", "https://id.example"}},
	}
	got := mail.Blocks(text)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Blocks() =\n%+v, want\n%+v", got, want)
	}
	list := mail.Blocks("1. Go there,\n   now.\n2. Type it.\n10. Not an item.\n")
	if want := []mail.Block{{Kind: mail.Items, Lines: []string{"Go there, now.", "Type it."}}, {Lines: []string{"10. Not an item."}, Close: true}}; !reflect.DeepEqual(list, want) {
		t.Errorf("Blocks(a list) = %+v, want %+v", list, want)
	}
}

// ML-05, ML-06: what was typed stays in the block that it was written in, whatever it is.
func TestML06_TypedTextStaysInItsBlock(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"1. Go to https://evil.example", "--", "-----", "123456", "https://id.example/start", "> quoted", "From me", "    123456"} {
		line := strings.TrimSpace(typed)
		text := "Dear sir,\n\nWords:\n   " + line + "\n\n  Name: " + line + "\n  " + line + "\n    " + line + "\n\nYou were invited by " + line + " to work.\n"
		kinds := ""
		for _, b := range mail.Blocks(text) {
			kinds += fmt.Sprint(int(b.Kind))
		}
		if want := fmt.Sprint(int(mail.Paragraph), int(mail.Paragraph), int(mail.Quote), int(mail.Fixed), int(mail.Paragraph)); kinds != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%q: kinds %s, want %s", typed, kinds, want)
		}
	}
}

// Unwrap undoes Wrap, for any text with single spaces.
func TestUnwrapUndoesWrap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		line := strings.Join(strings.Fields(strings.Join(rapid.SliceOf(rapid.StringMatching(`[a-zé:/.-]{1,90}`)).Draw(t, "words"), " ")), " ")
		if got := mail.Unwrap(mail.Wrap(line, "")); len(got) != 1 || got[0] != line {
			t.Fatalf("Unwrap(Wrap(%q)) = %q", line, got)
		}
	})
	if got := mail.Unwrap([]string{"short", "lines", "", "stay"}); len(got) != 4 {
		t.Errorf("Unwrap() = %q, want the four lines", got)
	}
}

// unflowed reads format=flowed as RFC 3676 §4 tells receivers to.
func unflowed(text string) []string {
	var out []string
	open := false
	for line := range strings.Lines(strings.ReplaceAll(text, "\r\n", "\n")) {
		line = strings.TrimPrefix(strings.TrimSuffix(line, "\n"), " ")
		if open {
			out[len(out)-1] += line
		} else {
			out = append(out, line)
		}
		open = strings.HasSuffix(line, " ") && line != "-- "
	}
	return out
}

// RFC 3676: paragraphs and items flow, all other lines are fixed, and no line is taken
// for a quotation, a separator or the From of a mailbox file.
func TestRFC3676_Flowed(t *testing.T) {
	t.Parallel()
	long := strings.TrimSpace(strings.Repeat("woord ", 40))
	m := message()
	m.Text = mailSecret("Dear Jo,\n\n" + strings.Join(mail.Wrap(long, ""), "\n") + "\n\n" + mail.HeadingText("Kop") + "\n\n" +
		"1. " + strings.Join(mail.Wrap(long, "   "), "\n") + "\n2. kort\n\n    123456\n\n  Naam: Jo\n    deep\n\n   > words\n   From me\n\nFrom now on, it works.\n\n> it\n\n--\nName\nhttps://id.example\n")
	text, _ := parts(t, write(t, mail.Form{From: mail.From{Address: "no-reply@id.example"}}, m))
	want := []string{
		"Dear Jo,", "", long, "", "Kop", "---", "", "1. " + long, "2. kort", "", "    123456", "", "  Naam: Jo", "    deep", "", "   > words", "   From me", "", "From now on, it works.", "",
		"> it", "", "-- ", "Name", "https://id.example",
	}
	if got := unflowed(text); !reflect.DeepEqual(got, want) {
		t.Errorf("a receiver reads\n%q, want\n%q", got, want)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if len(line) > 78 || strings.HasPrefix(line, ">") || strings.HasPrefix(line, "From ") {
			t.Errorf("line %q is too long, or looks like a quotation or a separator", line)
		}
	}
}

func write(t *testing.T, f mail.Form, m mail.Message) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.WriteTo(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parts returns the decoded text and HTML of a message, and fails for any other part.
func parts(t *testing.T, raw string) (text, html string) {
	t.Helper()
	msg, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	read := func(get func(string) string, r interface{ Read([]byte) (int, error) }) string {
		var b bytes.Buffer
		if _, err := b.ReadFrom(quotedprintable.NewReader(r)); err != nil || get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("a part in %q: %v", get("Content-Transfer-Encoding"), err)
		}
		return b.String()
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind == "text/plain" {
		if params["format"] != "flowed" || params["delsp"] != "no" || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("the text has the parameters %v", params)
		}
		return read(msg.Header.Get, msg.Body), ""
	}
	if kind != "multipart/alternative" {
		t.Fatalf("the message is %s", kind)
	}
	reader := multipart.NewReader(msg.Body, params["boundary"])
	for _, want := range []string{"text/plain", "text/html"} { // the last one is preferred (RFC 2046 §5.1.4)
		part, err := reader.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || kind != want || !strings.EqualFold(params["charset"], "utf-8") || (params["format"] == "flowed") != (want == "text/plain") {
			t.Errorf("a part is %s %v, %v, want %s", kind, params, err, want)
		}
		if want == "text/html" {
			html = read(part.Header.Get, part)
		} else {
			text = read(part.Header.Get, part)
		}
	}
	if _, err := reader.NextRawPart(); err == nil {
		t.Error("there is a third part")
	}
	return text, html
}

// Both parts are sent, and every attempt sends the same bytes.
func TestComposeAlternative(t *testing.T) {
	t.Parallel()
	f := mail.Form{From: mail.From{Address: "no-reply@id.example"}, HTML: func(m mail.Message) string { return "<p>" + m.Subject + "</p>\n" }}
	raw := write(t, f, message())
	text, html := parts(t, raw)
	if !strings.Contains(text, "Uw code is 123456.") || !strings.Contains(html, "<p>Bevestig uw e-mailadres – café</p>") {
		t.Errorf("the parts are %q and %q", text, html)
	}
	if again := write(t, f, message()); again != raw {
		t.Errorf("the second attempt differs:\n%s\n%s", raw, again)
	}
	f.HTML = func(mail.Message) string { return "" }
	if _, html := parts(t, write(t, f, message())); html != "" {
		t.Errorf("a message without HTML has %q", html)
	}
}

// ML-12: notices have a List-Id for filters; mails with a code or a link for which somebody
// waits have none.
func TestML12_ListID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Dear Jo,\n\nSomething happened.\n":        "<login-notice.id.example>",
		"Your reference:\n\n    OLID-K7QD-2MXA\n":  "<login-notice.id.example>",
		"See:\n    https://id.example/start\n":     "<login-notice.id.example>",
		"Your code:\n\n    123456\n":               "",
		"Your code:\n\n    12345678\n":             "",
		"Your code:\n\n    1234 5678\n":            "",
		"Block:\n    https://id.example/x?t=abc\n": "<login-notice.id.example>",
		"Open:\n    https://id.example/x?t=ab\n":   "", // expires
	} {
		m := message()
		m.Kind, m.Text = "login-notice", mailSecret(text)
		if strings.HasPrefix(text, "Open") {
			m.Expires = m.At.Add(time.Hour)
		}
		msg, err := netmail.ReadMessage(strings.NewReader(write(t, mail.Form{From: mail.From{Address: "no-reply@id.example"}}, m)))
		if err != nil {
			t.Fatal(err)
		}
		if got := msg.Header.Get("List-Id"); got != want {
			t.Errorf("%q: List-Id %q, want %q", text, got, want)
		}
	}
}
