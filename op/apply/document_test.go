package apply_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/errs"
)

// bombPNG returns a file of some 70 bytes that claims 20,000 × 20,000 pixels.
func bombPNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	site.Must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))))
	raw := b.Bytes()
	binary.BigEndian.PutUint32(raw[16:], 20_000)
	binary.BigEndian.PutUint32(raw[20:], 20_000)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	return raw
}

// stored returns the document of a draft, decrypted.
func (v *visitor) stored() (application.Document, []byte) {
	v.s.T.Helper()
	documents, err := v.s.Stores.DB.Applications().Documents(v.s.T.Context(), v.application().ID)
	site.Must(v.s.T, err)
	if len(documents) != 1 {
		v.s.T.Fatalf("%d documents", len(documents))
	}
	d, err := v.s.Stores.DB.Applications().DocumentContent(v.s.T.Context(), documents[0].ID)
	site.Must(v.s.T, err)
	plain, err := v.s.Stores.Ring.Open(d.Sealed, application.DocumentAAD(d.ApplicationID, d.ID))
	site.Must(v.s.T, err)
	return d, plain
}

// UP-01, UP-03, UP-05, UP-08: each refusal has a text of its own, at the field.
func TestUP08_DocumentsOfProduction(t *testing.T) {
	t.Parallel()
	s := newProduction(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	limit := func(n int) []byte { return append([]byte(smallPDF), bytes.Repeat([]byte("\n"), n-len(smallPDF))...) }
	v.upload("", nil).Wrong("document").Has("Kies een document")
	v.upload("leeg.pdf", nil).Wrong("document").Has("leeg")
	v.upload("brief.pdf", []byte("geen PDF")).Wrong("document").Has("geen PDF, JPEG of PNG")
	v.upload("plaatje.png", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`)).Wrong("document").Has("geen PDF, JPEG of PNG")
	v.upload("half.pdf", []byte(smallPDF[:30])).Wrong("document").Has("niet openen")
	v.upload("bom.png", bombPNG(t)).Wrong("document").Has("beeldpunten")
	v.upload("groot.pdf", limit(11_000_000)).Wrong("document").Has("10 MB")
	v.upload("net-te-groot.pdf", limit(document.Largest+1)).Wrong("document").Has("10 MB")
	if documents, err := s.Stores.DB.Applications().Documents(t.Context(), v.application().ID); err != nil || len(documents) != 0 {
		t.Fatalf("%v %v", documents, err)
	}
	v.get("/apply/check").Leads("/apply/document")
	v.upload("net-niet-te-groot.pdf", limit(document.Largest)).Leads("/apply/check")
	if d, plain := v.stored(); d.Size != document.Largest || !bytes.Equal(plain, limit(document.Largest)) {
		t.Errorf("%+v", d)
	}
}

// Practice accepts any document except one that could harm the person opening it.
func TestUP08_DocumentsOfPractice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	for _, c := range []struct {
		name    string
		content []byte
		kind    string
	}{
		{"leeg.pdf", nil, document.TypeOther},
		{"brief.docx", []byte("PK\x03\x04 of zoiets"), document.TypeOther},
		{"half.pdf", []byte(smallPDF[:30]), document.TypeOther},
		{"heel.pdf", []byte(smallPDF), document.TypePDF},
		{"groot", make([]byte, document.Largest), document.TypeOther},
	} {
		v.upload(c.name, c.content).Leads("/apply/check")
		d, plain := v.stored()
		sum := sha256.Sum256(c.content)
		if d.Type != c.kind || d.Name != c.name || d.Size != int64(len(c.content)) || !bytes.Equal(plain, c.content) || d.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
	v.upload("", nil).Leads("/apply/check") // without a file the stored one is kept
	v.get("/apply/document").Has("Al toegevoegd", "groot")
	v.upload("bom.png", bombPNG(t)).Wrong("document").Has("beeldpunten", "groot")
	v.upload("te-groot", make([]byte, document.Largest+1)).Wrong("document")
	if d, _ := v.stored(); d.Name != "groot" {
		t.Errorf("a refused document took the place of another: %+v", d)
	}
}

// UP-06: the name is only shown.
func TestUP06_DocumentNames(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	for raw, want := range map[string]string{
		"../../x": "x.pdf", `..\..\x`: "x.pdf", "pas\u202efdp.exe": "pasfdp.exe.pdf", `a"b.pdf`: "a_b.pdf", "CON": "_CON.pdf",
		strings.Repeat("n", 5000) + ".pdf": strings.Repeat("n", 96) + ".pdf", "<b>vet</b>.pdf": "b_.pdf", ".htaccess": "htaccess.pdf",
	} {
		v.upload(raw, []byte(smallPDF)).Leads("/apply/check")
		if d, _ := v.stored(); d.Name != want || len(d.ID) != 32 {
			t.Errorf("%q: %q", raw, d.Name)
		}
		v.get("/apply/check").Has(want)
	}
}

// UP-20: a document is encrypted on disk, and can be decrypted in its own row only.
func TestUP20_SealedAtRest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	const canary = "canary-3f9a-in-the-document"
	content := []byte("%PDF-1.4\n" + canary + "\nstartxref\n9\n%%EOF")
	v.upload("x.pdf", content).Leads("/apply/check")
	if raw := s.bytes(); bytes.Contains(raw, []byte(canary)) || !bytes.Contains(raw, []byte("x.pdf")) {
		t.Error("the document can be read in the database")
	}
	d, plain := v.stored()
	if !bytes.Equal(plain, content) {
		t.Error("it does not open to what was sent")
	}
	for _, aad := range []string{application.DocumentAAD(d.ApplicationID, "another"), application.DocumentAAD("another", d.ID)} {
		if _, err := s.Stores.Ring.Open(d.Sealed, aad); err == nil {
			t.Errorf("opens as %s", aad)
		}
	}
}

// lockedPDF is a PDF that asks for a password.
var lockedPDF = strings.Replace(smallPDF, "/Root 1 0 R", "/Root 1 0 R/Encrypt<</Filter/Standard/V 1/R 2/O("+strings.Repeat("o", 32)+")/U("+strings.Repeat("u", 32)+")/P -4>>/ID[(a)(a)]", 1)

// jpegCutOff returns a photo without its last two bytes.
func jpegCutOff(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	site.Must(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil))
	return b.Bytes()[:b.Len()-2]
}

// Y13, Y14: what no official can open is refused with what to do, in both
// languages; what they can open is accepted, and stored as it was sent.
func TestY13_Y14_WhatToDo(t *testing.T) {
	t.Parallel()
	s := newProduction(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	v.upload("slot.pdf", []byte(lockedPDF)).Wrong("document").Has("beveiliging eraf")
	v.upload("half.jpg", jpegCutOff(t)).Wrong("document").Has("foto of scan opnieuw")
	v.upload("half.pdf", []byte(smallPDF[:30])).Wrong("document").Has("Opslaan als PDF")
	for name, content := range map[string]string{"mark.pdf": "\xef\xbb\xbf" + smallPDF, "scanner.pdf": smallPDF + strings.Repeat("\x00", 3000)} {
		v.upload(name, []byte(content)).Leads("/apply/check")
		if d, plain := v.stored(); d.Type != document.TypePDF || string(plain) != content {
			t.Errorf("%s: %+v", name, d)
		}
	}
	v.get("/apply/document?lang=en")
	v.upload("slot.pdf", []byte(lockedPDF)).Wrong("document").Has("Remove the protection")
	v.upload("half.jpg", jpegCutOff(t)).Wrong("document").Has("Take the photo")
	v.upload("half.pdf", []byte(smallPDF[:30])).Wrong("document").Has("Save as PDF")
}

// judge is a Judge that returns what it holds, and counts its calls.
type judge struct {
	cost  time.Duration
	err   error
	calls atomic.Int32
}

func (j *judge) Judge(context.Context, []byte, bool) (kind, wrong string, cost time.Duration, err error) {
	j.calls.Add(1)
	return document.TypePDF, "", j.cost, j.err
}

// Y13: without a judgement a document is neither accepted nor called bad, also on
// practice.
func TestY13_NobodyJudges(t *testing.T) {
	t.Parallel()
	s := newAltered(t, func(r *apply.Room) { r.Documents = &judge{err: errs.Unavailable("judging", errors.New("no place"))} })
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	p := v.upload("x.pdf", []byte(smallPDF)).Is(http.StatusServiceUnavailable).Has("Probeer het over een minuut opnieuw", "/apply/document")
	if p.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if documents, err := s.Stores.DB.Applications().Documents(t.Context(), v.application().ID); err != nil || len(documents) != 0 {
		t.Errorf("%v %v", documents, err)
	}
}

// Y13, X9: a source whose documents took all its processor time is refused before
// the next one is judged.
func TestY13_JudgeTimeOfOneSource(t *testing.T) {
	t.Parallel()
	j := &judge{cost: 9 * time.Second}
	s := newAltered(t, func(r *apply.Room) { r.Documents, r.Tries = j, 120 })
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/document")
	for range 7 { // 63 s
		v.upload("x.pdf", []byte(smallPDF)).Leads("/apply/check")
	}
	v.upload("x.pdf", []byte(smallPDF)).Is(http.StatusTooManyRequests)
	if n := j.calls.Load(); n != 7 {
		t.Errorf("%d documents are judged, want 7", n)
	}
}
