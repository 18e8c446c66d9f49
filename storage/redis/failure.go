package redis

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/pkg/errs"
)

// answer is an error that the server gave, cut down to what can be logged:
// Redis repeats the arguments of a command it does not know, which may hold
// a password or somebody's data.
type answer struct{ code, text string }

func (a answer) Error() string { return "redis answered " + a.text }

// failed makes the error of an operation out of what the driver says.
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
		text, _, _ = strings.Cut(text, "'") // from there on it repeats
		text, _, _ = strings.Cut(text, "`")
	}
	return answer{code: first, text: strings.TrimSpace(text[:min(len(text), 200)])}
}

// code is the first word of what the server answered, such as "NOPERM"; ""
// when it was no error, or not the server's.
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

// needsOperator tells a server that is not there yet, which may still come,
// from one that will never do as it is.
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
