package journey

import (
	"testing"

	"omgevingsloket-id/e2e/testenv"
)

func TestMain(m *testing.M) {
	testenv.Waiting()
	m.Run()
}
