package console

import (
	"strings"
	"testing"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
)

// Everything that the audit log can name has a text in both languages.
func TestAuditLogHasTexts(t *testing.T) {
	t.Parallel()
	catalog, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, g := range audit.Groups {
		keys = append(keys, "console-audit.group."+string(g))
		for _, a := range g.Actions() {
			keys = append(keys, "console.action."+strings.ReplaceAll(string(a), ".", "_"))
		}
	}
	for _, k := range audit.ActorKinds {
		keys = append(keys, "console.actor."+string(k))
	}
	for _, k := range audit.ObjectKinds {
		keys = append(keys, "console-audit.object."+string(k))
	}
	for _, lang := range []string{"nl", "en"} {
		for _, key := range keys {
			if text := catalog.Text(lang, key); text == "" || strings.Contains(text, key) {
				t.Errorf("%s: %s has no words", lang, key)
			}
		}
	}
}
