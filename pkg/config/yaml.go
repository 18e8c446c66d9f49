package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readYAML overwrites the defaults with the settings of the file.
func (c *Config) readYAML(text []byte) faults {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil // an empty file is valid
		}
		return faults{Fault{Path: c.source, Reason: "is not YAML", Fix: err.Error()}}
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return faults{Fault{Path: c.source, Line: more.Line, Reason: "has a second document", Fix: "keep one, without a line of ---"}}
	}
	w := walk{byPath: map[string]setting{}, seen: map[string]bool{}}
	for _, s := range settings(c) {
		w.byPath[s.path] = s
	}
	w.aliases(doc.Content[0])
	w.section("", doc.Content[0])
	for path, s := range w.byPath {
		if s.secret() && s.value.String() != "" {
			c.inline = append(c.inline, path)
		}
	}
	slices.Sort(c.inline)
	return w.faults
}

// walk compares the file with the struct.
type walk struct {
	byPath map[string]setting
	seen   map[string]bool
	faults faults
}

func (w *walk) fault(path string, node *yaml.Node, reason, fix string) {
	w.faults = append(w.faults, Fault{Path: path, Line: node.Line, Reason: reason, Fix: fix})
}

// aliases reports *alias values, which are not supported.
func (w *walk) aliases(node *yaml.Node) {
	if node.Kind == yaml.AliasNode {
		w.fault("*"+node.Value, node, "aliases are not read", "write the value out")
	}
	for _, child := range node.Content {
		w.aliases(child)
	}
}

// section reads the settings below prefix, which is "" or ends in a dot.
func (w *walk) section(prefix string, node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		if node.Tag != "!!null" && node.Kind != yaml.AliasNode {
			w.fault(cmp.Or(strings.TrimSuffix(prefix, "."), "the file"), node, "holds settings, not a value", "write them below it, each on its own line, indented")
		}
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		path := prefix + key.Value
		leaf, isLeaf := w.byPath[path]
		switch {
		case strings.Contains(key.Value, "."): // "session.idle:" has to be written as two nested keys
			w.unknown(prefix, key)
		case w.seen[path]:
			w.fault(path, key, "stands twice", "keep one")
		case isLeaf:
			w.seen[path] = true
			w.leaf(leaf, value)
		case w.isSection(path):
			w.seen[path] = true
			w.section(path+".", value)
		default:
			w.unknown(prefix, key)
		}
	}
}

func (w *walk) leaf(s setting, value *yaml.Node) {
	if value.Tag == "!!null" || value.Kind == yaml.AliasNode {
		return // a key without a value keeps the default
	}
	if s.path == "clients" {
		if bad := checkClientKeys(value); len(bad) > 0 {
			w.faults = append(w.faults, bad...)
			return
		}
	}
	if err := s.set(value); err != nil {
		w.fault(s.path, value, "has a value of the wrong shape", err.Error())
	}
}

func (w *walk) isSection(path string) bool {
	for p := range w.byPath {
		if strings.HasPrefix(p, path+".") {
			return true
		}
	}
	return false
}

func (w *walk) unknown(prefix string, key *yaml.Node) {
	var siblings []string
	for p := range w.byPath {
		if rest, ok := strings.CutPrefix(p, prefix); ok {
			name, _, _ := strings.Cut(rest, ".")
			siblings = append(siblings, name)
		}
	}
	w.faults = append(w.faults, unknownKey(prefix+key.Value, key, siblings))
}

func unknownKey(path string, key *yaml.Node, known []string) Fault {
	slices.Sort(known)
	fix := "known here: " + strings.Join(slices.Compact(known), ", ")
	if near := nearest(key.Value, known); near != "" {
		fix = "did you mean " + near + "?"
	}
	return Fault{Path: path, Line: key.Line, Reason: "there is no such setting", Fix: fix}
}

// checkClientKeys reports keys that a client does not have.
func checkClientKeys(list *yaml.Node) faults {
	if list.Kind != yaml.SequenceNode {
		return faults{Fault{Path: "clients", Line: list.Line, Reason: "is no list", Fix: "start each client with a dash: - id: …"}}
	}
	var fs faults
	for i, entry := range list.Content {
		path := fmt.Sprintf("clients[%d]", i)
		if entry.Kind != yaml.MappingNode {
			fs = append(fs, Fault{Path: path, Line: entry.Line, Reason: "is no client", Fix: "give it at least id, name, redirect_uris and auth_method"})
			continue
		}
		for k := 0; k+1 < len(entry.Content); k += 2 {
			if key := entry.Content[k]; !slices.Contains(clientKeys(), key.Value) {
				fs = append(fs, unknownKey(path+"."+key.Value, key, clientKeys()))
			}
		}
	}
	return fs
}
