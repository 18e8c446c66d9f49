package op_test

import (
	"os"
	"strings"
	"testing"
)

// The package comment lists every room, so that a reader finds them all.
func TestPackageCommentListsEveryRoom(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("op.go")
	if err != nil {
		t.Fatal(err)
	}
	comment, _, _ := strings.Cut(string(source), "\npackage op")
	for dir, marker := range map[string]string{".": "//\t", "console": " "} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() && e.Name() != "testdata" && !strings.Contains(comment, marker+e.Name()) {
				t.Errorf("the package comment of op does not name %s/%s", dir, e.Name())
			}
		}
	}
}
