package sheet_test

import (
	"bytes"
	"fmt"

	"omgevingsloket-id/pkg/sheet"
)

// A text that would be a formula gets a ' before it. The last line has the
// number of rows and a hash, by which Check detects an incomplete file.
func Example() {
	s := sheet.New(sheet.Semicolon, "name", "days", "reason")
	for _, row := range []struct {
		name   string
		days   int
		reason string
	}{{"Anna", 3, "identity"}, {"=1+1", 12, "document; unreadable"}} {
		if err := s.Row(sheet.Text(row.name), sheet.Number(row.days), sheet.Text(row.reason)); err != nil {
			fmt.Println(err)
			return
		}
	}
	file := s.Close()

	for _, line := range bytes.Split(file, []byte("\r\n"))[:3] {
		fmt.Printf("%s\n", bytes.TrimPrefix(line, []byte("\ufeff")))
	}
	fmt.Println(sheet.Check(file))
	fmt.Println(sheet.Check(bytes.Replace(file, []byte("Anna"), []byte("Anne"), 1)))
	// Output:
	// name;days;reason
	// Anna;3;identity
	// '=1+1;12;"document; unreadable"
	// 2 <nil>
	// 0 sheet: the file is not whole
}
