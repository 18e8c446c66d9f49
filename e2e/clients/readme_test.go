package clients

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The placeholders in README's settings.
const (
	readmeIssuer = "https://id.example"
	readmePortal = "https://portal.example"
	readmeBroker = "https://broker.example"
	readmeClient = "my-portal"
	readmeSecret = "the-secret"
	readmeRandom = "32-random-characters"
)

// root is the folder of the module, seen from this one.
var root = filepath.Join("..", "..")

// printed is what README prints for a relying party: the line that registers it, and
// its settings, file by file.
type printed struct {
	add      []string // arguments of the command
	settings []string
}

var fence = regexp.MustCompile("(?ms)^```\\w*\n(.*?)^```$")

// fromREADME returns what README prints for a relying party.
func fromREADME(t *testing.T, name string) printed {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), "<summary>"+name+"</summary>")
	part, _, found := strings.Cut(part, "</details>")
	blocks := fence.FindAllStringSubmatch(part, -1)
	if !found || len(blocks) < 2 {
		t.Fatalf("README prints no settings for %s", name)
	}
	var p printed
	for _, b := range blocks[1:] {
		p.settings = append(p.settings, b[1])
	}
	line := strings.ReplaceAll(blocks[0][1], "\\\n", " ")
	for i, word := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(line, -1) {
		if i > 0 { // the program
			p.add = append(p.add, strings.Trim(word, `"`))
		}
	}
	// The demo has a folder instead of a file.
	if len(p.add) < 4 || p.add[2] != "--config" {
		t.Fatalf("README registers %s with %q", name, p.add)
	}
	p.add = append(p.add[:2], p.add[4:]...)
	return p
}

// README prints settings for the parties of the table and no others.
func TestY22_ReadmeHasEveryParty(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## Connect your portal in five minutes")
	section, _, _ = strings.Cut(section, "\n## ")
	var got, want []string
	for _, m := range regexp.MustCompile(`<summary>(.*)</summary>`).FindAllStringSubmatch(section, -1) {
		got = append(got, m[1])
	}
	for _, p := range parties {
		want = append(want, p.Name)
		fromREADME(t, p.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("README has %q, the table %q", got, want)
	}
}

// The versions in deploy/clients.md are those that are installed here. Debian chooses that
// of mod_auth_openidc, and Dex's is a commit.
func TestY22_Versions(t *testing.T) {
	pins := map[string]string{
		"oauth2-proxy": "oauth2-proxy/go.mod", "Authlib": "python/requirements.txt", "mozilla-django-oidc": "python/requirements.txt",
		"Spring Security": "java/pom.xml", "Keycloak": "java_test.go", "Auth.js": "node/package.json",
		"passport-openidconnect": "node/package.json", "oidc-client-ts": "node/package.json", "openid-client": "node/package.json",
	}
	for _, p := range parties {
		file := pins[p.Name]
		if file == "" && p.Name != "Dex" && p.Name != "mod_auth_openidc" {
			t.Errorf("what pins the version of %s?", p.Name)
		}
		if file == "" {
			continue
		}
		text, err := os.ReadFile(filepath.FromSlash(file))
		if err != nil {
			t.Fatal(err)
		}
		if version := regexp.MustCompile(`\d+\.\d+\.\d+`).FindString(p.Version); !strings.Contains(string(text), version) {
			t.Errorf("%s has no %s %s", file, p.Name, version)
		}
	}
}
