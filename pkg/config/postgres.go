package config

import (
	"net/url"
	"strings"
)

// postgresURLs returns the address of a PostgreSQL for each host that it names,
// separated by commas: net/url parses one host only.
func postgresURLs(raw string) []string {
	scheme, rest, _ := strings.Cut(raw, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	user, hosts := "", rest[:end]
	if at := strings.LastIndexByte(hosts, '@'); at >= 0 {
		user, hosts = hosts[:at+1], hosts[at+1:]
	}
	var each []string
	for host := range strings.SplitSeq(hosts, ",") {
		each = append(each, scheme+"://"+user+host+rest[end:])
	}
	return each
}

// badPostgres reports whether raw is not an address of PostgreSQL.
func badPostgres(raw string) bool {
	for _, one := range postgresURLs(raw) {
		if badURL(one, "postgres", "postgresql") {
			return true
		}
	}
	return false
}

// plainPostgres reports whether raw names a host of another machine without the
// check of its certificate.
func plainPostgres(raw string) bool {
	for _, one := range postgresURLs(raw) {
		u, err := url.Parse(one)
		if err == nil && strings.HasPrefix(u.Scheme, "postgres") && !loopback(u.Hostname()) && u.Hostname() != "" &&
			u.Query().Get("sslmode") != "verify-full" {
			return true
		}
	}
	return false
}
