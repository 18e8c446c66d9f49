package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// privateFile returns an error if others can read a file with a secret. The
// rule is PostgreSQL's for private keys: a file of the server's own user has
// mode 0600 or less; one of root has 0640 or less, because a server that is
// not root can read it only by its group. Credentials of systemd and secrets
// of Kubernetes are such files.
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
