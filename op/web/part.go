package web

import (
	"bytes"
	"fmt"
	"html/template"
)

// Part is what parts of pages show that are the same on every page in a language. It
// holds nothing of a request or a person, so that no such part can.
type Part struct {
	Lang     string
	Ribbon   bool
	AtOnce   bool // Settings.AtOnce
	Wordmark string
	Helpdesk Helpdesk
	// StyleSheet is the asset with the rules that only this page's part of the
	// site needs, such as "console.css"; "" if site.css has them all.
	StyleSheet string

	pages *Renderer
}

// partKey names a part that was rendered. The rest of Part is the same for the whole
// site, so there are as many as names in templates, times languages and style sheets.
type partKey struct {
	name, lang, sheet string
	page, field       string // of Field.Once
}

// Once returns the template of a name, executed with the Part. It is rendered once, and
// again when the theme was loaded again.
func (p *Part) Once(name string) (template.HTML, error) {
	return p.pages.once(partKey{name: name, lang: p.Lang, sheet: p.StyleSheet}, p, p)
}

// once returns the template that key names, executed with bare, which is the same for
// everything with this key. full is what the page has in its place.
func (d *Renderer) once(key partKey, bare, full any) (template.HTML, error) {
	parts := &d.static.Load().parts
	kept, found := parts.Load(key)
	if found && d.Stale == nil {
		return kept.(template.HTML), nil
	}
	var b bytes.Buffer
	if err := d.execute(&b, key.name, bare); err != nil {
		return "", fmt.Errorf("part %s: %w", key.name, err)
	}
	made := template.HTML(b.String())
	parts.Store(key, made)
	if d.Stale != nil {
		b.Reset()
		err := d.execute(&b, key.name, full)
		if err != nil || b.String() != string(made) || found && kept != made {
			d.Stale(key.name)
		}
	}
	return made, nil
}

// Once returns the control, made by the template of a name, if it is the Same on every
// page, and rendered once; otherwise "".
func (f Field) Once(name string) (template.HTML, error) {
	if !f.Same || f.Value != "" || f.Page.typed != nil || f.Page.Problem(f.Name) != "" {
		return "", nil
	}
	page, bare := f.Page, f
	bare.Page = &Page{Part: page.Part} // nothing of the request
	return page.pages.once(partKey{name: name, lang: page.Lang, sheet: page.StyleSheet, page: page.Template, field: f.Name}, bare, f)
}

// T returns the text of a key, with name/value pairs filled in.
func (p *Part) T(key string, pairs ...any) string { return p.pages.Catalog.Text(p.Lang, key, pairs...) }

// StaticURL returns the address of an asset, which holds the hash of its content.
// It is "" if there is no such asset.
func (p *Part) StaticURL(name string) string {
	if url := p.pages.static.Load().url(name); url != "" {
		return p.Path(url)
	}
	return ""
}

// HelpdeskHours returns the helpdesk's hours in the page's language.
func (p *Part) HelpdeskHours() string { return p.Helpdesk.Hours[p.Lang] }

// Path returns the path of one of our pages, below the issuer.
func (p *Part) Path(path string) string { return p.pages.path(path) }

// FootLink returns the address of a page that the footer links to: the operator's,
// or else ours.
func (p *Part) FootLink(name string) string {
	links := map[string]string{
		"privacy": p.pages.Settings.Links.Privacy, "accessibility": p.pages.Settings.Links.Accessibility, "terms": p.pages.Settings.Links.Terms,
	}
	if own := links[name]; own != "" {
		return own
	}
	return p.Path("/" + name)
}

// LanguageNames returns the languages without addresses.
func (p *Part) LanguageNames() []Language {
	var all []Language
	for _, l := range Langs {
		all = append(all, Language{Code: l.Code, Name: l.Name, Current: l.Code == p.Lang})
	}
	return all
}
