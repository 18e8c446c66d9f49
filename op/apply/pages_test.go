package apply

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "apply", map[string]any{
		"apply/apply": &startPage{}, "apply/email": &emailPage{}, "apply/code": &codePage{}, "apply/password": &passwordPage{},
		"apply/person": &personPage{}, "apply/company": &companyPage{}, "apply/address": &addressPage{}, "apply/document": &documentPage{},
		"apply/check": &checkPage{}, "apply/done": &donePage{},
		"apply/status": &statusPage{}, "apply/status_find": &findPage{}, "apply/status_code": &statusCodePage{},
		"apply/status_document": &statusDocumentPage{}, "apply/status_withdraw": &withdrawPage{}, "apply/change": &changePage{},
	})
}
