package web_test

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/web"
)

func TestPagesFitTheirStructs(t *testing.T) { pages.Check(t, "web", web.Pages) }
