package document

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func packed(content string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(content))
	_ = w.Close()
	return b.String()
}

// hidden returns a PDF with an object in a compressed object stream (ISO
// 32000-1 §7.5.7) and a compressed cross-reference table.
func hidden(object string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	at := map[int]int{}
	put := func(n int, o string) {
		at[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, o)
	}
	put(1, "<</Type/Catalog/Pages 2 0 R/Extra 5 0 R>>")
	put(2, pageTree)
	put(3, page)
	inner := packed("5 0 " + object)
	put(4, fmt.Sprintf("<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", len(inner), inner))
	at[6] = b.Len()
	var table bytes.Buffer
	row := func(kind byte, field, index int) {
		table.Write([]byte{kind, byte(field >> 8), byte(field), byte(index)})
	}
	row(0, 0, 255)
	for n := 1; n <= 4; n++ {
		row(1, at[n], 0)
	}
	row(2, 4, 0)
	row(1, at[6], 0)
	rows := packed(table.String())
	put(6, fmt.Sprintf("<</Type/XRef/Size 7/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", len(rows), rows))
	fmt.Fprintf(&b, "startxref\n%d\n%%%%EOF\n", at[6])
	return b.Bytes()
}

// UP-11: active content of a PDF is found in every form.
func TestUP11_ActiveContent(t *testing.T) {
	t.Parallel()
	catalog := func(more string, objects ...string) []byte {
		return pdf(append([]string{"<</Type/Catalog/Pages 2 0 R" + more + ">>", pageTree, page}, objects...)...)
	}
	onPage := func(more string, objects ...string) []byte {
		return pdf(append([]string{"<</Type/Catalog/Pages 2 0 R>>", pageTree, strings.TrimSuffix(page, ">>") + more + ">>"}, objects...)...)
	}
	annotation := func(what string) []byte { return onPage("/Annots[4 0 R]", "<</Type/Annot/Rect[0 0 1 1]"+what+">>") }
	const script = "<</S/JavaScript/JS(app.alert(1))>>"
	for name, c := range map[string]struct {
		content []byte
		want    []Active
	}{
		"nothing":                       {plainPDF(), nil},
		"an object that is null":        {catalog("/X 4 0 R", "null"), nil},
		"opens at a page":               {catalog("/OpenAction[3 0 R/Fit]"), nil},
		"opens at a page, by an action": {catalog("/OpenAction<</S/GoTo/D[3 0 R/Fit]>>"), nil},
		"opens by name":                 {catalog("/OpenAction 4 0 R", "<</S/Named/N/Print>>"), []Active{Opening}},
		"script on opening":             {catalog("/OpenAction" + script), []Active{Script, Opening}},
		"script, by reference":          {catalog("/OpenAction 4 0 R", script), []Active{Script, Opening}},
		"script, escaped":               {catalog("/Open#41ction<</S/J#61v#61Script/#4a#53(app.alert(1))>>"), []Active{Script, Opening}},
		"script in the tree of names":   {catalog("/Names<</JavaScript<</Names[(a)4 0 R]>>>>", script), []Active{Script}},
		"script in a stream":            {catalog("/X 4 0 R", "<</S/JavaScript/JS 5 0 R>>", "<</Length 12>>\nstream\napp.alert(1)\nendstream"), []Active{Script}},
		"script behind an action":       {annotation("/Subtype/Link/A<</S/GoTo/D[3 0 R/Fit]/Next" + script + ">>"), []Active{Script}},
		"script nobody points at":       {catalog("", script), []Active{Script}},
		"script in packed objects":      {hidden(script), []Active{Script}},
		"acts of a page":                {onPage("/AA<</O<</S/Named/N/Print>>>>"), []Active{Opening}},
		"launch":                        {annotation("/Subtype/Link/A<</S/Launch/F(calc.exe)>>"), []Active{Launch}},
		"launch, escaped":               {annotation("/Subtype/Link/A<</#53/#4caunch/F(calc.exe)>>"), []Active{Launch}},
		"launch in packed objects":      {hidden("<</S/Launch/F(calc.exe)>>"), []Active{Launch}},
		"attached file":                 {catalog("/Names<</EmbeddedFiles<</Names[(a)4 0 R]>>>>", "<</Type/Filespec/F(a.exe)/EF<</F 5 0 R>>>>", "<</Type/EmbeddedFile/Length 2>>\nstream\nMZ\nendstream"), []Active{Attachment}},
		"attached to a page":            {annotation("/Subtype/FileAttachment/FS<</F(a.exe)>>"), []Active{Attachment}},
		"form of XML":                   {catalog("/AcroForm<</Fields[]/XFA 4 0 R>>", "<</Length 6>>\nstream\n<xdp/>\nendstream"), []Active{Form}},
		"plain form":                    {catalog("/AcroForm<</Fields[]>>"), nil},
		"sends a form":                  {annotation("/Subtype/Link/A<</S/SubmitForm/F<</FS/URL/F(http://evil.example/)>>>>"), []Active{Submit, Remote}},
		"reads a form in":               {annotation("/Subtype/Link/A<</S/ImportData/F(x.fdf)>>"), []Active{Submit}},
		"opens another file":            {annotation("/Subtype/Link/A<</S/GoToR/F(\\\\\\\\evil\\\\x.pdf)/D[0/Fit]>>"), []Active{Remote}},
		"opens an inner file":           {annotation("/Subtype/Link/A<</S/GoToE/D[0/Fit]>>"), []Active{Remote}},
		"picture from elsewhere":        {onPage("/Resources<</XObject<</I 4 0 R>>>>", "<</Type/XObject/Subtype/Image/Width 1/Height 1/F<</FS/URL/F(http://evil.example/i.jpg)>>/FFilter/DCTDecode/Length 0>>\nstream\n\nendstream"), []Active{Remote}},
		"picture in another file":       {onPage("/Resources<</XObject<</I 4 0 R>>>>", "<</Type/XObject/Subtype/Image/Width 1/Height 1/F(x.jpg)/Length 0>>\nstream\n\nendstream"), []Active{Remote}},
		"attached, escaped, packed":     {hidden("<</Names<</E#6dbedded#46iles 9 0 R>>>>"), []Active{Attachment}},
		"opens by name, escaped":        {catalog("/#4fpen#41ction 4 0 R", "<</S/Named/N/Print>>"), []Active{Opening}},
		"link":                          {annotation("/Subtype/Link/A<</S/URI/URI(http://evil.example/)>>"), []Active{Link}},
		"rich media":                    {annotation("/Subtype/RichMedia/RichMediaContent<<>>"), []Active{Media}},
		"film":                          {annotation("/Subtype/Screen/A<</S/Rendition>>"), []Active{Media}},
		"three dimensions":              {annotation("/Subtype/3D"), []Active{Media}},
		"sound":                         {annotation("/Subtype/Sound"), []Active{Media}},
		// Readers of PDF disagree on which table counts, so content that a
		// newer table hides is found too.
		"script in an earlier version": {append(catalog("/OpenAction"+script), plainPDF()...), []Active{Script}},
		"script behind the end":        {append(plainPDF(), "\n9 0 obj\n"+script+"\nendobj\n"...), []Active{Script}},
	} {
		found, err := PDF(c.content)
		if err != nil {
			t.Errorf("%s: PDF() = %v, want nil", name, err)
			continue
		}
		for _, want := range c.want {
			if !slices.Contains(found, want) {
				t.Errorf("%s: found %v, want %v", name, found, c.want)
			}
		}
		if len(c.want) == 0 && len(found) > 0 {
			t.Errorf("%s: PDF() = %v, want none", name, found)
		}
	}
}

// UP-11, UP-05: a PDF that cannot be read completely is refused.
func TestUP11_UnreadableIsRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000)
	for name, content := range map[string][]byte{
		"nothing":            nil,
		"no PDF":             []byte("hello"),
		"header alone":       []byte("%PDF-1.7\n"),
		"arrays within":      pdf("<</Type/Catalog/Pages 2 0 R/X "+deep+">>", pageTree, page),
		"arrays in a script": pdf("<</Type/Catalog/Pages 2 0 R>>", pageTree, page, "<</S/JavaScript/X "+deep+">>"),
		"arrays, packed":     hidden("<</S/Launch/X " + deep + ">>"),
		"half an object":     hidden("<</S/Launch/X ("),
		"a password we lack": pdf("<</Type/Catalog/Pages 2 0 R>>", pageTree, page, "<</Filter/Standard/V 1/R 2/O("+strings.Repeat("x", 32)+")/U("+strings.Repeat("y", 32)+")/P -4>>"),
	} {
		if name == "a password we lack" {
			content = bytes.Replace(content, []byte("/Root 1 0 R"), []byte("/Root 1 0 R/Encrypt 4 0 R/ID[(aaaaaaaaaaaaaaaa)(aaaaaaaaaaaaaaaa)]"), 1)
		}
		if found, err := PDF(content); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: PDF() = %v, %v, want %v", name, found, err, ErrRefused)
		}
	}
}

func FuzzUP11_PDF(f *testing.F) {
	f.Add(plainPDF())
	f.Add(hidden("<</S/Launch>>"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, err := PDF(content); err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("PDF() = %v, want nil or %v", err, ErrRefused)
		}
	})
}
