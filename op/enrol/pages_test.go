package enrol

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "enrol", map[string]any{
		"enrol/enrol": &enrolPage{}, "enrol/qr": &qrPage{}, "enrol/wait": &waitPage{}, "enrol/code": &codePage{}, "enrol/cancel": &cancelPage{}, "enrol/cancelled": &cancelledPage{},
		"enrol/apps": &appsPage{}, "enrol/apps_qr": &appsQRPage{}, "enrol/apps_code": &appsCodePage{}, "enrol/apps_rename": &appsRenamePage{}, "enrol/apps_remove": &appsRemovePage{},
		"enrol/apps_done": &appsDonePage{},
	})
}
