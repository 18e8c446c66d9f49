package document

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"github.com/pdfcpu/pdfcpu/pkg/filter"
)

// filters maps the filters of object streams, and their short names, to those
// of the library.
var filters = map[string]string{
	"FlateDecode": filter.Flate, "Fl": filter.Flate, "LZWDecode": filter.LZW, "LZW": filter.LZW, "RunLengthDecode": filter.RunLength, "RL": filter.RunLength,
	"ASCIIHexDecode": filter.ASCIIHex, "AHx": filter.ASCIIHex, "ASCII85Decode": filter.ASCII85, "A85": filter.ASCII85,
}

// unpack returns the objects of an object stream. The filters know where their
// data ends, so the length that the dictionary states, and on which readers may
// disagree, does not matter.
func (p *piece) unpack(d dict) ([]byte, error) {
	for key := range wanted {
		_, ok, twice := d.get(key)
		if twice || ok && (key == "F" || key == "FFilter" || key == "DP") {
			return nil, fmt.Errorf("with an odd %s", key)
		}
	}
	names, err := p.filterNames(d)
	if err != nil {
		return nil, err
	}
	parms, err := p.parms(d, len(names))
	if err != nil {
		return nil, err
	}
	data, err := p.data(d)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		if end := bytes.Index(data, []byte("endstream")); end >= 0 {
			data = data[:end]
		}
	}
	for _, name := range names {
		if data, err = unfilter(data, name, parms, mostUnpacked-p.unpacked); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if p.unpacked += len(data); p.unpacked > mostUnpacked {
		return nil, errCost
	}
	return data, nil
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
	return p.b[at:], nil
}

// filterNames returns the filters of a stream.
func (p *piece) filterNames(d dict) (names []string, err error) {
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
			return nil, errors.New("a filter that is no name")
		}
		name, next := p.name(at)
		known, ok := filters[name]
		if !ok {
			return nil, fmt.Errorf("the filter %q", name)
		}
		names, at = append(names, known), p.space(next)
	}
	return names, nil
}

var (
	parm     = regexp.MustCompile(`/(Predictor|Colors|BitsPerComponent|Columns|EarlyChange)\s+(\d+)`)
	plainKey = regexp.MustCompile(`^(\s|null|\[|\]|<<|>>|/(Predictor|Colors|BitsPerComponent|Columns|EarlyChange)\s+\d+)*$`)
)

// parms returns the parameters of the only filter of a stream.
func (p *piece) parms(d dict, filters int) (map[string]int, error) {
	e, ok, _ := d.get("DecodeParms")
	if !ok {
		return nil, nil
	}
	text := string(p.b[e.from:e.to])
	if !plainKey.MatchString(text) {
		return nil, errors.New("with odd parameters")
	}
	parms := map[string]int{}
	for _, found := range parm.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(found[2])
		if _, twice := parms[found[1]]; err != nil || twice || filters != 1 {
			return nil, errors.New("with odd parameters")
		}
		parms[found[1]] = n
	}
	return parms, nil
}

// unfilter decodes data until the filter says that it ends.
func unfilter(data []byte, name string, parms map[string]int, most int) (out []byte, err error) {
	var r io.Reader = bytes.NewReader(data)
	switch name {
	case filter.Flate:
		if out, err = inflate(r, most); err != nil || parms["Predictor"] < 2 {
			return out, err
		}
	case filter.ASCII85:
		end := bytes.Index(data, []byte("~>"))
		if end < 0 {
			return nil, io.ErrUnexpectedEOF
		}
		r = bytes.NewReader(data[:end+len("~>")])
	}
	f, err := filter.NewFilter(name, parms, int64(most))
	if err != nil {
		return nil, err
	}
	if r, err = f.Decode(r); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, int64(most)+1))
}

// inflate decodes to the end of the data. A wrong checksum does not matter:
// whether a reader checks it or not, no more bytes follow.
func inflate(r io.Reader, most int) ([]byte, error) {
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(most)+1))
	switch {
	case len(out) > most:
		return nil, errCost
	case err != nil && !errors.Is(err, zlib.ErrChecksum):
		return nil, err
	}
	return out, nil
}
