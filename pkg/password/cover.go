package password

import "unicode"

// The functions below estimate how much of a password is left to guess for an
// attacker who has the word lists. They look for the cheapest way to write the
// whole text as words with characters around them.
//
// The characters around words cost: a digit or sign 1, a year 1, a letter 3, and
// 0 if they follow from those before them. One word at a cost of up to eight is
// easy to guess, and so are two words at up to four, or three if one is the
// user's own. More words are a pass phrase, which is allowed, as is a long
// password that merely contains a word.
const (
	maxWords   = 3
	signCost   = 1
	letterCost = 3
)

var affordable = [maxWords + 1]int{1: 8, 2: 4, 3: 4}

const unaffordable = 9

// hits is the result of look.
type hits struct{ common, aboutYou bool }

// state holds the least cost of writing the text up to some position, by the
// number of words and by whether one of them is the user's own.
type state [maxWords + 1][2]int

// look checks the text, and one piece of it if it is a repetition.
func look(text []rune, own words) hits {
	core := trim(text)
	found, _ := cover(text, own)
	pieces := [][]rune{text[:period(text)]}
	if len(text)-len(core) < unaffordable {
		pieces = append(pieces, core[:period(core)])
	}
	for _, piece := range pieces {
		if len(piece) < len(core) {
			more, _ := cover(piece, own)
			found = hits{found.common || more.common, found.aboutYou || more.aboutYou}
		}
	}
	return found
}

// cover also returns the number of steps, which tests compare with the length
// of text.
func cover(text []rune, own words) (found hits, steps int) {
	common := commonWords()
	states := make([]state, len(text)+1)
	for i := range states {
		for k := range states[i] {
			states[i][k] = [2]int{unaffordable, unaffordable}
		}
	}
	states[0][0][0] = 0
	same, step := expected(text)
	for i := range text {
		here := &states[i]
		cost := signCost
		switch {
		case same[i] || step[i]:
			cost = 0
		case unicode.IsLetter(text[i]):
			cost = letterCost
		}
		states[i+1].take(here, 0, 0, cost)
		if isYear(text[i:]) {
			states[i+4].take(here, 0, 0, signCost)
		}
		steps += common.walk(text, i, 0, func(end int) { states[end].take(here, 1, 0, 0) })
		steps += own.walk(text, i, 0, func(end int) { states[end].take(here, 1, 1, 0) })
	}
	last := states[len(text)]
	for k := 1; k <= maxWords; k++ {
		found.common = found.common || k < maxWords && last[k][0] <= affordable[k]
		found.aboutYou = found.aboutYou || last[k][1] <= affordable[k]
	}
	return found, steps
}

// take lowers the costs of s to those of from plus cost, with some words more.
func (s *state) take(from *state, words, own, cost int) {
	for k := 0; k+words <= maxWords; k++ {
		for o := range from[k] {
			to := &s[k+words][o|own]
			*to = min(*to, from[k][o]+cost)
		}
	}
}

func isYear(text []rune) bool {
	if len(text) < 4 || text[2] < '0' || text[2] > '9' || text[3] < '0' || text[3] > '9' {
		return false
	}
	return text[0] == '1' && text[1] == '9' || text[0] == '2' && text[1] == '0' && text[2] <= '3'
}
