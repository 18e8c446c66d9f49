package config

import (
	"fmt"
	"net"
	"net/url"
	"time"

	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/scan"
)

func (c Config) checkScanner(fs *faults) {
	if c.Scanner.Address == "" {
		return
	}
	if _, err := scan.ParseAddress(c.Scanner.Address); err != nil {
		fs.add("scanner.address", "is no address of a clamd", err.Error())
	}
}

// checkOfficials checks the officials' limits.
func (c Config) checkOfficials(fs *faults) {
	if c.Console.ViewsPerHour < 1 {
		fs.add("console.views_per_hour", "is less than 1: no case or account could be opened", "give a number such as 100, or leave the line out")
	}
	for i, d := range c.Console.Domains {
		if _, err := mail.CanonicalDomain(d); err != nil {
			fs.add(fmt.Sprintf("console.domains[%d]", i), "is not the domain of an e-mail address", "write what is behind the @, such as gemeente.example")
		}
	}
	if d := c.Helpdesk.AddressDelay; d < 0 || d > 7*24*time.Hour {
		fs.add("helpdesk.address_delay", "is not between 0 and 168h", "give a duration such as 24h, or leave the line out")
	}
}

// checkConsole checks that the console's origin shares no cookies with the
// issuer.
func (c Config) checkConsole(fs *faults) {
	if (c.Console.Origin == "") != (c.Console.Listen == "") {
		fs.add("console", "has origin or listen, but not both", "give both for a console of its own, or neither")
	}
	if c.Console.Origin == "" {
		return
	}
	if reason := issuerFault(c.Console.Origin, c.Production()); reason != "" {
		fs.add("console.origin", reason, "give an address such as https://beheer.example.nl")
		return
	}
	origin, err := url.Parse(c.Console.Origin)
	issuer, errIssuer := url.Parse(c.Issuer)
	switch {
	case err != nil || origin.Path != "":
		fs.add("console.origin", "has a path", "give the console a host of its own")
	case errIssuer == nil && origin.Hostname() == issuer.Hostname():
		fs.add("console.origin", "is the issuer's own host", "give the console a host of its own: cookies know no ports")
	}
	if _, port, err := net.SplitHostPort(c.Console.Listen); err != nil || port == "" {
		fs.add("console.listen", "is not host:port", "give an address such as 127.0.0.1:8082")
	}
}
