package browser

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const form = `<header><a href="/">Start</a></header><main>
<h1>Aanvragen</h1>
<form method="post" action="/sent" enctype="multipart/form-data" novalidate>
<label for="email">E-mailadres</label><input id="email" name="email" value="oud@example.org">
<label for="why">Waarom</label><textarea id="why" name="why"></textarea>
<fieldset><legend>Soort</legend>
<input type="radio" name="kind" value="burger" id="b" checked><label for="b">Burger</label>
<input type="radio" name="kind" value="bedrijf" id="c" style="position:absolute;opacity:0;width:0;height:0"><label for="c">Bedrijf</label>
</fieldset>
<input type="checkbox" name="agree" value="yes" id="a"><label for="a">Akkoord</label>
<input type="checkbox" name="news" value="yes" id="n" checked><label for="n">Nieuws</label>
<label for="land">Land</label><select id="land" name="land"><option value="nl">Nederland<option value="be">België</select>
<label for="file">Document</label><input type="file" id="file" name="file">
<div style="height:2000px"></div>
<button>Volgende <span>stap</span></button>
</form></main>`

// echo answers with the form that was sent.
func echo(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var b strings.Builder
	for _, name := range []string{"email", "why", "kind", "agree", "news", "land"} {
		fmt.Fprintf(&b, "<p>%s=%s", name, html.EscapeString(strings.Join(r.Form[name], ",")))
	}
	if f, h, err := r.FormFile("file"); err == nil {
		data, _ := io.ReadAll(f)
		fmt.Fprintf(&b, "<p>file=%s:%s", h.Filename, data)
	}
	write(w, "<main><h1>Verzonden</h1>"+b.String()+"</main>")
}

func TestForm(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": show(form), "/sent": echo})
	file := filepath.Join(t.TempDir(), "leeg.pdf")
	if err := os.WriteFile(file, []byte("inhoud"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string][]Option{
		"desktop": nil, "phone": {Phone()}, "no script": {NoScript()}, "phone, no script, dark": {Phone(), NoScript(), Dark()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := New(t, append(options, BFCache())...)
			b.Open(s.URL + "/")
			if got := b.Value("email"); got != "oud@example.org" {
				t.Errorf("the field holds %q at first", got)
			}
			b.Fill("email", "jan@example.org")
			b.Fill("why", "Één reden\nen nog een")
			b.Choose("kind", "bedrijf")
			b.Choose("agree", "yes")
			b.Unchoose("news", "yes")
			b.Select("land", "be")
			b.Upload("file", file)
			b.Click("Volgende stap")
			want := "Verzonden\n\nemail=jan@example.org\n\nwhy=Één reden en nog een\n\nkind=bedrijf\n\nagree=yes\n\nnews=\n\nland=be\n\nfile=leeg.pdf:inhoud"
			if got := b.Text(); got != want {
				t.Errorf("sent:\n%s\nwant:\n%s", got, want)
			}
			if b.Title() != "Titel" || b.URL() != s.URL+"/sent" || b.Status() != 200 ||
				b.Header("content-type") != "text/html; charset=utf-8" || !strings.Contains(b.HTML(), "<h1>Verzonden</h1>") {
				t.Error(b.describe())
			}
			b.Back()
			if got := b.TextOf("h1"); got != "Aanvragen" {
				t.Errorf("back at %q", got)
			}
			b.Forward()
			b.WaitText("Verzonden")
		})
	}
}

func TestFillEmptiesAndSubmitFindsTheForm(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": show(form), "/sent": echo})
	b := New(t, BFCache())
	b.Open(s.URL)
	b.Fill("email", "")
	b.Submit()
	b.WaitText("email=\n")
	b.Back()
	b.Fill("email", "enter@example.org")
	b.Press("Enter")
	b.WaitText("email=enter@example.org")
}
