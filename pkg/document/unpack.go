package document

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// filters maps the filters of object streams that are known to decode to the
// same bytes in each reader. Programs that write object streams use the first.
var filters = map[string]func([]byte) io.Reader{
	"FlateDecode": inflate, "Fl": inflate,
	"ASCIIHexDecode": unhex, "AHx": unhex,
	"ASCII85Decode": un85, "A85": un85,
}

// unpack returns the objects of an object stream, and whether they were packed;
// otherwise they are part of p too. The filters know where their data ends, so
// the length that the dictionary states, and on which readers may disagree,
// does not matter.
func (p *piece) unpack(d dict) (data []byte, packed bool, err error) {
	for key := range wanted {
		_, ok, twice := d.get(key)
		if twice || ok && (key == "F" || key == "FFilter" || key == "DP") {
			return nil, false, fmt.Errorf("with an odd %s", key)
		}
	}
	decoders, err := p.decoders(d)
	if err != nil {
		return nil, false, err
	}
	if data, err = p.data(d); err != nil {
		return nil, false, err
	}
	packed = len(decoders) > 0 || p.decrypted != nil
	if !packed {
		return data, false, nil
	}
	for _, decode := range decoders {
		most := int64(mostUnpacked - p.unpacked)
		switch data, err = io.ReadAll(io.LimitReader(decode(data), most+1)); {
		case int64(len(data)) > most:
			return nil, false, errCost
		// Whether a reader checks the sum or not, no more bytes follow.
		case err != nil && !errors.Is(err, zlib.ErrChecksum):
			return nil, false, err
		}
	}
	if p.unpacked += len(data); p.unpacked > mostUnpacked {
		return nil, false, errCost
	}
	return data, true, nil
}

// data returns the data of a stream, and what comes after it.
func (p *piece) data(d dict) ([]byte, error) {
	if p.decrypted != nil {
		_, from := p.header(bytes.LastIndex(p.b[:d.from], []byte("obj")))
		data, ok := p.decrypted(from)
		if !ok {
			return nil, errors.New("encrypted, and no part of the newest version")
		}
		return data, nil
	}
	at := p.space(d.to) + len("stream")
	for _, end := range []string{"\r\n", "\n", "\r"} {
		if p.is(at, end) {
			return p.b[at+len(end):], nil
		}
	}
	return nil, errors.New("without a line end before its data")
}

// noParms matches parameters that change nothing.
var noParms = regexp.MustCompile(`^(\s|null|\[|\]|<<|>>|/Predictor\s+1\b)*$`)

// decoders returns the decoders of a stream, in order.
func (p *piece) decoders(d dict) (list []func([]byte) io.Reader, err error) {
	if e, ok, _ := d.get("DecodeParms"); ok && !noParms.Match(p.b[e.from:e.to]) {
		return nil, errors.New("with parameters")
	}
	e, ok, _ := d.get("Filter")
	if !ok || string(p.b[e.from:e.to]) == "null" {
		return nil, nil
	}
	at, end := e.from, e.to
	if p.is(at, "[") {
		at, end = p.space(at+1), end-1
	}
	for at < end {
		if !p.is(at, "/") {
			return nil, errors.New("with a filter that is no name")
		}
		name, next := p.name(at)
		decode, ok := filters[name]
		if !ok {
			return nil, fmt.Errorf("with the filter %q", name)
		}
		list, at = append(list, decode), p.space(next)
	}
	return list, nil
}

func inflate(data []byte) io.Reader {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return failing{err}
	}
	return r
}

func unhex(data []byte) io.Reader {
	data, _, ok := bytes.Cut(data, []byte(">"))
	if !ok {
		return failing{io.ErrUnexpectedEOF}
	}
	digits := bytes.Join(bytes.FieldsFunc(data, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) }), nil)
	if len(digits)%2 == 1 {
		digits = append(digits, '0')
	}
	return hex.NewDecoder(bytes.NewReader(digits))
}

func un85(data []byte) io.Reader {
	data, _, ok := bytes.Cut(data, []byte("~>"))
	if !ok {
		return failing{io.ErrUnexpectedEOF}
	}
	return ascii85.NewDecoder(bytes.NewReader(data))
}

// failing is a reader that has failed.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }
