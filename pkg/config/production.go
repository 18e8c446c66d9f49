package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/pkg/mail"
)

// checkProduction refuses settings that are unsafe in production.
func (c Config) checkProduction(fs *faults) {
	if c.ACR == PracticeACR {
		fs.add("acr", "is the value of practice", "leave it out, or give a level that this service really has")
	}
	if c.Mail.Dir != "" {
		fs.add("mail.dir", "keeps messages in a folder, which production refuses", "give mail.smtp_url instead")
	}
	if s, err := mail.ParseSMTPURL(c.Mail.SMTPURL); err == nil && s.Security == mail.Plain {
		fs.add("mail.smtp_url", "sends without TLS, which production refuses", "use smtp:// (STARTTLS) or smtps://")
	}
	if c.Helpdesk.Phone == "" && c.Helpdesk.Email == "" && c.Helpdesk.URL == "" {
		fs.add("helpdesk", "cannot be reached", "give a phone, an e-mail address or an address, for people who are blocked")
	}
	if !strongEnough(c.Password.MemoryKiB, c.Password.Time) {
		fs.add("password", fmt.Sprintf("%d KiB with time %d is too cheap to guess against", c.Password.MemoryKiB, c.Password.Time), "use 19456 KiB with time 2, or more")
	}
	for i, cl := range c.Clients {
		path := fmt.Sprintf("clients[%d] (%s)", i, cl.ID)
		if strings.HasPrefix(cl.ID, "demo-") {
			fs.add(path, "is a client of the demo", "take it out")
		}
		if cl.Native() && !c.NativeClients {
			fs.add(path, "is native: any program on a person's device can pretend to be it", "set native_clients if you want that; people are then asked at each login")
		}
		for _, raw := range slices.Concat(cl.RedirectURIs, cl.PostLogoutRedirectURIs, []string{cl.InitiateLoginURI, cl.HomeURI, cl.JWKSURI}) {
			u, err := url.Parse(raw)
			// A native client may use a loopback IP address (RFC 8252 §7.3).
			if err == nil && (u.Hostname() == "localhost" || loopback(u.Hostname()) && !cl.Native()) {
				fs.add(path, raw+" is this machine", "give the portal's own address")
			}
		}
	}
	if c.Audit.Keep > 0 && c.Audit.Keep < shortestAudit {
		fs.add("audit.keep", "is shorter than half a year: what happened could not be looked into any more", "make it at least 4380h")
	}
	c.checkSecrecy(fs)
}

// shortestAudit is the shortest time that production keeps the audit log.
const shortestAudit = 4380 * time.Hour

// strongEnough reports whether the cost is at least one of OWASP's equivalent
// minimums for argon2id.
func strongEnough(memoryKiB, time int) bool {
	for _, least := range [][2]int{{47104, 1}, {19456, 2}, {12288, 3}, {9216, 4}, {7168, 5}} {
		if memoryKiB >= least[0] && time >= least[1] {
			return true
		}
	}
	return false
}

// checkSecrecy refuses files with secrets that others on the machine can read.
// checkFiles checks the master key in every environment.
func (c Config) checkSecrecy(fs *faults) {
	for path, file := range map[string]string{
		"database.url_file": c.Database.URLFile, "redis.url_file": c.Redis.URLFile, "mail.smtp_url_file": c.Mail.SMTPURLFile,
		"password.pepper_file": c.Password.PepperFile, "tls.key_file": c.TLS.KeyFile,
	} {
		if file == "" {
			continue
		}
		if err := privateFile(file); err != nil {
			fs.add(path, err.Error(), "chmod 600 it")
		}
	}
	if len(c.inline) == 0 {
		return
	}
	if err := privateFile(c.source); err != nil {
		fs.add(c.source, err.Error()+" and holds "+strings.Join(c.inline, ", "), "chmod 600 it, or move the secrets to files of their own")
	}
}
