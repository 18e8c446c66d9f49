package console

import (
	"strings"
	"testing"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
)

// Whatever the record can name has words in both languages.
func TestRecordHasWords(t *testing.T) {
	catalog, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, g := range audit.Groups {
		keys = append(keys, "record.group."+g.Name)
		for _, a := range g.Actions {
			keys = append(keys, "record.action."+strings.ReplaceAll(a, ".", "_"))
		}
	}
	for _, k := range audit.ActorKinds {
		keys = append(keys, "record.actor."+k)
	}
	for _, k := range audit.ObjectKinds {
		keys = append(keys, "record.object."+k)
	}
	for _, lang := range []string{"nl", "en"} {
		for _, key := range keys {
			if text := catalog.Text(lang, key); text == "" || strings.Contains(text, key) {
				t.Errorf("%s: %s has no words", lang, key)
			}
		}
	}
}
