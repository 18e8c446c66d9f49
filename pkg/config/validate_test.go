package config_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
)

func TestZeroConfigIsRefused(t *testing.T) {
	t.Parallel()
	var c config.Config
	refused(t, c.Validate(), "environment: ", "issuer: ", "database.url: ", "master_key_file: ", "session.idle: ", "login.codes: ", "password.time: ", "keys.retain: ")
	if !c.Production() {
		t.Error("Production() of the zero Config = false, want true")
	}
}

func TestIssuer(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{"https://id.example", "https://id.example:8443", "https://id.example/olid", "http://localhost:8080", "http://127.0.0.1:9", "http://[::1]:9"} {
		mustLoad(t, practice(t), map[string]string{"OLID_ISSUER": ok})
	}
	for issuer, why := range map[string]string{
		"id.example":                   "not an absolute address",
		"https://":                     "not an absolute address",
		"https:id.example":             "not an absolute address",
		"https://id.example/":          "ends with a slash",
		"https://id.example/a/":        "ends with a slash",
		"https://id.example?a=b":       "query or a fragment",
		"https://id.example?":          "query or a fragment",
		"https://id.example#":          "query or a fragment",
		"https://u:canary@id.example":  "has a user name",
		"https://ID.example":           "plain form",
		"HTTPS://id.example":           "plain form",
		"https://id.example//a":        "plain form",
		"https://id.example:443":       "names the port",
		"http://id.example":            "only localhost",
		"http://localhost.example.com": "only localhost",
		"ftp://id.example":             "not https",
	} {
		_, err := load(t, practice(t), map[string]string{"OLID_ISSUER": issuer})
		t.Run(issuer, func(t *testing.T) { refused(t, err, "issuer: ", why) })
	}
}

// TestPracticeRefuses breaks in each row one rule of both environments.
func TestPracticeRefuses(t *testing.T) {
	t.Parallel()
	file := write(t, "x.pem", "x", 0o600)
	for name, c := range map[string]struct {
		vars map[string]string
		says string
	}{
		"environment":        {map[string]string{"OLID_ENVIRONMENT": "staging", "OLID_ISSUER": "https://id.example"}, "environment: is missing or unknown"},
		"eidas level":        {map[string]string{"OLID_ACR": "http://eidas.europa.eu/NotNotified/LoA/low"}, "acr: practice may not use"},
		"eidas level, caps":  {map[string]string{"OLID_ACR": "http://EIDAS.europa.eu/LoA/low"}, "acr: practice may not use"},
		"acr is a word":      {map[string]string{"OLID_ACR": "low"}, "acr: is not an absolute URI"},
		"policy":             {map[string]string{"OLID_POLICY": "fapi"}, "policy: is unknown"},
		"listen":             {map[string]string{"OLID_LISTEN": "8080"}, "listen: is not host:port"},
		"listen port":        {map[string]string{"OLID_LISTEN": ":99999"}, "listen: is not host:port"},
		"same listener":      {map[string]string{"OLID_ADMIN_LISTEN": ":8080"}, "admin_listen: is the same as listen"},
		"proxy":              {map[string]string{"OLID_TRUSTED_PROXIES": "10.0.0.0/8,proxy.example"}, "trusted_proxies[1]: is neither"},
		"everybody a proxy":  {map[string]string{"OLID_TRUSTED_PROXIES": "0.0.0.0/0"}, "trusted_proxies[0]: is everybody"},
		"half a certificate": {map[string]string{"OLID_TLS_CERT_FILE": file}, "tls: has one file of the two"},
		"no certificate":     {map[string]string{"OLID_TLS_CERT_FILE": "/nowhere/c", "OLID_TLS_KEY_FILE": file}, "tls.cert_file: cannot be read"},
		"database":           {map[string]string{"OLID_DATABASE_URL": "mysql://u:canary@h/d"}, "database.url: is neither"},
		"database path":      {map[string]string{"OLID_DATABASE_URL": "sqlite:"}, "database.url: names no file"},
		"database escape":    {map[string]string{"OLID_DATABASE_URL": "postgres://u:canary%zz@h/d"}, "database.url: is neither"},
		"redis":              {map[string]string{"OLID_REDIS_URL": "h:6379,canary"}, "redis.url: is not redis://"},
		"redis CA":           {map[string]string{"OLID_REDIS_URL": "redis://h", "OLID_REDIS_CA_FILE": file}, "redis.ca_file: is given, but"},
		"sender":             {map[string]string{"OLID_MAIL_FROM": "Jan <jan@b.example>"}, "mail.from: "},
		"sender's name":      {map[string]string{"OLID_MAIL_FROM_NAME": "x\r\nBcc: y"}, "mail.from_name: has control"},
		"helo":               {map[string]string{"OLID_MAIL_HELO": "a b"}, "mail.helo: "},
		"two ways to send":   {map[string]string{"OLID_MAIL_SMTP_URL": "smtp://mx.example"}, "mail.dir: stands beside smtp_url"},
		"mail folder":        {map[string]string{"OLID_MAIL_DIR": "/nowhere"}, "mail.dir: is no folder"},
		"theme":              {map[string]string{"OLID_BRANDING_THEME_DIR": "/nowhere"}, "branding.theme_dir: is no folder"},
		"helpdesk mail":      {map[string]string{"OLID_HELPDESK_EMAIL": "x"}, "helpdesk.email: "},
		"helpdesk script":    {map[string]string{"OLID_HELPDESK_URL": "javascript:alert(1)"}, "helpdesk.url: is not an https address"},
		"terms":              {map[string]string{"OLID_LINKS_TERMS_URL": "/terms"}, "links.terms_url: is not an https address"},
		"idle zero":          {map[string]string{"OLID_SESSION_IDLE": "0s"}, "session.idle: is no time at all"},
		"idle negative":      {map[string]string{"OLID_SESSION_IDLE": "-1m"}, "session.idle: is no time at all"},
		"idle over absolute": {map[string]string{"OLID_SESSION_IDLE": "13h"}, "session.idle: is longer than"},
		"hint":               {map[string]string{"OLID_KEYS_HINT": "1h"}, "keys.hint: is shorter than session.absolute"},
		"retain":             {map[string]string{"OLID_KEYS_RETAIN": "1m"}, "keys.retain: is shorter than 10m"},
		"17 codes":           {map[string]string{"OLID_LOGIN_CODES": "17"}, "login.codes: is 17"},
		"no codes":           {map[string]string{"OLID_LOGIN_ENROLMENT_CODES": "0"}, "login.enrolment_codes: is 0"},
		"argon2 memory":      {map[string]string{"OLID_PASSWORD_THREADS": "4", "OLID_PASSWORD_MEMORY_KIB": "31"}, "password.memory_kib: is 31"},
		"short pepper":       {map[string]string{"OLID_PASSWORD_PEPPER": "canary"}, "password.pepper: is shorter than 32"},
		"leaked list":        {map[string]string{"OLID_PASSWORD_LEAKED_FILE": "/nowhere"}, "password.leaked_file: stat /nowhere"},
		"leaked folder":      {map[string]string{"OLID_PASSWORD_LEAKED_FILE": "/"}, "password.leaked_file: /: not a regular file"},
		"limit":              {map[string]string{"OLID_LIMITS_LOGIN_PER_MINUTE": "0"}, "limits.login_per_minute: is 0"},
		"log level":          {map[string]string{"OLID_LOG_LEVEL": "verbose"}, "log.level: is unknown"},
		"log format":         {map[string]string{"OLID_LOG_FORMAT": "xml"}, "log.format: is unknown"},
		"home client":        {map[string]string{"OLID_HOME_CLIENT": "a", "OLID_CLIENTS": "[{id: a, name: A, auth_method: none, redirect_uris: ['http://localhost:1/cb']}]"}, "home_client: a has no initiate_login_uri"},
		"no master key":      {map[string]string{"OLID_MASTER_KEY_FILE": "/nowhere/k"}, "master_key_file: there is no file"},
		"zero master key":    {map[string]string{"OLID_MASTER_KEY_FILE": write(t, "k", "k1 "+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", 0o600)}, "master_key_file: key ring, line 1: key \"k1\" is all zeros"},
		"production's key":   {map[string]string{"OLID_MASTER_KEY_FILE": masterKeys(t, "production-1")}, "master_key_file: holds the key \"production-1\""},
		"open master key":    {map[string]string{"OLID_MASTER_KEY_FILE": write(t, "k", "k1 x\n", 0o640)}, "can be read by others (mode 0640)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, practice(t), c.vars)
			refused(t, err, c.says)
			if n := len(strings.Split(err.Error(), "\n")); n != 1 {
				t.Errorf("%d faults are reported, want 1:\n%v", n, err)
			}
		})
	}
}

// TestProductionRefuses has in each row a setting that practice allows.
func TestProductionRefuses(t *testing.T) {
	t.Parallel()
	clientWith := func(id, uri string) map[string]string {
		return map[string]string{"OLID_POLICY": "general", "OLID_CLIENTS": fmt.Sprintf("[{id: %s, name: A, auth_method: none, redirect_uris: ['%s']}]", id, uri)}
	}
	open := func(text string) string { return write(t, "secret", text, 0o644) }
	for name, c := range map[string]struct {
		vars map[string]string
		says string
	}{
		"http issuer":            {map[string]string{"OLID_ISSUER": "http://localhost:8080"}, "issuer: is http, which production refuses"},
		"demo master key":        {map[string]string{"OLID_MASTER_KEY_FILE": masterKeys(t, "demo")}, "master_key_file: holds the key \"demo\""},
		"practice's master key":  {map[string]string{"OLID_MASTER_KEY_FILE": masterKeys(t, "practice-1")}, "master_key_file: holds the key \"practice-1\""},
		"unmarked master key":    {map[string]string{"OLID_MASTER_KEY_FILE": masterKeys(t, "k1")}, "master_key_file: seals with the key \"k1\""},
		"demo client":            {clientWith("demo-portal", "https://a.example/cb"), "(demo-portal): is a client of the demo"},
		"client on localhost":    {clientWith("a", "https://localhost/cb"), "https://localhost/cb is this machine"},
		"relay":                  {map[string]string{"OLID_MAIL_SMTP_URL": "http://u:canary@mx.example"}, "mail.smtp_url: does not start with"},
		"mail without TLS":       {map[string]string{"OLID_MAIL_SMTP_URL": "smtp+insecure://localhost"}, "mail.smtp_url: sends without TLS"},
		"practice's level":       {map[string]string{"OLID_ACR": config.PracticeACR}, "acr: is the value of practice"},
		"cheap passwords":        {map[string]string{"OLID_PASSWORD_MEMORY_KIB": "19455"}, "password: 19455 KiB with time 2 is too cheap"},
		"links without TLS":      {map[string]string{"OLID_LINKS_PRIVACY_URL": "http://a.example"}, "links.privacy_url: is not an https address"},
		"open database_url file": {map[string]string{"OLID_DATABASE_URL_FILE": open("sqlite:x\n")}, "database.url_file: "},
		"open redis_url file":    {map[string]string{"OLID_REDIS_URL_FILE": open("redis://h\n")}, "redis.url_file: "},
		"open smtp_url file":     {map[string]string{"OLID_MAIL_SMTP_URL_FILE": open("smtp://h.example\n")}, "mail.smtp_url_file: "},
		"open pepper file":       {map[string]string{"OLID_PASSWORD_PEPPER_FILE": open(strings.Repeat("p", 32) + "\n")}, "password.pepper_file: "},
		"open TLS key":           {map[string]string{"OLID_TLS_CERT_FILE": open("x"), "OLID_TLS_KEY_FILE": open("x")}, "tls.key_file: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, production(t), c.vars)
			refused(t, err, c.says)
		})
	}
	t.Run("mail in a folder", func(t *testing.T) {
		_, err := load(t, regexp.MustCompile("smtp_url_file: .*").ReplaceAllString(production(t), "dir: "+t.TempDir()), nil)
		refused(t, err, "mail.dir: keeps messages in a folder, which production refuses")
	})
	t.Run("no helpdesk", func(t *testing.T) {
		_, err := load(t, strings.Split(production(t), "helpdesk:")[0], nil)
		refused(t, err, "helpdesk: cannot be reached")
	})
}

// The environment cannot make a text empty; the file can.
func TestRefusesEmptyNames(t *testing.T) {
	t.Parallel()
	_, err := load(t, practice(t)+"helpdesk: {name: ''}\nbranding: {wordmark: ' '}\n", nil)
	refused(t, err, "helpdesk.name: is empty", "branding.wordmark: is empty")
}

// Practice accepts the same settings.
func TestPracticeAllows(t *testing.T) {
	t.Parallel()
	mustLoad(t, practice(t), map[string]string{
		"OLID_MASTER_KEY_FILE": masterKeys(t, "demo"), "OLID_PASSWORD_MEMORY_KIB": "64", "OLID_LINKS_PRIVACY_URL": "http://localhost/p",
		"OLID_CLIENTS":           "[{id: demo-portal, name: A, auth_method: none, redirect_uris: ['http://localhost:8081/cb']}]",
		"OLID_DATABASE_URL_FILE": write(t, "secret", "sqlite:x\n", 0o644),
	})
	without := strings.Split(practice(t), "  dir:")[0]
	mustLoad(t, without, map[string]string{"OLID_MAIL_SMTP_URL": "smtp+insecure://localhost:1025"})
}

func TestProductionRefusesOpenConfigFileWithSecrets(t *testing.T) {
	t.Parallel()
	inline := production(t) + "redis:\n  url: redis://:redis-canary@localhost\n"
	path := write(t, "olid.yaml", inline, 0o644)
	_, err := config.Load(path, none, os.ReadFile)
	refused(t, err, path, "can be read by others (mode 0644) and holds redis.url")
	// A file that others cannot read, or whose secrets the environment overrides, is accepted.
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(path, none, os.ReadFile); err != nil {
		t.Errorf("Load() of a file that others cannot read = %v, want nil", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(path, env(map[string]string{"OLID_REDIS_URL": "redis://localhost"}), os.ReadFile); err != nil {
		t.Errorf("Load() with the secret overridden = %v, want nil", err)
	}
	if _, err := config.Load(write(t, "olid.yaml", production(t), 0o644), none, os.ReadFile); err != nil {
		t.Errorf("Load() of a file without secrets = %v, want nil", err)
	}
}

// X11: production has native clients only where a setting says so, and none on
// a loopback address without being native.
func TestX11_ProductionAllowsNativeClients(t *testing.T) {
	t.Parallel()
	const app = "[{id: app, name: App, auth_method: none, application_type: native, redirect_uris: ['http://127.0.0.1:1/cb']}]"
	mustLoad(t, production(t), map[string]string{"OLID_CLIENTS": app, "OLID_NATIVE_CLIENTS": "true"})
	_, err := load(t, production(t), map[string]string{"OLID_CLIENTS": app})
	refused(t, err, "native_clients")
	_, err = load(t, production(t), map[string]string{"OLID_CLIENTS": strings.Replace(app, "application_type: native, ", "", 1), "OLID_NATIVE_CLIENTS": "true"})
	refused(t, err, "https only")
}

func TestArgon2Minimums(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"47104", "1"}, {"19456", "2"}, {"12288", "3"}, {"9216", "4"}, {"7168", "5"}, {"65536", "9"}} {
		mustLoad(t, production(t), map[string]string{"OLID_PASSWORD_MEMORY_KIB": pair[0], "OLID_PASSWORD_TIME": pair[1]})
	}
	for _, pair := range [][2]string{{"47103", "1"}, {"12287", "3"}, {"7167", "50"}} {
		_, err := load(t, production(t), map[string]string{"OLID_PASSWORD_MEMORY_KIB": pair[0], "OLID_PASSWORD_TIME": pair[1]})
		refused(t, err, "too cheap")
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	has := func(c config.Config, want string) bool {
		for _, w := range c.Warnings() {
			if strings.Contains(w, "canary") {
				t.Errorf("Warnings() has a secret in %q", w)
			}
			if strings.HasPrefix(w, want+": ") {
				return true
			}
		}
		return false
	}
	calm := mustLoad(t, production(t), map[string]string{
		"OLID_TRUSTED_PROXIES": "10.0.0.0/8", "OLID_DATABASE_URL": "postgres://u:canary@db.example/d?sslmode=verify-full",
		"OLID_LINKS_PRIVACY_URL": "https://a.example/p", "OLID_LINKS_ACCESSIBILITY_URL": "https://a.example/a",
		"OLID_REDIS_URL": "rediss://h.example", "OLID_HOME_CLIENT": "x",
		"OLID_CONSOLE_ORIGIN": "https://beheer.example", "OLID_CONSOLE_LISTEN": ":8082", "OLID_CONSOLE_DOMAINS": "gov.example",
	})
	if w := calm.Warnings(); len(w) != 0 {
		t.Errorf("Warnings() = %v, want none", w)
	}
	for path, vars := range map[string]map[string]string{
		"policy": {"OLID_POLICY": "general"}, "acr": {"OLID_ACR": "http://eidas.europa.eu/LoA/high"}, "issuer": {"OLID_ISSUER": "https://id.example/x"},
		"admin_listen": {"OLID_ADMIN_LISTEN": ":9090"}, "database.url": {}, "redis.url": {"OLID_REDIS_URL": "redis://u:canary@h.example"},
		"trusted_proxies": {}, "log.level": {"OLID_LOG_LEVEL": "debug"}, "links.privacy_url": {}, "links.accessibility_url": {}, "home_client": {},
		"console.domains": {"OLID_CONSOLE_ORIGIN": "https://beheer.example", "OLID_CONSOLE_LISTEN": ":8082"}, // X19
	} {
		if c := mustLoad(t, production(t), vars); !has(c, path) {
			t.Errorf("Warnings() = %v, want one about %s", c.Warnings(), path)
		}
		if has(calm, path) {
			t.Errorf("Warnings() always has one about %s", path)
		}
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	c := config.Config{TrustedProxies: []string{"10.0.0.0/8", "192.0.2.7", "2001:db8::1", "nonsense"}}
	if got := fmt.Sprint(c.Proxies()); got != "[10.0.0.0/8 192.0.2.7/32 2001:db8::1/128]" {
		t.Errorf("Proxies() = %s", got)
	}
}

func TestLimitsAndSchedule(t *testing.T) {
	t.Parallel()
	c := config.Default(config.Practice)
	if c.SessionLimits().Idle != 30*time.Minute || c.AccountLimits().Codes != 10 || c.KeySchedule().Sign != 90*24*time.Hour {
		t.Errorf("SessionLimits, AccountLimits, KeySchedule = %+v, %+v, %+v, want the defaults", c.SessionLimits(), c.AccountLimits(), c.KeySchedule())
	}
}

// TestPrint checks that Load reads the output of Print as the same settings,
// apart from the secrets, which are not shown.
func TestPrint(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, practice(t), map[string]string{
		"OLID_DATABASE_URL": "postgres://u:canary@h/d", "OLID_REDIS_URL": "redis://:canary@h", "OLID_PASSWORD_PEPPER": strings.Repeat("canary", 6),
		"OLID_CLIENTS": "[{id: a, name: A, auth_method: client_secret_basic, secret_hashes: [0a1b2c], redirect_uris: ['https://a.example/cb']}," +
			" {id: b, name: B, auth_method: private_key_jwt, jwks: {keys: [{kty: EC, crv: P-256, x: MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4, 'y': 4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM}]}, redirect_uris: ['https://b.example/cb']}]",
		"OLID_TRUSTED_PROXIES": "10.0.0.0/8", "OLID_SESSION_IDLE": "17m",
	})
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", c)
	fmt.Fprintf(&out, "\n# %v %+v %#v\n", c, c, c.Database)
	printed, _, _ := strings.Cut(out.String(), "\ntime=")
	if strings.Contains(out.String(), "canary") || strings.Contains(printed, "0a1b2c") {
		t.Errorf("the output has a secret:\n%s", out.String())
	}
	for _, want := range []string{"idle: 17m0s", "url: '[redacted]'", "smtp_url: \"\"", "- 10.0.0.0/8", "kty: EC", "wordmark: Omgevingsloket-ID"} {
		if !strings.Contains(printed, want) {
			t.Errorf("lacks %q:\n%s", want, printed)
		}
	}
	// [redacted] is no URL; all other settings load.
	_, err := load(t, printed, map[string]string{"OLID_DATABASE_URL": "sqlite:x", "OLID_REDIS_URL": "redis://h", "OLID_PASSWORD_PEPPER": strings.Repeat("p", 32)})
	if err != nil {
		t.Errorf("Load(Print()) = %v, want nil\n%s", err, printed)
	}
}

// Print shows only the file of a secret that came from a file.
func TestPrintSecretFiles(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, production(t), nil)
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	if again := mustLoad(t, out.String(), nil); again.Database.URL != c.Database.URL || again.Issuer != c.Issuer {
		t.Errorf("Load(Print()) has other settings:\n%s", out.String())
	}
}

func TestClientsAreClients(t *testing.T) {
	t.Parallel()
	var list []client.Client = config.Clients{{ID: "a"}} // without a conversion
	if list[0].ID != "a" {
		t.Fail()
	}
}

// In production an older key without a mark may follow one that is marked; a
// key of practice may not.
func TestMasterKeysOfProduction(t *testing.T) {
	t.Parallel()
	ring := func(ids ...string) map[string]string {
		text := ""
		for _, id := range ids {
			line, err := os.ReadFile(masterKeys(t, id))
			if err != nil {
				t.Fatal(err)
			}
			text += string(line)
		}
		return map[string]string{"OLID_MASTER_KEY_FILE": write(t, "ring", text, 0o600)}
	}
	mustLoad(t, production(t), ring("production-2", "k1"))
	for _, ids := range [][]string{{"k1", "production-2"}, {"production-2", "practice-1"}, {"production-2", "demo"}, {"productionish"}} {
		_, err := load(t, production(t), ring(ids...))
		refused(t, err, "master_key_file: ")
	}
	mustLoad(t, practice(t), ring("practice-1", "k1", "demo"))
}
