package config

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Print writes the settings in force as YAML that Load reads again, secrets
// as [redacted]. Empty ones stay empty, so that one sees what is missing.
func (c Config) Print(w io.Writer) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	all := settings(&c)
	for _, s := range all {
		value := new(yaml.Node)
		if err := value.Encode(shown(s, all)); err != nil {
			return err
		}
		place, names := root, strings.Split(s.path, ".")
		for _, section := range names[:len(names)-1] {
			place = child(place, section)
		}
		place.Content = append(place.Content, word(names[len(names)-1]), value)
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

// shown gives a setting as it may be seen. A secret that came from a file is
// shown by the file alone.
func shown(s setting, all []setting) any {
	switch v := s.value.Interface().(type) {
	case time.Duration:
		return v.String()
	case Clients:
		return v.shown()
	default:
		if !s.secret() {
			return v
		}
		if file, ok := twinOf(s, all); s.value.String() == "" || ok && file.value.String() != "" {
			return ""
		}
		return v
	}
}

// shown gives the clients with their keys, and without the hashes of their
// secrets: a secret that somebody chose can be guessed from its hash.
func (cs Clients) shown() []any {
	all := make([]any, 0, len(cs))
	for _, c := range cs {
		entry := clientEntry{Client: c}
		entry.SecretHashes = nil
		for range c.SecretHashes {
			entry.SecretHashes = append(entry.SecretHashes, "[redacted]")
		}
		if len(c.JWKS) > 0 {
			_ = json.Unmarshal(c.JWKS, &entry.JWKS) // public keys; left out when they do not read
		}
		all = append(all, entry)
	}
	return all
}

func child(node *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	made := &yaml.Node{Kind: yaml.MappingNode}
	node.Content = append(node.Content, word(key), made)
	return made
}

func word(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }
