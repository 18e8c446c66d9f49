package portal

import (
	"cmp"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Limits of the mailbox, which shows a practice folder and is no mail client.
const (
	maxLetters     = 200
	maxLetterBytes = 1 << 20
	maxMailParts   = 20
	maxMailDepth   = 4
)

// mailboxPage lists the newest messages.
type mailboxPage struct{ Letters []letter }

// letter is a message as shown: with decoded headers, and as plain text only.
type letter struct {
	Link              string // address of its page
	Subject, From, To string
	Date              time.Time
	DateText          string
	Text              []span   // nil if there is no plain text
	Attachments       []string // names
}

// span is a piece of text, and a link if Href is set.
type span struct{ Text, Href string }

// mailbox lists the messages, newest first: GET /mail.
func (p *Portal) mailbox(w http.ResponseWriter, r *http.Request) {
	t := p.texts(w, r)
	letters, err := p.letters(t)
	if err != nil {
		p.mailUnreadable(w, r, err)
		return
	}
	p.render(w, http.StatusOK, "mailbox", page{
		T: t, Entry: p.entries[0], Title: t.MailTitle, Switch: "/mail?lang=" + t.Other.Lang, Body: mailboxPage{letters},
	})
}

// letter shows one message: GET /mail/{name}. The folder is opened as an os.Root, so
// that neither a name nor a link in the folder leads out of it.
func (p *Portal) letter(w http.ResponseWriter, r *http.Request) {
	t, name := p.texts(w, r), r.PathValue("name")
	root, err := os.OpenRoot(p.cfg.MailDir)
	if err != nil {
		p.mailUnreadable(w, r, err)
		return
	}
	defer root.Close()
	l, err := readLetter(root, name, t, true)
	if err != nil {
		p.message(w, r, p.entries[0], http.StatusNotFound, note{Title: t.MailNoSuchTitle, Text: t.MailNoSuchText, Link: "/mail", LinkText: t.MailBack})
		return
	}
	p.render(w, http.StatusOK, "letter", page{
		T: t, Entry: p.entries[0], Title: l.Subject, Switch: l.Link + "?lang=" + t.Other.Lang, Body: l,
	})
}

func (p *Portal) mailUnreadable(w http.ResponseWriter, r *http.Request, err error) {
	t := p.texts(w, r)
	p.log.Error("mail folder unreadable", "err", err)
	p.message(w, r, p.entries[0], http.StatusServiceUnavailable, note{Title: t.MailDownTitle, Text: t.MailDownText, Home: true})
}

// letters reads the headers of the newest messages. A folder that does not exist yet
// is empty; a file that is not a message is left out.
func (p *Portal) letters(t *texts) ([]letter, error) {
	root, err := os.OpenRoot(p.cfg.MailDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	type file struct {
		name string
		at   time.Time
	}
	var files []file
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".eml") {
			files = append(files, file{e.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.name, a.name)) })
	var out []letter
	for _, f := range files[:min(len(files), maxLetters)] {
		if l, err := readLetter(root, f.name, t, false); err == nil {
			out = append(out, l)
		}
	}
	return out, nil
}

var errNoLetter = errors.New("no such message")

// readLetter reads a message from root, with its text if withText is set.
func readLetter(root *os.Root, name string, t *texts, withText bool) (letter, error) {
	if !strings.HasSuffix(name, ".eml") {
		return letter{}, errNoLetter
	}
	if info, err := root.Lstat(name); err != nil || !info.Mode().IsRegular() { // a pipe would block Open
		return letter{}, errNoLetter
	}
	f, err := root.Open(name)
	if err != nil {
		return letter{}, err
	}
	defer func() { _ = f.Close() }()
	msg, err := mail.ReadMessage(io.LimitReader(f, maxLetterBytes))
	if err != nil {
		return letter{}, err
	}
	l := letter{
		Link:    "/mail/" + url.PathEscape(name),
		Subject: cmp.Or(headerText(msg.Header.Get("Subject")), t.MailNoSubject),
		From:    headerText(msg.Header.Get("From")), To: headerText(msg.Header.Get("To")),
	}
	if d, err := msg.Header.Date(); err == nil {
		l.Date = d.In(amsterdam)
		l.DateText = t.date(l.Date)
	}
	if withText {
		l.addPart(msg.Header.Get, msg.Body, 0)
	}
	return l, nil
}

func headerText(s string) string {
	decoded, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		decoded = s
	}
	return strings.TrimSpace(strings.ToValidUTF8(decoded, "�"))
}

// addPart adds the first plain text of a message (RFC 2046) and the names of its
// attachments. HTML is never shown.
func (l *letter) addPart(header func(string) string, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(cmp.Or(header("Content-Type"), "text/plain"))
	if err != nil || depth > maxMailDepth {
		return
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for range maxMailParts {
			part, err := parts.NextRawPart()
			if err != nil {
				return
			}
			l.addPart(part.Header.Get, part, depth+1)
		}
		return
	}
	if disposition, names, err := mime.ParseMediaType(header("Content-Disposition")); err == nil && disposition == "attachment" {
		l.Attachments = append(l.Attachments, cmp.Or(headerText(names["filename"]), kind))
		return
	}
	if kind != "text/plain" || l.Text != nil {
		return
	}
	switch strings.ToLower(header("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	raw, err := io.ReadAll(body)
	if err == nil {
		l.Text = spans(strings.ToValidUTF8(strings.ReplaceAll(string(raw), "\r\n", "\n"), "�"))
	}
}

var webLink = regexp.MustCompile(`https?://[^\s<>"'\\^` + "`" + `{|}]+`)

// spans cuts text into plain pieces and links. Only http and https addresses become a
// link, without the punctuation after them. The template escapes both.
func spans(text string) []span {
	var out []span
	at := 0
	for _, m := range webLink.FindAllStringIndex(text, -1) {
		href := strings.TrimRight(text[m[0]:m[1]], ".,;:!?)]*_")
		if _, err := webURL(href); err != nil {
			continue
		}
		out = append(out, span{Text: text[at:m[0]]}, span{Text: href, Href: href})
		at = m[0] + len(href)
	}
	return append(out, span{Text: text[at:]})
}
