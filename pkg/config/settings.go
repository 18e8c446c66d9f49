package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/secret"
)

// setting is one field of Config or of a section of it.
type setting struct {
	path  string // session.idle
	value reflect.Value
}

// env returns the name of its environment variable.
func (s setting) env() string {
	return "OLID_" + strings.ToUpper(strings.ReplaceAll(s.path, ".", "_"))
}

// secret reports whether its value is a secret.
func (s setting) secret() bool { return s.value.Type() == reflect.TypeFor[secret.Text]() }

// settings returns the settings of c, in the order of the structs.
func settings(c *Config) []setting {
	return leaves("", reflect.ValueOf(c).Elem())
}

func leaves(prefix string, section reflect.Value) []setting {
	var all []setting
	for i := range section.NumField() {
		field := section.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		path := prefix + field.Tag.Get("yaml")
		if field.Type.Kind() == reflect.Struct {
			all = append(all, leaves(path+".", section.Field(i))...)
			continue
		}
		all = append(all, setting{path, section.Field(i)})
	}
	return all
}

// set decodes a value from the file. The error names the wanted type and never
// the value, which may be a secret in the wrong place.
func (s setting) set(node *yaml.Node) error {
	if s.value.Kind() == reflect.Int && node.ShortTag() != "!!int" {
		return fmt.Errorf("want %s", wanted(s.value.Type())) // the decoder truncates 1.5 to 1
	}
	if err := node.Decode(s.value.Addr().Interface()); err != nil {
		if s.path == "clients" {
			return err
		}
		return fmt.Errorf("want %s", wanted(s.value.Type()))
	}
	return nil
}

// setText decodes a value from the environment.
func (s setting) setText(text string) error {
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	switch {
	case s.path == "clients":
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) == 0 {
			return fmt.Errorf("want a list of clients in YAML or JSON")
		}
		node = doc.Content[0]
		if faults := checkClientKeys(node); len(faults) > 0 {
			return faults[0]
		}
	case s.value.Kind() == reflect.Slice:
		node = &yaml.Node{Kind: yaml.SequenceNode}
		for item := range strings.SplitSeq(text, ",") {
			node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.TrimSpace(item)})
		}
	case s.value.Kind() == reflect.String:
		node.Tag = "!!str" // "null" and "12" are words here
	case node.ShortTag() == "!!null":
		return fmt.Errorf("want %s", wanted(s.value.Type()))
	}
	return s.set(node)
}

func wanted(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 30m, 12h or 90s"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Slice:
		return "a list"
	}
	return "a text"
}

// clientKeys returns the keys that an entry of clients may have.
func clientKeys() []string {
	keys := []string{"jwks"}
	for field := range reflect.TypeFor[client.Client]().Fields() {
		if tag := field.Tag.Get("yaml"); tag != "-" {
			keys = append(keys, tag)
		}
	}
	return keys
}

// nearest returns the key that was most likely meant, or "".
func nearest(key string, keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	best := slices.MinFunc(keys, func(a, b string) int { return cmp.Compare(distance(key, a), distance(key, b)) })
	if distance(key, best) > max(len(key), len(best))/2 {
		return ""
	}
	return best
}

// distance returns the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
