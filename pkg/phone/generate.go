//go:build ignore

// generate writes numbers.txt.gz from the metadata of nyaruka/phonenumbers, which is
// Google's. Each line is one region: its calling code, what is left out of an
// international number, what replaces that, and then the possible lengths and
// the pattern of each type of number.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	log.SetFlags(0)
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		log.Fatal(err)
	}
	var lines []string
	for _, m := range all.GetMetadata() {
		fields := []string{fmt.Sprint(m.GetCountryCode()), m.GetNationalPrefixForParsing(), m.GetNationalPrefixTransformRule()}
		for _, d := range []*phonenumbers.PhoneNumberDesc{
			m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(), m.GetPersonalNumber(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
		} {
			if d.GetNationalNumberPattern() == "" || slices.Equal(d.GetPossibleLength(), []int32{-1}) {
				continue
			}
			lengths := d.GetPossibleLength()
			if len(lengths) == 0 {
				lengths = m.GetGeneralDesc().GetPossibleLength()
			}
			fields = append(fields, strings.Trim(strings.ReplaceAll(fmt.Sprint(lengths), " ", ","), "[]"), d.GetNationalNumberPattern())
		}
		lines = append(lines, strings.Join(fields, "\t"))
	}
	slices.Sort(lines)
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	fmt.Fprintln(w, strings.Join(slices.Compact(lines), "\n"))
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("numbers.txt.gz", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
