package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Print writes the settings in use as YAML that Load can read, with secrets as
// [redacted]. It includes empty settings.
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

// Print writes the clients as YAML that the list in the file may have, without the
// hashes of their secrets.
func (cs Clients) Print(w io.Writer) error {
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	return errors.Join(enc.Encode(map[string]any{"clients": cs.shown()}), enc.Close())
}

// shown returns the value of a setting without secrets. A secret that came
// from a file is empty.
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
		if file, ok := otherForm(s, all); s.value.String() == "" || ok && file.value.String() != "" {
			return ""
		}
		return v
	}
}

// shown returns the clients without the hashes of their secrets: a secret that
// a person chose can be guessed from its hash.
func (cs Clients) shown() []any {
	all := make([]any, 0, len(cs))
	for _, c := range cs {
		entry := clientEntry{Client: c}
		entry.SecretHashes = nil
		for range c.SecretHashes {
			entry.SecretHashes = append(entry.SecretHashes, "[redacted]")
		}
		if len(c.JWKS) > 0 {
			_ = json.Unmarshal(c.JWKS, &entry.JWKS) // public keys; left out when they are invalid
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
