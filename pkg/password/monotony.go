package password

// ladders maps the characters of the alphabet, the digits and the keyboard rows
// to their positions.
var ladders = func() []map[rune]int {
	rows := []string{
		"1234567890", "abcdefghijklmnopqrstuvwxyz", "!@#$%^&*()",
		"qwertyuiop", "asdfghjkl", "zxcvbnm",
		"azertyuiop", "qsdfghjklm", "wxcvbn",
		"qwertzuiop", "yxcvbnm",
	}
	at := make([]map[rune]int, len(rows))
	for i, row := range rows {
		at[i] = make(map[rune]int)
		for k, r := range []rune(row) {
			at[i][r] = k
		}
	}
	return at
}()

// expected reports for each position whether its character follows from the
// two before it: the same again, or the next step along a ladder.
func expected(text []rune) (same, step []bool) {
	same, step = make([]bool, len(text)), make([]bool, len(text))
	for i := 2; i < len(text); i++ {
		a, b, c := text[i-2], text[i-1], text[i]
		same[i] = a == b && b == c
		for _, at := range ladders {
			x, onX := at[a]
			y, onY := at[b]
			z, onZ := at[c]
			if d := y - x; onX && onY && onZ && (d == 1 || d == -1) && z-y == d {
				step[i] = true
			}
		}
	}
	return same, step
}

// monotony returns Repetitive or Sequence if fewer than eight characters of
// the text are not expected, otherwise "". For a text that is too short
// anyway, at least a third has to be expected.
func monotony(text []rune) Problem {
	n := len(text)
	if n < 3 {
		return ""
	}
	distinct := make(map[rune]bool)
	for _, r := range text {
		distinct[r] = true
	}
	if p := period(text); n >= 2*p && p < leastLength || n >= leastLength && len(distinct) <= 3 {
		return Repetitive
	}
	same, step := expected(text)
	sames, steps := 0, 0
	for i := range text {
		switch {
		case same[i]:
			sames++
		case step[i]:
			steps++
		}
	}
	if known := sames + steps; n-known >= leastLength || 3*known < n {
		return ""
	}
	if sames >= steps {
		return Repetitive
	}
	return Sequence
}
