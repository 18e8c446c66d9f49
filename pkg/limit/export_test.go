package limit

import "reflect"

const MostCounters = mostCounters

// Counters returns the number of counters of m.
func Counters(m *Memory) int { return len(m.counters) }

// Swept reports whether spend has m remove counters.
func Swept(m *Memory, spend func()) bool {
	before := reflect.ValueOf(m.counters).Pointer()
	spend()
	return reflect.ValueOf(m.counters).Pointer() != before
}
