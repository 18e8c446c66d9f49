package config

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"omgevingsloket-id/pkg/client"
)

// Clients are relying parties as the file writes them: the fields of
// client.Client by their YAML names, and jwks, the public keys, either as
// YAML or as a string of JSON.
type Clients []client.Client

// clientEntry is one of them in YAML.
type clientEntry struct {
	client.Client `yaml:",inline"`
	JWKS          any `yaml:"jwks,omitempty"`
}

// UnmarshalYAML reads the list. Unknown keys are found beforehand, by the
// walk over the whole file.
func (cs *Clients) UnmarshalYAML(node *yaml.Node) error {
	var entries []clientEntry
	if err := node.Decode(&entries); err != nil {
		return err
	}
	*cs = nil
	for i, e := range entries {
		switch keys := e.JWKS.(type) {
		case nil:
		case string:
			if !json.Valid([]byte(keys)) {
				return fmt.Errorf("clients[%d].jwks: not JSON", i)
			}
			e.Client.JWKS = json.RawMessage(keys)
		default:
			text, err := json.Marshal(keys)
			if err != nil {
				return fmt.Errorf("clients[%d].jwks: %w", i, err)
			}
			e.Client.JWKS = text
		}
		*cs = append(*cs, e.Client)
	}
	return nil
}
