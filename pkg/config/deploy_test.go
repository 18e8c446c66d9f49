package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func deployFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A variable in deploy/ that is no setting would have no effect.
func TestDeployNamesRealSettings(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"compose.yaml", "omgevingsloket-id.service", "Dockerfile", "README.md", "omgevingsloket-id.example.yaml"} {
		found := regexp.MustCompile(`OLID_[A-Z_]+`).FindAllString(deployFile(t, name), -1)
		if len(found) == 0 {
			t.Errorf("%s names no setting", name)
		}
		if err := UnknownEnv(found); err != nil {
			t.Errorf("%s: UnknownEnv() = %v, want nil", name, err)
		}
	}
}

type composeService struct {
	Image       string
	Command     []string
	Environment map[string]string
	Secrets     []string
	Ports       []string
	Networks    []string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	User        string
	Healthcheck struct{ Test []string }
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
}

func TestCompose(t *testing.T) {
	t.Parallel()
	var c struct {
		Services map[string]composeService
		Networks map[string]struct{ Internal bool }
		Secrets  map[string]struct{ File string }
	}
	if err := yaml.Unmarshal([]byte(deployFile(t, "compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Services) != 3 || !c.Networks["back"].Internal {
		t.Fatalf("compose.yaml has %d services and an internal back network: %t, want 3 and true", len(c.Services), c.Networks["back"].Internal)
	}
	for name, s := range c.Services {
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.User == "" || strings.HasPrefix(s.User, "0") {
			t.Errorf("%s has more rights than it needs: %+v", name, s)
		}
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s: secret %s has no file", name, secret)
			}
		}
		for key, value := range s.Environment {
			file, ok := strings.CutPrefix(value, "/run/secrets/")
			if strings.HasSuffix(key, "_FILE") && (!ok || !slices.Contains(s.Secrets, file)) {
				t.Errorf("%s: %s=%s is not the path of a secret of this service", name, key, value)
			}
			if strings.Contains(strings.ToLower(key), "password") && !strings.HasSuffix(key, "_FILE") {
				t.Errorf("%s: %s is a secret in the environment", name, key)
			}
		}
		if name == "provider" {
			continue
		}
		if len(s.Healthcheck.Test) == 0 || len(s.Ports) > 0 || !slices.Equal(s.Networks, []string{"back"}) || c.Services["provider"].DependsOn[name].Condition != "service_healthy" {
			t.Errorf("%s is not a healthy service of the back network only: %+v", name, s)
		}
	}
	for _, port := range c.Services["provider"].Ports {
		if !strings.HasPrefix(port, "127.0.0.1:") || strings.Contains(port, "9090") {
			t.Errorf("port %s is published on all interfaces", port)
		}
	}
	redis := strings.Join(c.Services["redis"].Command, " ")
	if !strings.Contains(redis, "--appendonly yes") || !strings.Contains(redis, "--maxmemory-policy noeviction") {
		t.Errorf("redis starts with %q, want it durable and without eviction", redis)
	}
}

// The image, the unit and the runbook build the same binary with the same
// command.
func TestDeployBuildsTheBinary(t *testing.T) {
	t.Parallel()
	const line = "CGO_ENABLED=0 go build -trimpath -ldflags=-s "
	for _, name := range []string{"Dockerfile", "README.md"} {
		if text := deployFile(t, name); !strings.Contains(text, line) || !strings.Contains(text, " ./cmd/omgevingsloket-id\n") {
			t.Errorf("%s does not build with %q", name, line)
		}
	}
	stages := strings.Split(deployFile(t, "Dockerfile"), "\nFROM ")
	last := stages[len(stages)-1]
	if !strings.HasPrefix(last, "scratch\n") || !strings.Contains(last, "\nUSER 65532:65532\n") || !strings.Contains(last, "ca-certificates.crt") {
		t.Errorf("the last stage is not scratch with a user and certificates:\n%s", last)
	}
}

// goMod returns the match of the expression's group in go.mod.
func goMod(t *testing.T, expression string) (found []string) {
	t.Helper()
	for _, match := range regexp.MustCompile(expression).FindAllStringSubmatch(deployFile(t, "../go.mod"), -1) {
		found = append(found, match[1])
	}
	if len(found) == 0 {
		t.Fatalf("go.mod has no match of %s", expression)
	}
	return found
}

func TestDockerfileBuildsWithTheToolchain(t *testing.T) {
	t.Parallel()
	want := "\nFROM golang:" + goMod(t, `(?m)^toolchain go(.+)$`)[0] + "-"
	if !strings.Contains(deployFile(t, "Dockerfile"), want) {
		t.Errorf("Dockerfile does not contain %q", want)
	}
}

func TestNoticesNameEveryRequirement(t *testing.T) {
	t.Parallel()
	notices := deployFile(t, "../THIRD_PARTY_NOTICES")
	for _, path := range goMod(t, `(?m)^\t(\S+) v\S+$`) {
		name := regexp.MustCompile(`^github\.com/|/v\d+$`).ReplaceAllString(path, "")
		if !regexp.MustCompile(`(^|[\s(])` + regexp.QuoteMeta(name) + `[\s,;(]`).MatchString(notices) {
			t.Errorf("THIRD_PARTY_NOTICES does not name %s", name)
		}
	}
}

func TestUnitIsHardened(t *testing.T) {
	t.Parallel()
	lines := strings.Split(deployFile(t, "omgevingsloket-id.service"), "\n")
	for _, want := range []string{
		"DynamicUser=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes", "NoNewPrivileges=yes",
		"MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources", "CapabilityBoundingSet=",
		"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "LimitCORE=0", "UMask=0077",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("lacks %s", want)
		}
	}
	// Each credential is loaded and passed to its setting.
	for file, env := range map[string]string{
		"master.keys": "OLID_MASTER_KEY_FILE", "database_url": "OLID_DATABASE_URL_FILE", "redis_url": "OLID_REDIS_URL_FILE", "smtp_url": "OLID_MAIL_SMTP_URL_FILE",
	} {
		if !slices.Contains(lines, "LoadCredential="+file+":/etc/omgevingsloket-id/"+file) || !slices.Contains(lines, "Environment="+env+"=%d/"+file) {
			t.Errorf("the unit does not pass %s to %s", file, env)
		}
	}
}
