package document

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// PDF returns the kinds of active content of a PDF, in the order of Actives:
// those of each object in the cross-reference, and those of everything else in
// the file (scan). It returns ErrRefused for a file that it cannot read or that
// is cut off. Up to 1024 bytes before the header are allowed, unless they are
// the beginning of another type of file, and so is padding after the end.
func PDF(content []byte) (found []Active, err error) {
	head := headOf(content)
	switch {
	case head < 0:
		return nil, fmt.Errorf("%w: no header", ErrRefused)
	case !isJunk(content[:head]):
		return nil, fmt.Errorf("%w: something else before the header", ErrRefused)
	case !isWhole(content):
		return nil, fmt.Errorf("%w: no trailer", ErrRefused)
	}
	// Places in a file count from its header, or from its first byte; readers try
	// both.
	if found, err = inspect(content[head:]); err != nil && head > 0 {
		return inspect(content)
	}
	return found, err
}

func init() {
	model.ConfigPath = "disable" // otherwise the reader creates a folder in the home directory
}

// inspect is PDF for a file whose places count from the first byte.
func inspect(content []byte) (found []Active, err error) {
	defer func() {
		if v := recover(); v != nil {
			found, err = nil, fmt.Errorf("%w: the reader gave up: %v", ErrRefused, v)
		}
	}()
	conf := model.NewDefaultConfiguration()
	const megabyte = 1 << 20
	conf.Limits.MaxStreamBytes, conf.Limits.MaxDecodeBytes = 32*megabyte, 64*megabyte
	conf.Limits.MaxObjectCount, conf.Limits.MaxXRefEntries, conf.Limits.MaxObjectStreamCount = 1_000_000, 1_000_000, 200_000
	file, err := pdfcpu.Read(bytes.NewReader(trimPadding(content)), conf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	l := look{file: file, found: map[Active]bool{}}
	for number, entry := range file.Table {
		switch {
		case entry == nil || entry.Free:
		case entry.Object != nil:
			l.object(entry.Object, deepest)
		case entry.Offset != nil && unread(content, *entry.Offset):
			return nil, fmt.Errorf("%w: object %d", ErrRefused, number)
		}
	}
	s := newScan(len(content), decrypted(file, content))
	if err := s.file(content); err != nil {
		return nil, err
	}
	if file.Encrypt == nil && s.encrypted() {
		return nil, refuse("an encryption in a file without a valid cross-reference")
	}
	for a := range s.found {
		l.found[a] = true
	}
	for _, a := range Actives {
		if l.found[a] {
			found = append(found, a)
		}
	}
	return found, nil
}

// decrypted returns the function for scan.decrypted.
func decrypted(file *model.Context, content []byte) func(at int) ([]byte, bool) {
	if file.Encrypt == nil {
		return nil
	}
	streams := map[int][]byte{}
	for _, entry := range file.Table {
		if entry == nil || entry.Free || entry.Offset == nil {
			continue
		}
		if stream, ok := entry.Object.(types.ObjectStreamDict); ok {
			at := min(max(int(*entry.Offset), 0), len(content))
			at = len(content) - len(bytes.TrimLeft(content[at:], blanks))
			streams[at] = stream.Raw
		}
	}
	return func(at int) ([]byte, bool) {
		data, ok := streams[at]
		return data, ok
	}
}

var begins = regexp.MustCompile(`^\s*\d+\s+\d+\s+obj\s*(null\b)?`)

// unread reports whether an object other than null begins at offset. It is called
// for entries without an object: the reader skips objects that it cannot parse.
func unread(content []byte, offset int64) bool {
	if offset <= 0 || offset >= int64(len(content)) {
		return false
	}
	const head = 64
	found := begins.FindSubmatch(content[offset:min(offset+head, int64(len(content)))])
	return found != nil && found[1] == nil
}

// deepest is the deepest nesting of objects that is followed.
const deepest = 200

// entries maps names of dictionary entries to active content.
var entries = map[string]Active{
	"JavaScript": Script, "JS": Script, "AA": Opening, "EmbeddedFiles": Attachment, "EF": Attachment, "XFA": Form,
	"RichMediaContent": Media, "RichMediaSettings": Media, "FFilter": Remote,
}

// values maps values of Type, Subtype and S of a dictionary to active content.
var values = map[string]Active{
	"JavaScript": Script, "Launch": Launch, "SubmitForm": Submit, "ImportData": Submit, "GoToR": Remote, "GoToE": Remote, "URI": Link,
	"EmbeddedFile": Attachment, "FileAttachment": Attachment,
	"RichMedia": Media, "Movie": Media, "Sound": Media, "Screen": Media, "3D": Media, "Rendition": Media, "RichMediaExecute": Media, "GoTo3DView": Media,
}

// look collects the active content of a file.
type look struct {
	file  *model.Context
	found map[Active]bool
}

func (l look) object(o types.Object, deep int) {
	if deep == 0 {
		panic("objects within objects") // PDF refuses it
	}
	switch v := o.(type) {
	case types.LazyObjectStreamObject:
		inner, err := v.DecodedObject(context.Background())
		if err != nil {
			panic(err)
		}
		l.object(inner, deep-1)
	case types.Array:
		for _, inner := range v {
			l.object(inner, deep-1)
		}
	case types.Dict:
		l.dict(v, deep)
	case types.StreamDict:
		l.stream(v.Dict, deep)
	case *types.StreamDict:
		l.stream(v.Dict, deep)
	case types.ObjectStreamDict:
		l.dict(v.Dict, deep)
	case types.XRefStreamDict:
		l.dict(v.Dict, deep)
	}
}

func (l look) stream(d types.Dict, deep int) {
	if _, elsewhere := d.Find("F"); elsewhere { // ISO 32000-1 §7.3.8.2: its data is in another file
		l.found[Remote] = true
	}
	l.dict(d, deep)
}

// dict inspects a dictionary; the reader has decoded the escapes of its names.
func (l look) dict(d types.Dict, deep int) {
	for key, value := range d {
		l.mark(entries, key)
		switch name, _ := l.direct(value).(types.Name); {
		case key == "OpenAction":
			l.opening(value)
		case key == "Type" || key == "Subtype" || key == "S":
			l.mark(values, string(name))
		case key == "FS" && name == "URL":
			l.found[Remote] = true
		}
		l.object(value, deep-1)
	}
}

// opening inspects the action on opening. Going to a page is common and does
// not count.
func (l look) opening(o types.Object) {
	switch v := l.direct(o).(type) {
	case types.Array:
		return
	case types.Dict:
		if name, ok := l.direct(v["S"]).(types.Name); ok && name == "GoTo" {
			return
		}
	}
	l.found[Opening] = true
}

// direct returns the object of a reference, nil if there is none, and any other
// object as it is.
func (l look) direct(o types.Object) types.Object {
	if _, ok := o.(types.IndirectRef); !ok {
		return o
	}
	value, err := l.file.Dereference(o)
	if err != nil {
		return nil
	}
	return value
}

func (l look) mark(known map[string]Active, name string) {
	if a, ok := known[name]; ok {
		l.found[a] = true
	}
}
