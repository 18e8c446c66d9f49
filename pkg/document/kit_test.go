package document

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestMain runs the test binary as the process of a worker; some kinds
// misbehave as a faulty reader might.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 {
		os.Exit(m.Run())
	}
	if inside, ok := insides[os.Args[1]]; ok {
		inside()
	}
	switch {
	case os.Args[1] == "child":
	case strings.HasPrefix(os.Args[1], "broken-"):
		if _, err := confine(); err != nil {
			os.Exit(exitUnfit)
		}
	default:
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "broken-panic":
		panic("a fault in a reader")
	case "broken-loop":
		for {
		}
	case "broken-memory":
		var all [][]byte
		for range mostMemory/(64<<20) + 2 {
			all = append(all, bytes.Repeat([]byte{1}, 64<<20))
		}
		fmt.Print("[]"[:min(len(all), 2)])
		os.Exit(exitDone)
	case "broken-talk":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<20)); err != nil {
				os.Exit(1)
			}
		}
	case "broken-long":
		_, _ = os.Stdout.Write(append([]byte{0xff, 0xd8, 0xff}, make([]byte, largestAnswer)...))
		os.Exit(exitDone)
	case "broken-silence":
		os.Exit(exitDone)
	case "broken-lie":
		fmt.Print(`["nothing worth mentioning"]`)
		os.Exit(exitDone)
	case "broken-write":
		if err := os.WriteFile("/tmp/olid", []byte("x"), 0o600); err != nil {
			os.Exit(exitRefused)
		}
		fmt.Print(`[]`)
		os.Exit(exitDone)
	case "broken-threads":
		fmt.Fprintln(os.Stderr, "runtime: failed to create new OS thread (have 3 already; errno=11)")
		os.Exit(2)
	case "broken-environment":
		if len(os.Environ()) == 0 {
			os.Exit(exitRefused)
		}
		fmt.Print(`[]`)
		os.Exit(exitDone)
	}
	os.Exit(Child(os.Args[2], os.Stdin, os.Stdout, os.Stderr))
}

// insides are more kinds of processes, which end by themselves.
var insides = map[string]func(){
	"killed": func() {
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		select {}
	},
}

// worker returns a worker whose process is this test binary.
func worker(t testing.TB, way string) *Worker {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	return NewWorker(2, program, way)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// photo returns a picture with a different colour in each corner.
func photo(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{R: 255, A: 255}
			switch {
			case x >= w/2 && y < h/2:
				c = color.NRGBA{G: 255, A: 255}
			case x < w/2 && y >= h/2:
				c = color.NRGBA{B: 255, A: 255}
			case x >= w/2:
				c = color.NRGBA{R: 255, G: 255, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m))
	return b.Bytes()
}

// segment inserts a segment after the start of a JPEG.
func segment(jpeg []byte, marker byte, content string) []byte {
	head := []byte{0xff, 0xd8, 0xff, marker}
	head = binary.BigEndian.AppendUint16(head, uint16(len(content)+2))
	return append(append(head, content...), jpeg[2:]...)
}

// exif returns the metadata of a phone: orientation and place.
func exif(order binary.ByteOrder, orientation uint16) string {
	b := []byte("MM\x00*")
	if order == binary.LittleEndian {
		b = []byte("II*\x00")
	}
	add := func(v any) {
		var w bytes.Buffer
		_ = binary.Write(&w, order, v)
		b = append(b, w.Bytes()...)
	}
	add(uint32(8))
	add(uint16(2))
	add([]uint16{0x010e, 2, 0, 0}) // a description first, of no length
	add(uint32(0))
	add([]uint16{0x0112, 3})
	add(uint32(1))
	add([]uint16{orientation, 0})
	add(uint32(0))
	return "Exif\x00\x00" + string(b) + "GPS 52.0907N 5.1214E canary"
}

// chunk inserts a chunk after the header of a PNG.
func chunk(png []byte, kind string, content []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	b = append(append(b, kind...), content...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	const header = 8 + 25
	return append(append(append([]byte{}, png[:header]...), b...), png[header:]...)
}

// pdf returns a file of these objects, the first being the catalog, with a valid
// cross-reference table.
func pdf(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	at := make([]int, len(objects))
	for i, o := range objects {
		at[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

const (
	pageTree = "<</Type/Pages/Kids[3 0 R]/Count 1>>"
	page     = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>"
)

// plainPDF returns a PDF with one page and nothing else.
func plainPDF() []byte { return pdf("<</Type/Catalog/Pages 2 0 R>>", pageTree, page) }

// noise returns data that does not compress.
func noise(n int) []byte {
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return b
}
