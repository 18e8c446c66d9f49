package web

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"omgevingsloket-id/templates"
)

// Lang is a language of the pages.
type Lang struct {
	Code string // BCP 47
	Name string // in that language
}

// Langs lists the languages. The first is used when no language is asked for.
var Langs = []Lang{{"nl", "Nederlands"}, {"en", "English"}}

// Catalog holds the texts of pages and mails. The texts of a room are parsed when the
// first of them is asked for: a server shows those of few rooms, and what is embedded
// is as the tests have seen it.
type Catalog struct {
	rooms   map[string]func() (localizers, error) // by the first part of the keys
	matcher language.Matcher
	// Missing is called for each key without a text; tests count the calls.
	Missing func(lang, key string)
}

// localizers are the texts of one room, by language.
type localizers = map[string]*i18n.Localizer

// LoadCatalog returns the texts of templates/locales.
func LoadCatalog() (*Catalog, error) {
	files, err := fs.Glob(templates.FS, "locales/*.toml")
	if err != nil {
		return nil, err
	}
	c := &Catalog{rooms: map[string]func() (localizers, error){}, Missing: func(string, string) {}}
	for _, name := range files {
		room, _, _ := strings.Cut(path.Base(name), ".")
		c.rooms[room] = sync.OnceValues(func() (localizers, error) { return parseTexts(templates.FS, room) })
	}
	var tags []language.Tag
	for _, l := range Langs {
		tags = append(tags, language.MustParse(l.Code))
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// parseTexts parses the texts of one room in all languages.
func parseTexts(from fs.FS, room string) (localizers, error) {
	bundle, texts := i18n.NewBundle(language.MustParse(Langs[0].Code)), localizers{}
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, l := range Langs {
		name := "locales/" + room + "." + l.Code + ".toml"
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		if _, err := bundle.ParseMessageFileBytes(text, path.Base(name)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, l := range Langs {
		texts[l.Code] = i18n.NewLocalizer(bundle, l.Code)
	}
	return texts, nil
}

// Check parses all texts. The error names a file that cannot be parsed.
func (c *Catalog) Check() error {
	var all []error
	for _, texts := range c.rooms {
		_, err := texts()
		all = append(all, err)
	}
	return errors.Join(all...)
}

// localizer returns the texts of the room of a key in a language, or in Dutch if there
// is no such language; nil if there is no such room.
func (c *Catalog) localizer(lang, key string) *i18n.Localizer {
	room, _, _ := strings.Cut(key, ".")
	load := c.rooms[room]
	if load == nil {
		return nil
	}
	texts, err := load()
	if err != nil {
		return nil // Check reports it
	}
	if l := texts[lang]; l != nil {
		return l
	}
	return texts[Langs[0].Code]
}

// Text returns the text of key with name/value pairs filled in. If there is none,
// it calls Missing and returns the key.
func (c *Catalog) Text(lang, key string, pairs ...any) string {
	localizer := c.localizer(lang, key)
	if localizer == nil {
		c.Missing(lang, key)
		return key
	}
	config := &i18n.LocalizeConfig{MessageID: key}
	if len(pairs) > 0 {
		data := make(map[string]any, len(pairs)/2)
		for i := 0; i+1 < len(pairs); i += 2 {
			data[fmt.Sprint(pairs[i])] = pairs[i+1]
		}
		config.TemplateData = data
		if n, ok := data["Count"]; ok {
			config.PluralCount = n
		}
	}
	text, tag, err := localizer.LocalizeWithTag(config)
	if err != nil || tag.String() != lang {
		c.Missing(lang, key)
	}
	if text == "" {
		return key
	}
	return text
}

// Supported returns the code of the supported language that code names, or "".
func Supported(code string) string {
	for _, l := range Langs {
		if strings.EqualFold(l.Code, code) {
			return l.Code
		}
	}
	return ""
}

// Locale returns the language for a ui_locales list (OIDC Core §3.1.2.1): that of the
// first tag whose language is supported, with any region, or "" if there is none.
func Locale(wanted string) string {
	for tag := range strings.FieldsFuncSeq(wanted, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		tag, _, _ = strings.Cut(tag, ";")
		parsed, _ := language.Parse(tag) // with an error, as far as it could be read
		if base, sure := parsed.Base(); sure == language.Exact && Supported(base.String()) != "" {
			return Supported(base.String())
		}
	}
	return ""
}

// anyLanguage is "*" as package language parses it.
var anyLanguage = language.MustParse("mul")

// readable returns the tags of an Accept-Language header of which some cannot be
// read, the others in their order; at most 20.
func readable(header string) (tags []language.Tag) {
	for part := range strings.SplitSeq(header, ",") {
		if one, _, err := language.ParseAcceptLanguage(part); err == nil && len(tags) < 20 {
			tags = append(tags, one...)
		}
	}
	return tags
}

// Match returns the language for an Accept-Language header, or tags with spaces
// between them: the first supported one, English if it names others only, Dutch if it
// names none ("*" is none).
func (c *Catalog) Match(wanted string) string {
	wanted = strings.ReplaceAll(wanted, " ", ",")
	tags, _, err := language.ParseAcceptLanguage(wanted)
	if err != nil {
		tags = readable(wanted)
	}
	tags = slices.DeleteFunc(tags, func(t language.Tag) bool { return t == anyLanguage })
	if len(tags) == 0 {
		return Langs[0].Code
	}
	_, index, confidence := c.matcher.Match(tags...)
	if confidence == language.No {
		return "en"
	}
	return Langs[index].Code
}
