package document

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// What a scan may cost. A file that needs more is refused.
const (
	mostUnpacked = 64 << 20 // bytes of all object streams together
	mostDicts    = 500_000  // in one piece
	mostReread   = 16       // times that a byte is read, on average
)

// scan finds active content in everything that a file physically holds.
//
//	file ─► each "<<" ─► dictionary ─► object stream ─► unpacked ─► each "<<"
//	   └──► each "/", each "obj"                             └────► each "/"
//
// The cross-reference of a PDF says which objects belong to it, and readers
// disagree on what it says: about hybrid files (ISO 32000-1 §7.5.8.4), older
// versions, objects that are free, given twice or damaged. So a scan does not
// read it: an object counts wherever it is, even within a string or a comment.
// A file is refused if a reader that is more forgiving may see an object that
// the scan does not, as in a malformed object stream (§7.5.7).
type scan struct {
	found map[Active]bool
	// decrypted returns the data of the object stream whose object begins at a
	// place, as it was before encryption. It is nil for a file without it.
	decrypted func(at int) ([]byte, bool)

	unpacked int             // bytes so far
	spare    int             // bytes that may still be read
	trailers map[string]bool // what trailers say of the encryption
	cipher   int             // number of the object with the encryption, 0 if unknown
	opens    []int           // numbers of the objects that OpenAction names
	acts     map[int]bool    // numbers of objects that do more on opening than going to a page
	unknown  bool            // such an object has a number that cannot be read
}

// piece is what is scanned at once: the file, or an unpacked object stream.
type piece struct {
	*scan
	b          []byte
	dicts      map[int]seenDict // by where they begin
	packed     []dict           // the object streams
	understood map[int]bool     // places of "stream" and "/ObjStm" that belong to a dictionary
}

// dict is a dictionary as far as a scan needs it.
type dict struct {
	from, to int
	known    []entry // of wanted
}

type entry struct {
	key      string
	from, to int    // of the value
	name     string // if the value is one, without escapes
}

// seenDict is what is remembered of a dictionary; to is 0 if it is malformed.
type seenDict struct {
	to     int
	goesTo bool // it is an action that goes to a page
}

// wanted lists the keys whose values a scan needs.
var wanted = map[string]bool{
	"Type": true, "S": true, "First": true, "Filter": true, "DecodeParms": true, "DP": true, "F": true, "FFilter": true,
	"OpenAction": true, "Root": true, "Encrypt": true, "ID": true,
}

// get returns the value of a key; twice is true if the key is there again.
func (d dict) get(key string) (e entry, ok, twice bool) {
	for _, k := range d.known {
		if k.key == key {
			e, ok, twice = k, true, ok
		}
	}
	return e, ok, twice
}

func newScan(size int, decrypted func(at int) ([]byte, bool)) *scan {
	const least = 1 << 20
	return &scan{found: map[Active]bool{}, acts: map[int]bool{}, trailers: map[string]bool{}, decrypted: decrypted, spare: mostReread*size + least}
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, args...)...)
}

var (
	errCost      = errors.New("takes too much work")
	errMalformed = errors.New("malformed")
)

// file scans a file and what is packed in it.
func (s *scan) file(content []byte) error {
	p := s.newPiece(content)
	for _, step := range []func() error{p.read, p.objects, p.unclear, p.encryption} {
		if err := step(); err != nil {
			return err
		}
	}
	for _, d := range p.packed {
		inner, packed, err := p.unpack(d)
		if err != nil {
			return refuse("an object stream at byte %d: %w", d.from, err)
		}
		u := s.newPiece(inner)
		if packed {
			s.spare += mostReread * len(inner)
			if err := u.read(); err != nil {
				return err
			}
		}
		if err := u.directory(p.number(d, "First")); err != nil {
			return err
		}
	}
	for _, number := range s.opens {
		if s.acts[number] || s.unknown {
			s.found[Opening] = true
		}
	}
	return nil
}

// encrypted reports whether a trailer names an encryption.
func (s *scan) encrypted() bool {
	for said := range s.trailers {
		if said != "" {
			return true
		}
	}
	return false
}

func (s *scan) newPiece(b []byte) *piece {
	return &piece{scan: s, b: b, dicts: map[int]seenDict{}, understood: map[int]bool{}}
}

// read marks all names and dictionaries.
func (p *piece) read() error {
	if err := p.names(); err != nil {
		return err
	}
	for at := range p.each("<<") {
		if _, err := p.dict(at, deepest); errors.Is(err, errCost) {
			return err
		}
	}
	return nil
}

// each yields each place of a word.
func (p *piece) each(word string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for at := 0; ; at++ {
			next := bytes.Index(p.b[at:], []byte(word))
			if next < 0 || !yield(at+next) {
				return
			}
			at += next
		}
	}
}

func (s *scan) mark(known map[string]Active, name string) {
	if a, ok := known[name]; ok {
		s.found[a] = true
	}
}

// shortest is the length of names from which they are unlikely to occur in
// compressed data by chance. A shorter one counts if what follows fits.
const shortest = 5

// names marks names, wherever they are.
func (p *piece) names() error {
	for at := range p.each("/") {
		name, end := p.name(at)
		pair := name == "Type" || name == "Subtype" || name == "S" || name == "FS"
		_, entry := entries[name]
		switch {
		case !pair && len(name) >= shortest:
			p.mark(entries, name)
			p.mark(values, name)
			continue
		case !pair && !entry:
			continue
		}
		next := p.space(end)
		switch {
		case p.spare < 0:
			return refuse("%w", errCost)
		case pair && p.is(next, "/"):
			p.value(name, next)
		case !pair && (p.is(next, "<<") || p.is(next, "[") || p.isReference(next)):
			p.mark(entries, name)
		}
	}
	return nil
}

// value marks a name that is the value of a key, or an object of its own if key
// is "".
func (p *piece) value(key string, at int) {
	name, _ := p.name(at)
	if key != "FS" {
		p.mark(values, name)
	}
	if (key == "FS" || key == "") && name == "URL" { // ISO 32000-1 §7.11.5
		p.found[Remote] = true
	}
}

// objects marks the objects of a file.
func (p *piece) objects() error {
	for at := range p.each("obj") {
		after := at + len("obj")
		if at > 0 && isLetter(p.b[at-1]) || after < len(p.b) && isLetter(p.b[after]) {
			continue // endobj, or another word
		}
		number, _ := p.header(at)
		if err := p.object(number, p.space(after)); err != nil {
			return err
		}
	}
	return nil
}

// object marks the object at a place; its number is -1 if it cannot be read.
func (p *piece) object(number, at int) error {
	harmless := false
	switch {
	case p.is(at, "<<"):
		d, err := p.dict(at, deepest)
		if err != nil {
			return refuse("an object at byte %d: %w", at, err)
		}
		harmless = d.goesTo
	case p.is(at, "["):
		harmless = true
	case p.is(at, "/"):
		p.value("", at)
	}
	if !harmless {
		p.acts[number] = true
		p.unknown = p.unknown || number < 0
	}
	if p.spare < 0 {
		return refuse("%w", errCost)
	}
	return nil
}

// directory marks the objects of an unpacked object stream, in whose directory
// each has a number and a place.
func (p *piece) directory(first int) error {
	if first < 0 || first > len(p.b) {
		p.unknown = true // its dictionaries and names are marked already
		return nil
	}
	fields := bytes.FieldsFunc(p.b[:first], func(r rune) bool { return isSpace(byte(r)) })
	for i := 0; i+1 < len(fields); i += 2 {
		number, err1 := strconv.Atoi(string(fields[i]))
		place, err2 := strconv.Atoi(string(fields[i+1]))
		if err1 != nil || err2 != nil || place < 0 || place > len(p.b)-first {
			p.unknown = true
			return nil
		}
		if err := p.object(number, p.space(first+place)); err != nil {
			return err
		}
	}
	return nil
}

// unclear returns an error for what looks like a stream whose dictionary was
// not understood. A more forgiving reader might find objects in it.
func (p *piece) unclear() error {
	for at := range p.each("stream") {
		before := bytes.TrimRight(p.b[max(0, at-mostBlanks):at], blanks)
		if bytes.HasSuffix(before, []byte(">>")) && !p.understood[at] {
			return refuse("a stream of a malformed object at byte %d", at)
		}
	}
	for at := range p.each("/") {
		if name, _ := p.name(at); name == "ObjStm" && !p.understood[at] {
			return refuse("a malformed object stream at byte %d", at)
		}
	}
	return nil
}

// encryption returns an error if trailers disagree on the encryption, so that
// readers unpack different objects.
func (p *piece) encryption() error {
	if len(p.trailers) > 1 {
		return refuse("trailers that disagree on the encryption")
	}
	defined := 0
	for at := range p.each("obj") {
		if number, _ := p.header(at); number > 0 && number == p.cipher {
			defined++
		}
	}
	if defined > 1 {
		return refuse("two ways of encryption")
	}
	return nil
}

// dict reads the dictionary at a place, unless it has been read.
func (p *piece) dict(at, deep int) (seenDict, error) {
	if d, ok := p.dicts[at]; ok {
		if d.to == 0 {
			return d, errMalformed
		}
		return d, nil
	}
	d := dict{from: at}
	left := p.spare
	err := p.pairs(&d, deep)
	switch {
	case p.spare < 0 || len(p.dicts) == mostDicts:
		return seenDict{}, refuse("%w", errCost)
	case err != nil:
		const tiny = 64 // to read so few bytes again costs less than to remember them
		if left-p.spare > tiny {
			p.dicts[at] = seenDict{}
		}
		return seenDict{}, err
	}
	s, _, twice := d.get("S")
	seen := seenDict{to: d.to, goesTo: s.name == "GoTo" && !twice}
	p.dicts[at] = seen
	p.judge(d)
	return seen, nil
}

// pairs reads the entries of a dictionary.
func (p *piece) pairs(d *dict, deep int) error {
	for at := d.from + len("<<"); ; {
		at = p.space(at)
		if p.is(at, ">>") {
			d.to = at + len(">>")
			return nil
		}
		if !p.is(at, "/") || p.spare < 0 {
			return errMalformed
		}
		key, end := p.name(at)
		p.spare -= end - at
		from := p.space(end)
		to, err := p.skip(from, deep, true)
		if err != nil {
			return err
		}
		if wanted[key] {
			e := entry{key: key, from: from, to: to}
			if p.b[from] == '/' {
				e.name, _ = p.name(from)
			}
			d.known = append(d.known, e)
		}
		at = to
	}
}

// judge marks a whole dictionary.
func (p *piece) judge(d dict) {
	if open, ok, twice := d.get("OpenAction"); ok {
		p.opening(open, twice)
	}
	p.trailer(d)
	at := p.space(d.to)
	if !p.is(at, "stream") {
		return
	}
	p.understood[at] = true
	if _, elsewhere, _ := d.get("F"); elsewhere { // ISO 32000-1 §7.3.8.2: its data is in another file
		p.found[Remote] = true
	}
	// Not all readers look at Type.
	kind, _, _ := d.get("Type")
	if _, first, _ := d.get("First"); first || kind.name == "ObjStm" {
		p.understood[kind.from] = true
		p.packed = append(p.packed, d)
	}
}

// opening marks an action on opening. Going to a page is common and does not count.
func (p *piece) opening(e entry, twice bool) {
	switch {
	case twice:
		p.found[Opening] = true
	case p.isReference(e.from):
		number, err := strconv.Atoi(string(p.b[e.from:p.digits(e.from)]))
		if err != nil {
			number = -1
		}
		p.opens = append(p.opens, number)
	case p.is(e.from, "["), string(p.b[e.from:e.to]) == "null":
	case !p.dicts[e.from].goesTo:
		p.found[Opening] = true
	}
}

// trailer remembers what a trailer says of the encryption.
func (p *piece) trailer(d dict) {
	if _, ok, _ := d.get("Root"); !ok {
		return
	}
	text := func(from, to int) string { return string(bytes.Join(bytes.Fields(p.b[from:to]), []byte(" "))) }
	cipher, ok, twice := d.get("Encrypt")
	if !ok {
		p.trailers[""] = true
		return
	}
	said := text(cipher.from, cipher.to)
	// The first half of the identification is part of the key.
	if id, ok, again := d.get("ID"); ok && p.is(id.from, "[") {
		twice = twice || again
		from := p.space(id.from + 1)
		if to, err := p.skip(from, 1, false); err == nil {
			said += " " + text(from, to)
		}
	}
	if p.isReference(cipher.from) {
		p.cipher, _ = strconv.Atoi(string(p.b[cipher.from:p.digits(cipher.from)]))
	}
	p.trailers[said] = true
	if twice {
		p.trailers[""] = true
	}
}
