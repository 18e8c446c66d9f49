package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"omgevingsloket-id/pkg/secret"
)

// Load reads the settings: defaults, then the YAML file at path ("" for none),
// then the environment, then the files that hold secrets. The result has
// passed Validate. Otherwise Load returns the zero Config and all faults of
// reading and of validation, joined, each a Fault.
func Load(path string, getenv func(string) string, readFile func(string) ([]byte, error)) (Config, error) {
	c := Default("")
	c.Policy, c.ACR, c.Login.RecoveryDelay = "", "", unset
	c.source = path
	var fs faults
	if path != "" {
		text, err := readFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("config: %w", err)
		}
		fs = append(fs, c.readYAML(text)...)
	}
	fs = append(fs, c.readEnv(getenv)...)
	fs = append(fs, c.readSecrets(readFile)...)
	c.complete()
	// A setting that could not be read is not reported as missing too.
	for _, f := range c.check() {
		if !slices.ContainsFunc(fs, func(read Fault) bool { return samePath(read, f) }) {
			fs = append(fs, f)
		}
	}
	if len(fs) > 0 {
		return Config{}, fs.join()
	}
	return c, nil
}

// samePath reports whether two faults are about the same setting, in either
// form.
func samePath(a, b Fault) bool {
	env := setting{path: b.Path}.env()
	return slices.Contains([]string{b.Path, b.Path + "_file", env, env + "_FILE"}, a.Path)
}

// readEnv overwrites settings with those of the environment. A variable
// overrides both forms of a secret in the file.
func (c *Config) readEnv(getenv func(string) string) faults {
	var fs faults
	all := settings(c)
	for _, s := range all {
		text := getenv(s.env())
		if text == "" {
			continue
		}
		if twin, ok := otherForm(s, all); ok && getenv(twin.env()) == "" {
			twin.value.SetZero()
		}
		c.inline = slices.DeleteFunc(c.inline, func(p string) bool { return p == s.path || p+"_file" == s.path })
		if err := s.setText(text); err != nil {
			fs.add(s.env(), "has a value of the wrong shape", err.Error())
		}
	}
	return fs
}

// otherForm returns the other form of a secret: url_file for url, url for
// url_file.
func otherForm(s setting, all []setting) (setting, bool) {
	for _, t := range all {
		if s.secret() && t.path == s.path+"_file" || t.secret() && s.path == t.path+"_file" {
			return t, true
		}
	}
	return setting{}, false
}

// readSecrets sets secrets from the files that hold them (secret.FileText).
func (c *Config) readSecrets(readFile func(string) ([]byte, error)) faults {
	var fs faults
	all := settings(c)
	for _, s := range all {
		file, ok := otherForm(s, all)
		if !s.secret() || !ok || file.value.String() == "" {
			continue
		}
		if s.value.String() != "" {
			fs.add(s.path, "is given as a value and as a file ("+file.path+")", "keep one of the two")
			continue
		}
		text, err := readFile(file.value.String())
		if err != nil {
			fs.add(file.path, err.Error(), "name a file that this user can read")
			continue
		}
		value := string(secret.FileText(text))
		if strings.TrimSpace(value) == "" || strings.Contains(value, "\n") {
			fs.add(file.path, "wants exactly one line in "+file.value.String(), "write the secret there, nothing else")
			continue
		}
		s.value.Set(reflect.ValueOf(secret.Text(value)))
	}
	return fs
}

// UnknownEnv returns a Fault for each variable in environ (os.Environ) that
// begins with OLID_ and is no setting, because a misspelt one would have no
// effect. It ignores the variables that Kubernetes sets for a service called
// olid.
func UnknownEnv(environ []string) error {
	known := []string{"OLID_CONFIG"} // the path of the file itself
	for _, s := range settings(&Config{}) {
		known = append(known, s.env())
	}
	var fs faults
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "OLID_") || slices.Contains(known, name) ||
			strings.HasPrefix(name, "OLID_SERVICE_") || strings.HasPrefix(name, "OLID_PORT") {
			continue
		}
		fix := "take it away"
		if near := nearest(name, known); near != "" {
			fix = "did you mean " + near + "?"
		}
		fs.add(name, "there is no such setting", fix)
	}
	return fs.join()
}
