package console_test

import (
	"regexp"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/staff"
)

var pageTitle = regexp.MustCompile(`<title>([^<]*)</title>`)

// Z6: the skip link skips the menu, which stands before main, and no two pages of the
// console have the same title.
func TestZ6_MenuBeforeMainAndTitles(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	olga := s.Official("olga@gov.example", staff.Roles...)
	one, d := s.Filed("anna@example.com", "pas.pdf", document.TypePDF, []byte("%PDF-1.7"))
	two, e := s.Filed("bea@example.com", "pas.pdf", document.TypePDF, []byte("%PDF-1.7"))
	s.Official("nora@gov.example", staff.Reviewer)
	pages := []string{
		"/console", "/console/review", "/console/helpdesk", "/console/audit", "/console/staff", "/console/statistics",
		site.CasePath(one), site.CasePath(two), "/console/review/document?id=" + d.ID, "/console/review/document?id=" + e.ID,
		"/console/staff/member?id=" + s.Member("olga@gov.example").ID, "/console/staff/member?id=" + s.Member("nora@gov.example").ID,
	}
	seen := map[string]string{}
	for _, page := range pages {
		olga.Get(page)
		menu, main := strings.Index(olga.Body, `class="console-menu"`), strings.Index(olga.Body, "<main")
		if menu < 0 || menu > main {
			t.Errorf("%s: the menu is at %d, main begins at %d", page, menu, main)
		}
		title := pageTitle.FindString(olga.Body)
		if other, twice := seen[title]; twice {
			t.Errorf("%s and %s have the title %s", page, other, title)
		}
		seen[title] = page
	}
}
