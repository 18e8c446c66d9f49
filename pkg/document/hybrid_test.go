package document

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/filter"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// book is a PDF that is written part by part, as programs that save a change do.
type book struct {
	bytes.Buffer
	at    map[int]int // objects of this version
	table int         // the newest cross-reference
}

func newBook() *book {
	b := &book{at: map[int]int{}}
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return b
}

func (b *book) put(number int, object string) {
	b.at[number] = b.Len()
	fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", number, object)
}

func (b *book) stream(number int, entries string, data string) {
	b.put(number, fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", entries, len(data), data))
}

// objects returns the content of an object stream and where its objects begin.
// It is so long that its names cannot be read when it is packed.
func objects(list map[int]string) (content string, first int) {
	var directory, all strings.Builder
	for number, object := range list {
		fmt.Fprintf(&directory, "%d %d ", number, all.Len())
		all.WriteString(object + "\n")
	}
	return directory.String() + all.String() + strings.Repeat("% and more of it\n", 30), directory.Len()
}

// pack adds an object stream.
func (b *book) pack(number int, list map[int]string) {
	content, first := objects(list)
	b.stream(number, fmt.Sprintf("/Type/ObjStm/N %d/First %d/Filter/FlateDecode", len(list), first), packed(content))
}

// end adds a cross-reference table of the objects since the previous one, less
// those that it states to be free, and a trailer.
func (b *book) end(trailer string, free ...int) {
	table := b.Len()
	b.WriteString("xref\n0 1\n0000000000 65535 f \n")
	for number, at := range b.at {
		if !slices.Contains(free, number) {
			fmt.Fprintf(b, "%d 1\n%010d 00000 n \n", number, at)
		}
	}
	for _, number := range free {
		fmt.Fprintf(b, "%d 1\n0000000000 00001 f \n", number)
	}
	if b.table > 0 {
		trailer += fmt.Sprintf("/Prev %d", b.table)
	}
	b.table, b.at = table, map[int]int{}
	fmt.Fprintf(b, "trailer\n<</Size 30/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", trailer, table)
}

// cross adds a stream with a cross-reference of rows, and returns where it is.
func (b *book) cross(number int, entries string, rows map[int][3]int) int {
	var index strings.Builder
	var table bytes.Buffer
	at := b.Len()
	for n, row := range rows {
		fmt.Fprintf(&index, "%d 1 ", n)
		table.Write([]byte{byte(row[0]), byte(row[1] >> 16), byte(row[1] >> 8), byte(row[1]), byte(row[2])})
	}
	b.stream(number, fmt.Sprintf("/Type/XRef/Size 30/W[1 3 1]/Index[%s]/Root 1 0 R/Filter/FlateDecode%s", index.String(), entries), packed(table.String()))
	return at
}

// begin adds a catalog and one page.
func (b *book) begin(catalog string) {
	b.put(1, "<</Type/Catalog/Pages 2 0 R"+catalog+">>")
	b.put(2, pageTree)
	b.put(3, page)
}

const script = "<</S/JavaScript/JS(app.alert(1))>>"

// hybrid returns a file in which old readers see a free object and newer ones an
// object stream (ISO 32000-1 §7.5.8.4).
func hybrid(catalog, object string) []byte {
	b := newBook()
	b.begin(catalog)
	b.pack(10, map[int]string{11: object})
	cross := b.cross(12, "", map[int][3]int{11: {2, 10, 0}, 10: {1, b.at[10], 0}, 12: {1, b.Len(), 0}})
	b.end(fmt.Sprintf("/XRefStm %d", cross), 10, 11, 12)
	return b.Bytes()
}

// orphan returns a file with an object stream to which no cross-reference
// leads, with these entries and this data.
func orphan(entries, data string) []byte {
	b := newBook()
	b.begin("")
	b.stream(10, entries, data)
	b.end("", 10)
	return b.Bytes()
}

func encoded(t *testing.T, name, data string) string {
	t.Helper()
	f, err := filter.NewFilter(name, nil)
	must(t, err)
	r, err := f.Encode(strings.NewReader(data))
	must(t, err)
	all, err := io.ReadAll(r)
	must(t, err)
	return string(all)
}

// X16: what one reader of a cross-reference sees and another does not is found.
func TestX16_Hidden(t *testing.T) {
	t.Parallel()
	content, first := objects(map[int]string{11: script})
	stream := func(entries, data string) []byte {
		return orphan(fmt.Sprintf("/Type/ObjStm/N 1/First %d%s", first, entries), data)
	}
	versions := func(old, newer func(b *book)) []byte {
		b := newBook()
		b.begin("")
		old(b)
		b.end("")
		newer(b)
		return b.Bytes()
	}
	if strings.Contains(packed(content), "Script") {
		t.Fatal("packed content can be read")
	}
	for name, file := range map[string][]byte{
		"free in the table of a hybrid":  hybrid("", script),
		"named on opening of a hybrid":   hybrid("/OpenAction 11 0 R", script),
		"no cross-reference leads to it": stream("/Filter/FlateDecode", packed(content)),
		"not packed":                     stream("", content),
		"no type":                        orphan(fmt.Sprintf("/N 1/First %d/Filter/FlateDecode", first), packed(content)),
		"another type":                   orphan(fmt.Sprintf("/Type/Metadata/N 1/First %d/Filter/FlateDecode", first), packed(content)),
		"type by reference":              orphan(fmt.Sprintf("/Type 3 0 R/N 1/First %d/Filter/FlateDecode", first), packed(content)),
		"escaped":                        orphan(fmt.Sprintf("/Type/#4fbj#53tm/#4e 1/F#69rst %d/Filter/Flate#44ecode", first), packed(content)),
		"no place of the first object":   orphan("/Type/ObjStm/N 1/Filter/FlateDecode", packed(content)),
		"place by reference":             orphan("/Type/ObjStm/N 1/First 3 0 R/Filter/FlateDecode", packed(content)),
		"hexadecimal":                    stream("/Filter/ASCIIHexDecode", hex.EncodeToString([]byte(content))+">"),
		"packed and hexadecimal":         stream("/Filter[/ASCIIHexDecode/FlateDecode]", hex.EncodeToString([]byte(packed(content)))+">"),
		"packed twice":                   stream("/Filter[/FlateDecode /FlateDecode]", packed(packed(content))),
		"packed and in 85 characters":    stream("/Filter[/ASCII85Decode/FlateDecode]", encoded(t, filter.ASCII85, packed(content))),
		"short names of filters":         stream("/Filter[/AHx/Fl]", hex.EncodeToString([]byte(packed(content)))+">"),
		"a predictor that does nothing":  stream("/Filter/FlateDecode/DecodeParms<</Predictor 1>>", packed(content)),
		"parameters that are null":       stream("/Filter[/FlateDecode]/DecodeParms[null]", packed(content)),
		"a wrong checksum":               stream("/Filter/FlateDecode", packed(content)[:len(packed(content))-1]+"\x00"),
		"in a string": versions(func(*book) {}, func(b *book) {
			b.put(9, fmt.Sprintf("<</X(\nendobj\n10 0 obj\n<</N 1/First %d/Filter/ASCIIHexDecode>>stream\n%x>\nendstream\nendobj\n)>>", first, content))
			b.end("", 9)
		}),
		"behind a dictionary without end":    bytes.Replace(stream("/Filter/FlateDecode", packed(content)), []byte("2 0 obj"), []byte("<</X[(\n2 0 obj"), 1),
		"behind the end":                     append(plainPDF(), stream("/Filter/FlateDecode", packed(content))[9:]...),
		"before a file":                      append(stream("/Filter/FlateDecode", packed(content)), plainPDF()...),
		"older, object replaced":             versions(func(b *book) { b.put(4, script) }, func(b *book) { b.put(4, "null"); b.end("") }),
		"older, object freed":                versions(func(b *book) { b.put(4, script) }, func(b *book) { b.end("", 4) }),
		"older, packed, freed":               versions(func(b *book) { b.pack(10, map[int]string{11: script}) }, func(b *book) { b.end("", 10, 11) }),
		"older, packed, all replaced":        versions(func(b *book) { b.pack(10, map[int]string{11: script}) }, func(b *book) { b.put(10, "null"); b.put(11, "null"); b.end("") }),
		"older, packed, packed anew":         versions(func(b *book) { b.pack(10, map[int]string{11: script}) }, func(b *book) { b.pack(10, map[int]string{11: "null"}); b.end("") }),
		"given twice, the last is harmless":  pdf("<</Type/Catalog/Pages 2 0 R>>", pageTree, page, script+"\nendobj\n4 0 obj\nnull"),
		"given twice, the first is harmless": pdf("<</Type/Catalog/Pages 2 0 R>>", pageTree, page, "null\nendobj\n4 0 obj\n"+script),
		"other generations":                  pdf("<</Type/Catalog/Pages 2 0 R>>", pageTree, page, "null\nendobj\n4 1 obj\n"+script),
		"a comment in the object's header":   pdf("<</Type/Catalog/Pages 2 0 R>>", pageTree, page, "null\nendobj\n5%\n0%\nobj%\n"+script),
	} {
		found, err := PDF(file)
		if err != nil || !slices.Contains(found, Script) {
			t.Errorf("%s: PDF() = %v, %v, want %v", name, found, err, Script)
		}
	}
}

// X16: every kind of active content is found in an object stream that only
// some readers see, and in an object that is free.
func TestX16_EveryKindHidden(t *testing.T) {
	t.Parallel()
	for object, want := range map[string]Active{
		"<</Names<</JavaScript<</Names[(a)9 0 R]>>>>>>":     Script,
		"<</#4a#53 9 0 R/S/J#61v#61#53cript>>":              Script,
		"<</OpenAction<</S/Named/N/Print>>>>":               Opening,
		"<</OpenAction 11 0 R>>":                            Opening,
		"<</OpenAction[3 0 R/Fit]/OpenAction(x)>>":          Opening,
		"<</AA<</O 9 0 R>>>>":                               Opening,
		"<</#41#41 9 0 R>>":                                 Opening,
		"<</S/Launch/F(calc.exe)>>":                         Launch,
		"<</S%\n/Launch>>":                                  Launch,
		"<</Names<</EmbeddedFiles 9 0 R>>>>":                Attachment,
		"<</Type/Filespec/F(a.exe)/EF<</F 9 0 R>>>>":        Attachment,
		"<</Type/Filespec/F(a.exe)/EF 9 0 R>>":              Attachment,
		"<</Subtype/RichMedia/RichMediaContent 9 0 R>>":     Media,
		"<</Subtype/3D>>":                                   Media,
		"<</AcroForm<</XFA[(x)9 0 R]>>>>":                   Form,
		"<</XFA 9 0 R>>":                                    Form,
		"<</S/SubmitForm/F(http://evil.example)>>":          Submit,
		"<</S/ImportData>>":                                 Submit,
		"<</FS/URL/F(http://evil.example)>>":                Remote,
		"<</S/GoToR/F(x.pdf)>>":                             Remote,
		"<</S/URI/URI(http://evil.example)>>":               Link,
		"/URI":                                              Link,
		"/3D":                                               Media,
		"[<</S/Launch>>]":                                   Launch,
		"[[[(x)<</A[<</S/Launch>>]>>]]]":                    Launch,
		"<</A(\\)>>)/B<41>/C(()())/D%>>\n 1 0 R/S/Launch>>": Launch,
	} {
		for where, file := range map[string][]byte{
			"a hybrid": hybrid("", object),
			"free": func() []byte {
				b := newBook()
				b.begin("")
				b.put(11, object)
				b.end("", 11)
				return b.Bytes()
			}(),
		} {
			found, err := PDF(file)
			if err != nil || !slices.Contains(found, want) {
				t.Errorf("%s, %s: PDF() = %v, %v, want %v", object, where, found, err, want)
			}
		}
	}
}

// X16: an action on opening has the meaning of each object with its number.
func TestX16_OpeningWithTwoMeanings(t *testing.T) {
	t.Parallel()
	const goes, prints = "<</S/GoTo/D[3 0 R/Fit]>>", "<</S/Named/N/Print>>"
	for _, c := range []struct {
		name, first, second string
		want                []Active
	}{
		{"a page", goes, goes, nil},
		{"a page, and a place", goes, "[3 0 R/Fit]", nil},
		{"an action first", prints, goes, []Active{Opening}},
		{"an action last", goes, prints, []Active{Opening}},
		{"an action that is two", "<</S/GoTo/S/Named/N/Print>>", goes, []Active{Opening}},
		{"another reference", goes, "3 0 R", []Active{Opening}},
	} {
		b := newBook()
		b.begin("/OpenAction 11 0 R")
		b.put(11, c.first)
		b.pack(10, map[int]string{11: c.second})
		b.end("", 10)
		if found, err := PDF(b.Bytes()); err != nil || !slices.Equal(found, c.want) {
			t.Errorf("%s: PDF() = %v, %v, want %v", c.name, found, err, c.want)
		}
	}
}

// X16: what a forgiving reader may unpack and this one cannot is refused.
func TestX16_DoubtIsRefused(t *testing.T) {
	t.Parallel()
	content, first := objects(map[int]string{11: script})
	stream := func(entries, data string) []byte {
		return orphan(fmt.Sprintf("/Type/ObjStm/N 1/First %d%s", first, entries), data)
	}
	flate := stream("/Filter/FlateDecode", packed(content))
	for name, file := range map[string][]byte{
		"another type in a comment": orphan(fmt.Sprintf("/X%%/Type/ObjStm\n1/N 1/First %d/Filter/FlateDecode", first), packed(content)),
		"cut off":                   stream("/Filter/FlateDecode", packed(content)[:12]),
		"no packed data":            stream("/Filter/FlateDecode", content),
		"two filters for one":       stream("/Filter/ASCIIHexDecode/Filter/FlateDecode", packed(content)),
		"a filter by reference":     stream("/Filter 9 0 R", packed(content)),
		"an unknown filter":         stream("/Filter/Crypt", packed(content)),
		"a filter of old":           stream("/Filter/LZWDecode", encoded(t, filter.LZW, content)),
		"a predictor":               stream("/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 40>>", packed(content)),
		"blanks before the data":    bytes.Replace(flate, []byte(">>\nstream\n"), []byte(">>\nstream \n"), 1),
		"no line end before it":     bytes.Replace(flate, []byte(">>\nstream\n"), []byte(">>\nstream"), 1),
		"no end mark":               stream("/Filter/ASCIIHexDecode", hex.EncodeToString([]byte(content))),
		"no digits":                 stream("/Filter/ASCIIHexDecode", "zz"+hex.EncodeToString([]byte(content))+">"),
		"a filter of pictures":      stream("/Filter/DCTDecode", packed(content)),
		"a filter by its old key":   stream("/F/FlateDecode", packed(content)),
		"a predictor by reference":  stream("/Filter/FlateDecode/DecodeParms<</Predictor 9 0 R>>", packed(content)),
		"parameters by reference":   stream("/Filter/FlateDecode/DecodeParms 9 0 R", packed(content)),
		"parameters by another key": stream("/Filter/FlateDecode/DP<</Predictor 12>>", packed(content)),
		"two places":                stream("/First 9/Filter/FlateDecode", packed(content)),
		"a malformed dictionary":    bytes.Replace(flate, []byte("/N 1"), []byte("/N 1 1"), 1),
		"a dictionary without end":  bytes.Replace(flate, []byte(">>\nstream"), []byte("\nstream"), 1),
		"a value too many":          orphan(fmt.Sprintf("/N 1/First %d 1/Filter/FlateDecode", first), packed(content)),
		"a word before the stream":  bytes.Replace(flate, []byte(">>\nstream"), []byte(">>\n1 stream"), 1),
		"a malformed object":        orphan("", "\nendstream\nendobj\n5 0 obj\n<</S/GoTo 1 2 3>>"),
		"a malformed packed object": hybrid("", "<</S/GoTo 1 2 3>>"),
	} {
		if found, err := PDF(file); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: PDF() = %v, %v, want %v", name, found, err, ErrRefused)
		}
	}
}

// rewrite writes a file anew, with object streams, as change wants it.
func rewrite(t *testing.T, file []byte, change func(*model.Configuration)) []byte {
	t.Helper()
	conf := model.NewDefaultConfiguration()
	if change != nil {
		change(conf)
	}
	c, err := pdfcpu.Read(bytes.NewReader(file), conf)
	must(t, err)
	must(t, c.EnsurePageCount())
	var out bytes.Buffer
	c.Write.Writer = bufio.NewWriter(&out)
	must(t, pdfcpu.WriteContext(c))
	must(t, c.Write.Flush())
	return out.Bytes()
}

// encrypt returns a file that opens without a password and cannot be changed
// without one, as banks and municipalities send them.
func encrypt(t *testing.T, file []byte, aes bool, length int) []byte {
	t.Helper()
	return rewrite(t, rewrite(t, file, nil), func(conf *model.Configuration) {
		conf.Cmd, conf.OwnerPW, conf.EncryptUsingAES, conf.EncryptKeyLength = model.ENCRYPT, "owner", aes, length
	})
}

// X16: object streams of an encrypted file are read too; those that no longer
// belong to it cannot be, and trailers have to agree.
func TestX16_Encrypted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		aes    bool
		length int
	}{{true, 256}, {true, 128}, {false, 128}} {
		plain := encrypt(t, plainPDF(), c.aes, c.length)
		if !bytes.Contains(plain, []byte("/ObjStm")) {
			t.Fatal("the file has no object stream")
		}
		if found, err := PDF(plain); err != nil || len(found) > 0 {
			t.Errorf("AES %t, %d bits: PDF() = %v, %v, want none", c.aes, c.length, found, err)
		}
		active := encrypt(t, pdf("<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>", pageTree, page, script), c.aes, c.length)
		if found, err := PDF(active); err != nil || !slices.Contains(found, Script) {
			t.Errorf("AES %t, %d bits: PDF(script) = %v, %v, want %v", c.aes, c.length, found, err, Script)
		}
		content, first := objects(map[int]string{11: script})
		hidden := fmt.Sprintf("77 0 obj\n<</Type/ObjStm/N 1/First %d/Filter/FlateDecode>>\nstream\n%s\nendstream\nendobj\n", first, packed(content))
		cipher := string(plain[bytes.Index(plain, []byte("/Encrypt"))+8:])
		number, _, _ := strings.Cut(strings.TrimSpace(cipher), " ")
		for name, more := range map[string]string{
			"an object stream of another version": hidden,
			"a trailer without encryption":        "trailer\n<</Root 1 0 R/Size 3>>\n",
			"another trailer":                     "trailer\n<</Root 1 0 R/Encrypt 99 0 R/Size 3>>\n",
			"another identification":              "trailer\n<</Root 1 0 R/Encrypt " + number + " 0 R/ID[<00><00>]>>\n",
			"another encryption":                  number + " 0 obj\n<</Filter/Standard>>\nendobj\n",
		} {
			if found, err := PDF(append(slices.Clone(plain), more...)); !errors.Is(err, ErrRefused) {
				t.Errorf("AES %t, %d bits, %s: PDF() = %v, %v, want %v", c.aes, c.length, name, found, err, ErrRefused)
			}
		}
	}
	late := append(plainPDF(), "trailer\n<</Root 1 0 R/Encrypt 9 0 R/Size 3>>\n"...)
	if found, err := PDF(late); !errors.Is(err, ErrRefused) {
		t.Errorf("encrypted in another version: PDF() = %v, %v, want %v", found, err, ErrRefused)
	}
}

// X16: files as ordinary programs write them pass, and nothing is found in them.
func TestX16_OrdinaryFiles(t *testing.T) {
	t.Parallel()
	photo := string(jpegOf(t, image.NewGray(image.Rect(0, 0, 64, 64)))) + string(noise(4<<20))
	scan := newBook()
	scan.put(1, "<</Type/Catalog/Pages 2 0 R/Metadata 7 0 R/OpenAction[3 0 R/XYZ null null 0]>>")
	scan.put(2, pageTree)
	scan.put(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.32 841.92]/Contents 4 0 R/Resources<</XObject<</Im0 5 0 R>>/ProcSet[/PDF/ImageC]>>>>")
	scan.stream(4, "/Filter/FlateDecode", packed("q 595.32 0 0 841.92 0 0 cm /Im0 Do Q"))
	scan.stream(5, "/Type/XObject/Subtype/Image/Width 64/Height 64/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode", photo)
	scan.put(6, "<</Producer(Scanner \\(model 5\\))/CreationDate(D:20261101120000+01'00')>>")
	scan.stream(7, "/Type/Metadata/Subtype/XML", "<?xpacket begin=''?><x:xmpmeta><rdf:RDF><!-- << an obj, a stream --></rdf:RDF></x:xmpmeta>")
	scan.end("/Info 6 0 R/ID[<0123><4567>]")

	word := newBook() // a table for old readers and the structure in an object stream for newer ones
	word.begin("/MarkInfo<</Marked true>>/StructTreeRoot 11 0 R")
	word.pack(10, map[int]string{11: "<</Type/StructTreeRoot/K 13 0 R>>", 13: "<</S/Document/P 11 0 R/K[<</S/P/T(een \\) haakje)>>]>>"})
	cross := word.cross(12, "/ID[<01><01>]", map[int][3]int{11: {2, 10, 0}, 13: {2, 10, 1}, 10: {1, word.at[10], 0}, 12: {1, word.Len(), 0}})
	word.end("/ID[<01><01>]", 10, 11, 12, 13)
	word.WriteString("xref\n0 0\ntrailer\n")
	fmt.Fprintf(word, "<</Size 30/Root 1 0 R/ID[<01><01>]/Prev %d/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n", word.table, cross, word.Len()-len("xref\n0 0\ntrailer\n"))

	linear := newBook() // the first page first, with two cross-references
	linear.put(5, "<</Linearized 1/L 1000/H[500 50]/O 3/E 800/N 1/T 900>>")
	linear.begin("")
	linear.stream(6, "/S 36/Filter/FlateDecode", packed("hints"))
	linear.end("")
	linear.put(7, "<</Producer(x)>>")
	linear.end("/Info 7 0 R")

	saved := newBook() // filled in, then signed
	saved.begin("/AcroForm<</Fields[4 0 R]/SigFlags 3>>")
	saved.put(4, "<</FT/Tx/T(naam)/V(A)/Type/Annot/Subtype/Widget/Rect[0 0 9 9]>>")
	saved.end("")
	saved.put(4, "<</FT/Tx/T(naam)/V(Jansen)/Type/Annot/Subtype/Widget/Rect[0 0 9 9]>>")
	saved.end("")
	saved.put(8, "<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 10 20 30]/Contents<"+strings.Repeat("30", 16384)+">>>")
	saved.end("")

	modern := newBook()
	modern.put(3, page)
	modern.pack(10, map[int]string{1: "<</Type/Catalog/Pages 2 0 R/Outlines 14 0 R>>"})
	modern.pack(11, map[int]string{2: pageTree})
	modern.pack(13, map[int]string{14: "<</First 15 0 R/Last 15 0 R/Count 1>>"})
	rows := map[int][3]int{0: {0, 0, 255}, 1: {2, 10, 0}, 2: {2, 11, 0}, 14: {2, 13, 0}, 12: {1, modern.Len(), 0}}
	for n, at := range modern.at {
		rows[n] = [3]int{1, at, 0}
	}
	table := modern.cross(12, "", rows)
	fmt.Fprintf(modern, "startxref\n%d\n%%%%EOF\n", table)

	for name, file := range map[string][]byte{
		"a scan":                  scan.Bytes(),
		"a scan, written anew":    rewrite(t, scan.Bytes(), nil),
		"a hybrid":                word.Bytes(),
		"a hybrid, written anew":  rewrite(t, word.Bytes(), nil),
		"a linear file":           linear.Bytes(),
		"changed twice":           saved.Bytes(),
		"no table":                modern.Bytes(),
		"no table, written anew":  rewrite(t, modern.Bytes(), nil),
		"a scan, encrypted":       encrypt(t, scan.Bytes(), true, 256),
		"a hybrid, encrypted":     encrypt(t, word.Bytes(), true, 128),
		"with Windows' line ends": bytes.ReplaceAll(word.Bytes(), []byte(">>\nstream\n"), []byte(">> stream\n")),
		"harmless in a hybrid":    hybrid("", "<</Title(x)>>"),
	} {
		if found, err := PDF(file); err != nil || len(found) > 0 {
			t.Errorf("%s: PDF() = %v, %v, want none", name, found, err)
		}
	}
}

// X16: a file that makes the scan read the same bytes again and again is
// refused before it has cost much.
func TestX16_Cost(t *testing.T) {
	t.Parallel()
	const megabyte = 1 << 20
	bomb := packed(strings.Repeat(" ", 40*megabyte))
	twoBombs := newBook()
	twoBombs.begin("")
	for n := 10; n < 12; n++ {
		twoBombs.stream(n, "/Type/ObjStm/N 0/First 0/Filter/FlateDecode", bomb)
	}
	twoBombs.end("")
	many, first := strings.Repeat("9 0 ", 100_000), 400_000
	for name, file := range map[string][]byte{
		"strings without end":      append(plainPDF(), strings.Repeat("<</A(", megabyte)...),
		"comments without end":     append(plainPDF(), strings.Repeat("<<%", megabyte)...),
		"values behind comments":   append(plainPDF(), strings.Repeat("/AA%", megabyte)...),
		"dictionaries without end": append(plainPDF(), strings.Repeat("<</A[0 ", megabyte)...),
		"unpacked twice":           twoBombs.Bytes(),
		"a million of one object":  orphan(fmt.Sprintf("/Type/ObjStm/N 100000/First %d/Filter/FlateDecode", first), packed(many+strings.Repeat("%", megabyte))),
		"a million dictionaries":   append(plainPDF(), strings.Repeat("<<>>", mostDicts+1)...),
		"streams without end":      append(plainPDF(), strings.Repeat("<</First 0>>stream\n", megabyte/2)...),
	} {
		s := newScan(len(file), nil)
		if err := s.file(file); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: file() = %v, want %v", name, err, ErrRefused)
		}
	}
}

// X16: an object stream with a script is found, or the file is refused,
// whatever else the file holds before, behind and within it.
func FuzzX16_Hybrid(f *testing.F) {
	content, first := objects(map[int]string{11: script})
	for _, seed := range [][3]string{
		{"", "", ""}, {"9 0 obj\n(", "", ""}, {"<</A(", "/X(", ")"}, {"%", "/Filter/ASCIIHexDecode", "%"}, {"<", "/Type/ObjStm", ">>"},
		{"9 0 obj\n<</Length 999>>stream\n", "/F 1", "endstream"}, {"trailer<</Root 1 0 R/Encrypt 9 0 R>>", "/DecodeParms<</Predictor 12>>", "xref"},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]), []byte(seed[2]))
	}
	f.Fuzz(func(t *testing.T, before, within, behind []byte) {
		b := newBook()
		b.begin("")
		b.Write(before)
		b.WriteString("\n")
		data := packed(content)
		fmt.Fprintf(b, "10 0 obj\n<</Type/ObjStm/N 1/First %d/Filter/FlateDecode/Length %d\n", first, len(data))
		b.Write(within)
		fmt.Fprintf(b, "\n>>\nstream\n%s\nendstream\nendobj\n", data)
		b.Write(behind)
		b.WriteString("\n")
		b.end("", 10)
		s := newScan(b.Len(), nil)
		err := s.file(b.Bytes())
		if err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("file() = %v, want nil or %v", err, ErrRefused)
		}
		if err == nil && !s.found[Script] {
			t.Errorf("file() found %v, want %v among them", s.found, Script)
		}
	})
}
