package config

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/password"
)

// Validate checks the settings and the files that they name. It returns all
// faults, joined, each a Fault, or nil.
func (c Config) Validate() error { return c.check().join() }

func (c Config) check() faults {
	var fs faults
	c.checkIdentity(&fs)
	c.checkListeners(&fs)
	c.checkStores(&fs)
	c.checkMail(&fs)
	c.checkPeople(&fs)
	c.checkAccessibility(&fs)
	c.checkSecurityContact(&fs)
	c.checkTimes(&fs)
	c.checkNumbers(&fs)
	c.checkClients(&fs)
	c.checkFiles(&fs)
	if c.Environment == Production {
		c.checkProduction(&fs)
	}
	slices.SortStableFunc(fs, func(a, b Fault) int { return cmp.Compare(a.Path, b.Path) })
	return fs
}

func (c Config) checkIdentity(fs *faults) {
	if c.Environment != Production && c.Environment != Practice {
		fs.add("environment", "is missing or unknown", "choose production or practice")
	}
	if c.Issuer == "" {
		fs.add("issuer", "is missing", "give the address of this provider, such as https://id.example.nl")
	} else if reason := issuerFault(c.Issuer, c.Production()); reason != "" {
		fs.add("issuer", reason, "give an address such as https://id.example.nl")
	}
	if c.Policy != client.NLGov && c.Policy != client.General {
		fs.add("policy", "is unknown", "choose nlgov or general")
	}
	acr, err := url.Parse(c.ACR)
	switch {
	case err != nil || !acr.IsAbs() || strings.ContainsAny(c.ACR, " \t\r\n\"\\"):
		fs.add("acr", "is not an absolute URI", "give one value, such as "+ProductionACR)
	case !c.Production() && strings.EqualFold(acr.Hostname(), "eidas.europa.eu"):
		fs.add("acr", "practice may not use a level of eidas.europa.eu: it could pass for the real thing", "leave it out, or use a urn: of your own")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		fs.add("log.level", "is unknown", "choose debug, info, warn or error")
	}
	if !slices.Contains([]string{"json", "text"}, c.Log.Format) {
		fs.add("log.format", "is unknown", "choose json or text")
	}
}

// issuerFault returns what is wrong with an issuer, or "". OIDC Discovery §3:
// https, no query, no fragment.
func issuerFault(issuer string, production bool) string {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || !u.IsAbs() || u.Hostname() == "" || u.Opaque != "":
		return "is not an absolute address"
	case strings.ContainsAny(issuer, "?#"):
		return "has a query or a fragment"
	case u.User != nil:
		return "has a user name"
	case strings.HasSuffix(issuer, "/"):
		return "ends with a slash"
	case u.String() != issuer || u.Host != strings.ToLower(u.Host) || strings.Contains(u.Path, "//"):
		return "is not written in its plain form (lower case, nothing escaped)"
	case u.Port() == "443" && u.Scheme == "https" || u.Port() == "80" && u.Scheme == "http":
		return "names the port, though it is the default one"
	case u.Scheme == "https":
		return ""
	case u.Scheme != "http":
		return "is not https"
	case production:
		return "is http, which production refuses"
	case !loopback(u.Hostname()):
		return "is http, which only localhost and 127.0.0.1 may be"
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c Config) checkListeners(fs *faults) {
	for path, addr := range map[string]string{"listen": c.Listen, "admin_listen": c.AdminListen} {
		_, port, err := net.SplitHostPort(addr)
		if _, errPort := strconv.ParseUint(port, 10, 16); err != nil || errPort != nil {
			fs.add(path, "is not host:port", "give an address such as :8080 or 127.0.0.1:9090")
		}
	}
	if c.Listen == c.AdminListen && !strings.HasSuffix(c.Listen, ":0") {
		fs.add("admin_listen", "is the same as listen", "choose another port, out of reach of the internet")
	}
	c.checkConsole(fs)
	c.checkOfficials(fs)
	c.checkReview(fs)
	c.checkScanner(fs)
	for i, s := range c.TrustedProxies {
		p, err := parseNet(s)
		switch {
		case err != nil:
			fs.add(fmt.Sprintf("trusted_proxies[%d]", i), "is neither an address nor a network", "write it as 10.0.0.0/8 or 10.0.0.7")
		case p.Bits() == 0:
			fs.add(fmt.Sprintf("trusted_proxies[%d]", i), "is everybody: anyone could then write any source", "name the proxies' own network")
		}
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		fs.add("tls", "has one file of the two", "give cert_file and key_file, or neither")
	}
}

func (c Config) checkStores(fs *faults) {
	switch raw := c.Database.URL.Reveal(); {
	case raw == "":
		fs.add("database.url", "is missing", "give sqlite:PATH or postgres://user:password@host/name, or the file that holds it as database.url_file")
	case strings.HasPrefix(raw, "sqlite:"):
		if strings.TrimPrefix(raw, "sqlite:") == "" {
			fs.add("database.url", "names no file after sqlite:", "give sqlite:/var/lib/omgevingsloket-id/olid.db")
		}
	case badPostgres(raw):
		fs.add("database.url", "is neither sqlite:PATH nor postgres://…", "check the scheme and the host; escape special characters in the password (%40 for @)")
	}
	raw := c.Redis.URL.Reveal()
	if raw != "" && badURL(raw, "redis", "rediss") {
		fs.add("redis.url", "is not redis:// or rediss://", "check the scheme and the host; escape special characters in the password (%40 for @)")
	}
	if c.Redis.CAFile != "" && !strings.HasPrefix(raw, "rediss:") {
		fs.add("redis.ca_file", "is given, but redis.url speaks no TLS", "write rediss:// or leave ca_file out")
	}
}

// badURL reports whether raw is not a URL with a host and one of these
// schemes. It returns no detail, because the URL may hold a password.
func badURL(raw string, schemes ...string) bool {
	u, err := url.Parse(raw)
	return err != nil || !slices.Contains(schemes, u.Scheme) || u.Host == ""
}

func (c Config) checkMail(fs *faults) {
	if _, err := mail.CanonicalAddress(c.Mail.From); err != nil {
		fs.add("mail.from", "is missing or no e-mail address", "give the address that people may see, such as geen-antwoord@example.nl")
	}
	if strings.ContainsFunc(c.Mail.FromName, control) {
		fs.add("mail.from_name", "has control characters", "write it on one line")
	}
	if strings.ContainsFunc(c.Mail.Helo, func(r rune) bool { return r <= ' ' || r > '~' }) {
		fs.add("mail.helo", "is not a host name", "give a name such as id.example.nl, or leave it out")
	}
	raw := c.Mail.SMTPURL.Reveal()
	switch {
	case raw == "" && c.Mail.Dir == "":
		fs.add("mail.smtp_url", "is missing", "give smtp://user:password@host:587, or the file that holds it as mail.smtp_url_file")
	case raw != "" && c.Mail.Dir != "":
		fs.add("mail.dir", "stands beside smtp_url", "keep one of the two")
	}
	if raw != "" {
		if _, err := mail.ParseSMTPURL(c.Mail.SMTPURL); err != nil {
			fs.add("mail.smtp_url", err.Error(), "give smtp://user:password@host:587 or smtps://user:password@host:465")
		}
	}
}

func control(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

func (c Config) checkPeople(fs *faults) {
	if strings.TrimSpace(c.Helpdesk.Name) == "" {
		fs.add("helpdesk.name", "is empty", "say what it is called, or leave the line out")
	}
	if strings.TrimSpace(c.Branding.Wordmark) == "" {
		fs.add("branding.wordmark", "is empty", "give the name at the top of each page, or leave the line out")
	}
	if c.Helpdesk.Email != "" {
		if _, err := mail.CanonicalAddress(c.Helpdesk.Email); err != nil {
			fs.add("helpdesk.email", "is no e-mail address", "")
		}
	}
	for path, raw := range map[string]string{
		"helpdesk.url": c.Helpdesk.URL, "links.privacy_url": c.Links.PrivacyURL,
		"links.accessibility_url": c.Links.AccessibilityURL, "links.terms_url": c.Links.TermsURL, "accessibility.report_url": c.Accessibility.ReportURL,
	} {
		if raw == "" {
			continue
		}
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (c.Production() || u.Scheme != "http") {
			fs.add(path, "is not an https address", "give the whole address, such as https://www.example.nl/privacy")
		}
	}
}

func (c Config) checkAccessibility(fs *faults) {
	a := c.Accessibility
	if a.Email != "" {
		if _, err := mail.CanonicalAddress(a.Email); err != nil {
			fs.add("accessibility.email", "is no e-mail address", "")
		}
	}
	if a.Date != "" {
		if _, err := time.Parse(time.DateOnly, a.Date); err != nil {
			fs.add("accessibility.date", "is no date", "write it as 2026-12-31")
		}
	}
	switch a.Status {
	case "":
		return
	case "A", "B":
		if a.ReportURL == "" {
			fs.add("accessibility.report_url", "is missing", "status A and B rest on a report of an investigation; name it")
		}
	case "C", "D":
	default:
		fs.add("accessibility.status", "is unknown", "choose A, B, C or D, or leave it out")
	}
	if a.Date == "" {
		fs.add("accessibility.date", "is missing", "a statement with a status has a date, such as 2026-12-31")
	}
	if strings.TrimSpace(a.Organisation) == "" {
		fs.add("accessibility.organisation", "is missing", "name the authority that answers for the statement")
	}
}

// SecurityURI returns SecurityContact as an address (RFC 9116 §2.5.3): mailto: or
// https:; "" if it is not set.
func (c Config) SecurityURI() string {
	if c.SecurityContact == "" || strings.HasPrefix(c.SecurityContact, "https://") {
		return c.SecurityContact
	}
	return "mailto:" + url.PathEscape(c.SecurityContact)
}

func (c Config) checkSecurityContact(fs *faults) {
	if c.SecurityContact == "" {
		return
	}
	u, err := url.Parse(c.SecurityContact)
	if err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil {
		return
	}
	if address, err := mail.CanonicalAddress(c.SecurityContact); err != nil || strings.Contains(address, ":") {
		fs.add("security_contact", "is neither an e-mail address nor an https address", "give it as security@example.nl or https://www.example.nl/cvd")
	}
}

func (c Config) checkTimes(fs *faults) {
	for path, d := range map[string]time.Duration{
		"shutdown_grace": c.ShutdownGrace, "session.idle": c.Session.Idle, "session.absolute": c.Session.Absolute,
		"login.enrolment_time": c.Login.EnrolmentTime, "password.wait": c.Password.Wait,
		"keys.publish": c.Keys.Publish, "keys.sign": c.Keys.Sign, "audit.keep": c.Audit.Keep,
		"terms.step_up": c.Terms.StepUp, "terms.password_link": c.Terms.PasswordLink, "terms.disavow": c.Terms.Disavow,
		"terms.new_app":      c.Terms.NewApp,
		"terms.address_undo": c.Terms.AddressUndo,
	} {
		if d <= 0 {
			fs.add(path, "is no time at all", "give a duration such as 30m, or leave the line out")
		}
	}
	if c.ShutdownDelay < 0 {
		fs.add("shutdown_delay", "is less than no time", "give a duration such as 5s, or 0s")
	}
	if d := c.Login.RecoveryDelay; d < 0 || d > account.PreviousTime {
		fs.add("login.recovery_delay", "is not between 0 and 168h", "give a duration such as 24h, or leave the line out")
	}
	if c.Terms.PasswordLink > time.Hour {
		fs.add("terms.password_link", "is longer than 1h", "make it shorter")
	}
	if c.Terms.Disavow > 30*24*time.Hour {
		fs.add("terms.disavow", "is longer than 720h", "make it shorter")
	}
	if c.Terms.NewApp > 24*time.Hour {
		fs.add("terms.new_app", "is longer than 24h", "make it shorter")
	}
	if c.Terms.AddressUndo > account.PreviousTime {
		fs.add("terms.address_undo", "is longer than 168h", "make it shorter")
	}
	if c.Session.Idle > c.Session.Absolute {
		fs.add("session.idle", "is longer than session.absolute, so it would never count", "make it shorter")
	}
	if c.Keys.Retain < 10*time.Minute {
		fs.add("keys.retain", "is shorter than 10m: valid tokens would lose their key", "make it longer")
	}
	if c.Keys.Hint < c.Session.Absolute {
		fs.add("keys.hint", "is shorter than session.absolute: ID tokens of open sessions would not be recognised at logout", "make it at least that long")
	}
}

func (c Config) checkNumbers(fs *faults) {
	between := func(path string, n, low, high int) {
		if n < low || n > high {
			fs.add(path, fmt.Sprintf("is %d, not from %d to %d", n, low, high), "change it, or leave the line out")
		}
	}
	between("database.max_connections", c.Database.MaxConnections, 1, 10_000)
	between("login.enrolment_codes", c.Login.EnrolmentCodes, 1, 16)
	between("login.codes", c.Login.Codes, 1, 16)
	between("password.time", c.Password.Time, 1, 100)
	between("password.threads", c.Password.Threads, 1, 64)
	between("password.memory_kib", c.Password.MemoryKiB, 8*max(c.Password.Threads, 1), 4<<20) // RFC 9106 §3.1
	between("password.parallel", c.Password.Parallel, 0, 1024)
	between("limits.authorize_per_minute", c.Limits.AuthorizePerMinute, 1, 1_000_000)
	between("limits.apply_per_hour", c.Limits.ApplyPerHour, 1, 1_000_000)
	between("limits.apply_tries", c.Limits.ApplyTries, 1, 1_000_000)
	between("limits.login_per_minute", c.Limits.LoginPerMinute, 1, 1_000_000)
	if p := c.Password.Pepper.Reveal(); p != "" && len(p) < 32 {
		fs.add("password.pepper", "is shorter than 32 characters", "make one with: head -c 32 /dev/urandom | base64")
	}
}

func (c Config) checkClients(fs *faults) {
	seen := map[string]bool{}
	for i, cl := range c.Clients {
		path := fmt.Sprintf("clients[%d]", i)
		if cl.ID != "" {
			path = fmt.Sprintf("clients[%d] (%s)", i, cl.ID)
		}
		if seen[cl.ID] {
			fs.add(path, "has the id of an earlier client", "give each its own")
		}
		seen[cl.ID] = true
		if err := cl.Validate(c.Policy, !c.Production()); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				fs.add(path, line, "")
			}
		}
		if own := cl.UsesOrigin(c.Issuer, c.Console.Origin); own != "" {
			fs.add(path, own+" is an address of this provider itself", "give the portal's own address")
		}
		if cl.ID == c.HomeClient && cl.InitiateLoginURI == "" && cl.ID != "" {
			fs.add("home_client", cl.ID+" has no initiate_login_uri to open", "give it one, or choose another client")
		}
	}
}

func (c Config) checkFiles(fs *faults) {
	if c.MasterKeyFile == "" {
		fs.add("master_key_file", "is missing", "make one with `omgevingsloket-id keys master`, and keep a copy in a safe place")
	} else if err := privateFile(c.MasterKeyFile); err != nil {
		fs.add("master_key_file", err.Error(), "chmod 600 it, or give another file")
	} else if ring, err := c.KeyRing(nil); err != nil {
		fs.add("master_key_file", err.Error(), "mend that line")
	} else {
		c.checkKeyIDs(fs, ring.KeyIDs())
	}
	for path, file := range map[string]string{"tls.cert_file": c.TLS.CertFile, "tls.key_file": c.TLS.KeyFile, "redis.ca_file": c.Redis.CAFile} {
		if file == "" {
			continue
		}
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			fs.add(path, "cannot be read", "check the path "+filepath.Clean(file))
		}
	}
	if c.Password.LeakedFile != "" {
		if list, err := password.OpenLeaked(c.Password.LeakedFile); err != nil {
			fs.add("password.leaked_file", err.Error(), "give the file that the downloader of Have I Been Pwned writes for SHA-1, or correct the path")
		} else {
			_ = list.Close() // nothing was written
		}
	}
	for path, dir := range map[string]string{"mail.dir": c.Mail.Dir, "branding.theme_dir": c.Branding.ThemeDir} {
		if dir == "" {
			continue
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			fs.add(path, "is no folder", "make it first, or correct the path "+filepath.Clean(dir))
		}
	}
}

// checkKeyIDs checks that no environment uses a master key whose id marks it
// as the other's. Production seals with a key that is marked as its own; older
// keys without a mark may still open.
func (c Config) checkKeyIDs(fs *faults, ids []string) {
	other := KeyPrefix(Practice)
	if !c.Production() {
		other = KeyPrefix(Production)
	}
	for _, id := range ids {
		if strings.HasPrefix(id, other) || c.Production() && id == "demo" {
			fs.add("master_key_file", fmt.Sprintf("holds the key %q, which is not one of %s", id, c.Environment),
				"use a key of this environment's own: what is sealed under the other's is the other's")
			return
		}
	}
	if own := KeyPrefix(Production); c.Environment == Production && !strings.HasPrefix(ids[0], own) {
		fs.add("master_key_file", fmt.Sprintf("seals with the key %q, whose id does not begin with %s", ids[0], own),
			"make one with `omgevingsloket-id keys master`; in a file with older keys, put its line on top")
	}
}

// KeyPrefix returns the prefix of the ids of an environment's master keys.
func KeyPrefix(e Environment) string { return string(e) + "-" }
