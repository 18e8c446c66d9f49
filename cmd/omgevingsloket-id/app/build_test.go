package app

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestZ13_BuildOf(t *testing.T) {
	t.Parallel()
	settings := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "abc123"}, {Key: "vcs.modified", Value: modified}}
	}
	for _, c := range []struct {
		info    *debug.BuildInfo
		release string
		want    Build
	}{
		{nil, "", Build{"unknown", "unknown", runtime.Version()}},
		{&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "", Build{"unknown", "unknown", runtime.Version()}},
		{&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: settings("false")}, "", Build{"v1.2.3", "abc123", runtime.Version()}},
		{&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3+dirty"}, Settings: settings("true")}, "1.2.4", Build{"1.2.4", "abc123+dirty", runtime.Version()}},
	} {
		if got := buildOf(c.info, c.release); got != c.want {
			t.Errorf("buildOf(%+v, %q) = %+v, want %+v", c.info, c.release, got, c.want)
		}
	}
}
