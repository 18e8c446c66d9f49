package main

import (
	"fmt"
	"os"
	"path/filepath"

	"omgevingsloket-id/pkg/config"
)

// target names the installation that a command works on.
type target struct {
	Config string `help:"Configuration file." type:"path" xor:"target" placeholder:"FILE" env:"OLID_CONFIG"`
	Data   string `help:"Data folder of a demo, instead of --config." type:"path" xor:"target" placeholder:"DIR"`
}

// load reads the configuration; the folder of a demo has one as well.
func (t target) load(w world) (config.Config, error) {
	path := t.Config
	if t.Data != "" {
		path = filepath.Join(t.Data, demoConfigName)
		if _, err := os.Stat(path); err != nil {
			return config.Config{}, fmt.Errorf("%w: --data %s holds no demo yet; run `omgevingsloket-id demo --data %s` first", errUse, t.Data, t.Data)
		}
	}
	if path == "" {
		return config.Config{}, fmt.Errorf("%w: give --config FILE or, for a demo, --data DIR", errUse)
	}
	if err := config.UnknownEnv(w.environ); err != nil {
		return config.Config{}, err
	}
	return config.Load(path, w.getenv, os.ReadFile)
}
