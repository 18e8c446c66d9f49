package app

import (
	_ "embed"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// release is the name of the release, "" in a build of a checkout. The image is built
// without git's history, so its Dockerfile writes the file.
//
//go:embed release.txt
var release string

// Build is what this binary was built from. Version and Revision are "unknown" if the
// build did not record them.
type Build struct {
	Version  string // of the release, or of the module as git names it
	Revision string // commit, with "+dirty" if files were changed
	Go       string
}

// BuildInfo returns the build of this binary.
func BuildInfo() Build {
	info, _ := debug.ReadBuildInfo()
	return buildOf(info, strings.TrimSpace(release))
}

func buildOf(info *debug.BuildInfo, release string) Build {
	b := Build{Version: release, Revision: "unknown", Go: runtime.Version()}
	if info == nil {
		info = &debug.BuildInfo{}
	}
	if b.Version == "" && info.Main.Version != "(devel)" {
		b.Version = info.Main.Version
	}
	if b.Version == "" {
		b.Version = "unknown"
	}
	dirty := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && s.Value != "":
			b.Revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	if b.Revision != "unknown" {
		b.Revision += dirty
	}
	return b
}

// String returns the build on one line.
func (b Build) String() string {
	return fmt.Sprintf("omgevingsloket-id %s (revision %s, %s, %s/%s)", b.Version, b.Revision, b.Go, runtime.GOOS, runtime.GOARCH)
}
