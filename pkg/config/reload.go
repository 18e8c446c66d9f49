package config

import (
	"reflect"
	"slices"
)

// reloadable lists the settings that a running server applies without a restart.
var reloadable = []string{"clients", "tls.cert_file", "tls.key_file", "branding.theme_dir", "password.leaked_file"}

// NeedRestart returns the names of the settings that differ between two
// configurations and that a server reads only when it starts.
func NeedRestart(running, wanted Config) []string {
	var names []string
	old, fresh := settings(&running), settings(&wanted)
	for i, s := range old {
		if !slices.Contains(reloadable, s.path) && !reflect.DeepEqual(s.value.Interface(), fresh[i].value.Interface()) {
			names = append(names, s.path)
		}
	}
	return names
}
