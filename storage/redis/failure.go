package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/pkg/errs"
)

// answer is an error of the server, shortened to what may be logged: Redis
// repeats the arguments of a command it does not know, which may hold a
// password or personal data.
type answer struct{ code, text string }

func (a answer) Error() string { return "redis answered " + a.text }

// failed returns the error of an operation, given the driver's error.
func failed(doing string, err error) error {
	var said goredis.Error
	if errors.As(err, &said) {
		err = newAnswer(said)
	}
	return errs.Unavailable(doing, err)
}

func newAnswer(said goredis.Error) answer {
	text := said.Error()
	first, _, _ := strings.Cut(text, " ")
	if goredis.IsMaxClientsError(said) {
		first = "MAXCLIENTS"
	}
	if first == "ERR" {
		text, _, _ = strings.Cut(text, "'") // the rest repeats arguments
		text, _, _ = strings.Cut(text, "`")
	}
	return answer{code: first, text: strings.TrimSpace(text[:min(len(text), 200)])}
}

// code returns the first word of the server's error, such as "NOPERM", or ""
// when err is not an error of the server.
func code(err error) string {
	var a answer
	if errors.As(err, &a) {
		return a.code
	}
	var said goredis.Error
	if errors.As(err, &said) && !errors.Is(err, goredis.Nil) {
		return newAnswer(said).code
	}
	return ""
}

// needsOperator reports whether err will last until an operator corrects it, as
// opposed to a server that is not there yet.
func needsOperator(err error) bool {
	var certificate *tls.CertificateVerificationError
	if errors.Is(err, errEviction) || errors.As(err, &certificate) {
		return true
	}
	switch code(err) {
	case "WRONGPASS", "NOAUTH", "NOPERM", "ERR":
		return true
	}
	return false
}

// Reason returns why a call failed, in words for an operator that hold nothing
// of the address and of what the server sent.
func Reason(err error) string {
	if errors.Is(err, errEviction) {
		return "has an eviction policy that drops sessions"
	}
	if reason, ok := reasons[code(err)]; ok {
		return reason
	}
	switch {
	case code(err) != "":
		return "refuses commands"
	case errors.Is(err, context.DeadlineExceeded):
		return "does not answer in time"
	}
	return "does not answer"
}

// reasons are the reasons by the code of the server's error.
var reasons = map[string]string{
	"OOM":         "is full",
	"READONLY":    "is a read-only replica",
	"MISCONF":     "refuses writes, since it cannot save to its disk",
	"NOREPLICAS":  "refuses writes, since it lacks replicas",
	"LOADING":     "is starting",
	"MASTERDOWN":  "has no primary",
	"CLUSTERDOWN": "has no working cluster",
	"MAXCLIENTS":  "has no free connection",
	"NOAUTH":      "refuses the user or the password",
	"WRONGPASS":   "refuses the user or the password",
	"NOPERM":      "lacks a right of this server's user",
}

func fault(format string, args ...any) error { return fmt.Errorf("redis: "+format, args...) }
