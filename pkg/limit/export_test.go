package limit

const MostCounters = mostCounters

// Counters returns the number of counters of m.
func Counters(m *Memory) int { return len(m.counters) }
