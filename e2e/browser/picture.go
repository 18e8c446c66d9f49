package browser

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"omgevingsloket-id/e2e/testenv"
)

// Screenshot writes a PNG of the whole length of the page to path.
func (s *Session) Screenshot(path string) { s.t.Helper(); s.save(path, nil) }

// ScreenshotElement writes a PNG of the one element that matches the CSS selector to path.
func (s *Session) ScreenshotElement(css, path string) {
	s.t.Helper()
	type box struct{ X, Y, Width, Height float64 }
	b := get[box](s, "ScreenshotElement", `(() => {
		const r = select(`+quote(css)+`).getBoundingClientRect();
		return {X: r.x + scrollX, Y: r.y + scrollY, Width: r.width, Height: r.height};
	})()`)
	s.save(path, &page.Viewport{X: b.X, Y: b.Y, Width: b.Width, Height: b.Height, Scale: 1})
}

func (s *Session) save(path string, clip *page.Viewport) {
	s.t.Helper()
	png, err := s.picture(clip)
	if err == nil {
		err = os.WriteFile(path, png, 0o600)
	}
	if err != nil {
		s.t.Fatalf("screenshot: %v", err)
	}
}

// picture returns a PNG of a part of the page, or of the whole page if clip is nil.
func (s *Session) picture(clip *page.Viewport) ([]byte, error) {
	if clip == nil {
		metrics, err := call(s, page.GetLayoutMetrics, cdp.Empty{})
		if err != nil {
			return nil, err
		}
		size := metrics.CSSContentSize
		clip = &page.Viewport{Width: size.Width, Height: size.Height, Scale: 1}
	}
	res, err := call(s, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, Clip: clip, CaptureBeyondViewport: new(true),
	})
	return res.Data, err
}

// QR returns the text of the one QR code in a picture, read by a program that shares no
// code with ours. It fails the test if there is none or more than one.
func QR(t testing.TB, png string) string {
	t.Helper()
	codes := QRCodes(t, png)
	if len(codes) != 1 {
		t.Fatalf("%s has %d QR codes, not one", png, len(codes))
	}
	return codes[0]
}

// QRCodes returns the texts of the QR codes in a picture, which may be none.
func QRCodes(t testing.TB, png string) []string {
	t.Helper()
	cmd := exec.Command(testenv.Tool(t, "zbarimg"), "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", png)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 4 { // no code found
		return nil
	}
	if err != nil {
		t.Fatalf("zbarimg: %v\n%s", err, &errs)
	}
	return strings.Split(strings.TrimRight(string(out), "\n"), "\n")
}
