package console

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	pages.Check(t, "console", map[string]any{
		"console/home": &homePage{}, "console/invite": &invitePage{}, "console/qr": &qrPage{}, "console/login": &loginPage{}, "console/code": &codePage{},
		"console/record": &recordPage{}, "console/staff": &staffPage{}, "console/invited": &invitedPage{}, "console/member": &memberPage{},
		"console/applications": &queuePage{}, "console/application_case": &casePage{}, "console/application_decide": &decidePage{},
		"console/accounts": &accountsPage{}, "console/account": &accountPage{}, "console/account-act": &actPage{}, "console/account-address": &addressPage{}, "console/change": &changePage{}, "console/account-mail": &actPage{},
		"console/unblock": &unblockPage{}, "console/document": &documentPage{}, "console/statistics": &statisticsPage{}, "console/again": &againPage{},
	})
}
