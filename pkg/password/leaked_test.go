package password_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"omgevingsloket-id/pkg/password"
)

// listed returns the line of a password: its hash as the downloader of Have I Been
// Pwned writes it.
func listed(word string) string {
	sum := sha1.Sum([]byte(word))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// listOf opens a file with this text.
func listOf(t testing.TB, text string) (*password.Leaked, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "leaked.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := password.OpenLeaked(path)
	if err == nil {
		t.Cleanup(func() { _ = l.Close() })
	}
	return l, err
}

func open(t testing.TB, text string) *password.Leaked {
	t.Helper()
	l, err := listOf(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func has(t testing.TB, l *password.Leaked, word string) bool {
	t.Helper()
	got, err := l.Has(word)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Every list gives the answers of a map, however long its lines are and however they
// end.
func TestLeakedIsAMap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(100, 400)).Draw(t, "lines")
		known, lines := map[string]bool{}, []string{}
		for i := range n {
			word := fmt.Sprint("word ", i, rapid.IntRange(0, 3).Draw(t, "salt"))
			known[word] = true
			lines = append(lines, listed(word))
		}
		slices.Sort(lines)
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		var text strings.Builder
		for i, line := range lines {
			if rapid.Bool().Draw(t, "lower") {
				line = strings.ToLower(line)
			}
			text.WriteString(line)
			if rapid.Bool().Draw(t, "count") {
				fmt.Fprintf(&text, ":%0*d", rapid.IntRange(1, 80).Draw(t, "digits"), i)
			}
			text.WriteString(end)
		}
		whole := text.String()
		switch rapid.IntRange(0, 2).Draw(t, "last line") {
		case 1:
			whole = strings.TrimRight(whole, "\r\n")
		case 2: // cut off within the hash of one more line, the greatest
			whole += strings.Repeat("F", rapid.IntRange(1, 39).Draw(t, "cut"))
		}
		path := filepath.Join(dir, "list")
		if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := password.OpenLeaked(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		for i := range n + 20 {
			for salt := range 4 {
				word := fmt.Sprint("word ", i, salt)
				if got, err := l.Has(word); err != nil || got != known[word] {
					t.Fatalf("Has(%q) = %t, %v, want %t; %d lines", word, got, err, known[word], n)
				}
			}
		}
	})
}

// What is looked up is the password in NFKC, and never a simpler form.
func TestLeakedLooksUpWhatIsHashed(t *testing.T) {
	t.Parallel()
	l := open(t, listed("een café aan zee")+":12\n")
	for word, want := range map[string]bool{
		"een café aan zee":                             true,
		"een cafe\u0301 aan zee":                       true, // decomposed
		"een\u00a0café aan zee":                        true, // a no-break space
		"Een café aan zee":                             false,
		"een café aan zee ":                            false,
		"":                                             false,
		strings.Repeat("x", password.MaxBytes+1):       false,
		"een café aan zee\x00":                         false,
		"een caf\xe9 aan zee":                          false,
		"een cafe aan zee":                             false,
		strings.ToUpper("een café aan zee"):            false,
		listed("een café aan zee"):                     false,
		"een café aan zee" + strings.Repeat(" ", 1000): false,
	} {
		if got := has(t, l, word); got != want {
			t.Errorf("Has(%.40q) = %t, want %t", word, got, want)
		}
	}
}

func TestOpenLeakedRefuses(t *testing.T) {
	t.Parallel()
	a, b, c := listed("a"), listed("b"), listed("c") // 86…, E9…, 84…
	many := func(line func(i int) string) string {
		var text strings.Builder
		for i := range 20_000 {
			text.WriteString(line(i) + "\n")
		}
		return text.String()
	}
	for name, text := range map[string]string{
		"nothing":                "",
		"an empty line":          "\n",
		"not sorted":             a + "\n" + c + "\n" + b + "\n",
		"sorted downwards":       many(func(i int) string { return fmt.Sprintf("%040X", 1<<40-i) }),
		"words":                  "password\n123456\nqwerty\n",
		"NTLM hashes":            many(func(i int) string { return fmt.Sprintf("%032X:1", i) }),
		"SHA-256 hashes":         many(func(i int) string { return fmt.Sprintf("%064X:1", i) }),
		"an empty line between":  c + "\n\n" + a + "\n",
		"a byte order mark":      "\ufeff" + c + "\n" + a + "\n",
		"a hash that is not hex": strings.Replace(c, c[3:4], "G", 1) + "\n" + b + "\n",
		"another mark":           c + ";12\n",
		"a line without end":     c + ":" + strings.Repeat("1", 5000),
		"one long line":          c + "\n" + a + ":" + strings.Repeat("1", 5000) + "\n" + b + "\n",
	} {
		if _, err := listOf(t, text); !errors.Is(err, password.ErrList) {
			t.Errorf("%s: OpenLeaked() = %v, want %v", name, err, password.ErrList)
		}
	}
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a folder": dir, "a pipe": pipe, "a device": "/dev/zero", "no file": filepath.Join(dir, "none")} {
		if l, err := password.OpenLeaked(path); err == nil {
			t.Errorf("%s: OpenLeaked() = %v, want an error", name, l)
		}
	}
}

// A file that is damaged or shortened while it is open is an error, never an answer.
func TestLeakedReportsDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "list")
	lines := sorted(20_000)
	write := func(text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, damage := range map[string]func([]byte) []byte{
		"shortened":   func(text []byte) []byte { return text[:len(text)/3] },
		"emptied":     func([]byte) []byte { return nil },
		"overwritten": func(text []byte) []byte { return bytes.Repeat([]byte{'x'}, len(text)) },
		"zeros":       func(text []byte) []byte { return make([]byte, len(text)) },
	} {
		write(lines)
		l, err := password.OpenLeaked(path)
		if err != nil {
			t.Fatal(err)
		}
		write(damage(lines))
		failed := 0
		leaks := password.Leaks{Failed: func(error) { failed++ }}
		leaks.Use(l)
		wrong := 0
		for i := range 200 {
			if _, err := l.Has(word(i)); err != nil {
				wrong++
			}
			if leaks.Has(word(i)) && name != "shortened" {
				t.Errorf("%s: Leaks.Has(%q) = true", name, word(i))
			}
		}
		if wrong == 0 || failed != wrong {
			t.Errorf("%s: %d lookups failed, %d were reported", name, wrong, failed)
		}
		_ = l.Close()
	}
}

// A list is replaced while others search it.
func TestLeaksAreReplaced(t *testing.T) {
	t.Parallel()
	var leaks password.Leaks
	if leaks.Has("anything at all") {
		t.Error("without a list Has() = true")
	}
	leaks.Failed = func(err error) { t.Error(err) }
	first, second := open(t, listed("the first")+"\n"), open(t, listed("the second")+"\n")
	var wait sync.WaitGroup
	leaks.Use(first)
	for range 8 {
		wait.Go(func() {
			for range 1000 {
				if leaks.Has("neither of them") {
					t.Error("Has(neither) = true")
				}
			}
		})
	}
	for range 100 {
		leaks.Use(second)
		leaks.Use(first)
	}
	leaks.Use(second)
	wait.Wait()
	if leaks.Has("the first") || !leaks.Has("the second") {
		t.Error("the list was not replaced")
	}
	leaks.Use(nil)
	if leaks.Has("the second") {
		t.Error("the list was not taken away")
	}
}

// The policy refuses a leaked password with one reason, and answers about a password
// that is in use already.
func TestPolicyLeaked(t *testing.T) {
	t.Parallel()
	words := []string{listed("een rustige haven"), listed("wachtwoord2024"), listed("xqzvwk")}
	slices.Sort(words)
	var leaks password.Leaks
	p := password.Policy{Leaks: &leaks}
	if got := p.Check("een rustige haven", password.Context{}); got != nil || p.Leaked("een rustige haven") {
		t.Errorf("without a list Check() = %v, want nil", got)
	}
	leaks.Use(open(t, strings.Join(words, "\n")))
	for typed, want := range map[string][]password.Problem{
		"een rustige haven":       {password.WasLeaked},
		"een rustige haven\u00a0": nil,
		"een onrustige haven":     nil,
		"wachtwoord2024":          {password.Common}, // one reason is enough
		"xqzvwk":                  {password.TooShort, password.WasLeaked},
	} {
		if got := p.Check(typed, password.Context{}); !slices.Equal(got, want) {
			t.Errorf("Check(%q) = %v, want %v", typed, got, want)
		}
	}
	if !p.Leaked("een rustige haven") || !p.Leaked("wachtwoord2024") || p.Leaked("een onrustige haven") {
		t.Error("Leaked() does not answer as the list")
	}
	if (password.Policy{}).Leaked("wachtwoord2024") {
		t.Error("the zero Policy has a list")
	}
}

func word(i int) string { return fmt.Sprint("password number ", i) }

// sorted returns a list of the first n words.
func sorted(n int) []byte {
	hashes := make([][sha1.Size]byte, n)
	for i := range hashes {
		hashes[i] = sha1.Sum([]byte(word(i)))
	}
	slices.SortFunc(hashes, func(a, b [sha1.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	var out bytes.Buffer
	for i, h := range hashes {
		fmt.Fprintf(&out, "%X:%d\r\n", h, i%1000+1)
	}
	return out.Bytes()
}

// million is a list of a million words.
var million = sync.OnceValue(func() []byte { return sorted(1_000_000) })

// In a list of a million lines every word is found, and no other one.
func TestLeakedMillion(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes a file of 46 MB")
	}
	l := open(t, string(million()))
	for i := 0; i < 1_000_000; i += 97 {
		if !has(t, l, word(i)) {
			t.Fatalf("Has(%q) = false", word(i))
		}
	}
	for i := range 20_000 {
		if has(t, l, word(1_000_000+i)) {
			t.Fatalf("Has(%q) = true", word(1_000_000+i))
		}
	}
}

func BenchmarkLeaked(b *testing.B) {
	l := open(b, string(million()))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if has(b, l, word(i%2_000_000)) != (i%2_000_000 < 1_000_000) {
			b.Fatal("wrong answer")
		}
	}
}
