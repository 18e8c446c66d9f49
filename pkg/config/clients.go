package config

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"omgevingsloket-id/pkg/client"
)

// Clients is the list of clients in the file: the fields of client.Client
// under their YAML names, and jwks, the public keys, as YAML or as a string of
// JSON.
type Clients []client.Client

// clientEntry is one entry of the list.
type clientEntry struct {
	client.Client `yaml:",inline"`
	JWKS          any `yaml:"jwks,omitempty"`
}

// UnmarshalYAML decodes the list. It does not report unknown keys:
// checkClientKeys did.
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
