package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// privateFile looks whether a file with a secret is kept from others. The
// rule is PostgreSQL's for private keys: a file of the server's own user has
// mode 0600 or less; one of root's has 0640 or less, because a server that is
// not root can only read it by its group. That is how systemd's credentials
// and Kubernetes' secrets arrive.
func privateFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s", path)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder", path)
	}
	owner, known := ownerOf(info)
	if !known {
		return nil // no owners and modes on this system
	}
	if !private(info.Mode().Perm(), owner, os.Geteuid()) {
		return fmt.Errorf("%s can be read by others (mode %04o)", path, info.Mode().Perm())
	}
	return nil
}

func private(mode fs.FileMode, owner, self int) bool {
	if owner == 0 && self != 0 {
		return mode&0o037 == 0
	}
	return mode&0o077 == 0
}
