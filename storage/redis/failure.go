package redis

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/pkg/errs"
)

// answer is an error of the server, cut down to what can be logged: Redis
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

// needsOperator reports whether err will last until an operator mends it, as
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

func fault(format string, args ...any) error { return fmt.Errorf("redis: "+format, args...) }
