package sql

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/review"
)

// queue is a list of cases: a condition ($1 is the member) and the numeric
// columns that order it before the id. Each has an index (00009) that serves
// condition and order; the condition repeats the text of the index, since SQLite
// compares texts. Cases that have to be decided on (answer_by is 0) come before
// cases that wait for the applicant.
type queue struct {
	where  string
	order  []string
	newest bool // descending
}

const open = `state IN ('submitted', 'in_review', 'more_information')`

var queues = map[review.Show]queue{
	review.ShowWaiting: {where: open + ` AND reviewer = '' AND state <> 'more_information' AND proposal <> CAST($1 AS TEXT)`, order: []string{`answer_by`, `due_at`, `submitted_at`}},
	review.ShowMine:    {where: open + ` AND reviewer = $1 AND state <> 'submitted'`, order: []string{`answer_by`, `due_at`, `submitted_at`}},
	review.ShowMore:    {where: `state = 'more_information'`, order: []string{`answer_by`}},
	review.ShowDecided: {where: `decided_at > 0`, order: []string{`decided_at`}, newest: true},
	review.ShowAll:     {where: `submitted_at > 0`, order: []string{`submitted_at`}, newest: true},
}

// queueOf returns the queue of a name, or the queue of all cases for an unknown
// name.
func queueOf(show review.Show) queue {
	if l, ok := queues[show]; ok {
		return l
	}
	return queues[review.ShowAll]
}

// condition returns the condition of a query and its arguments. Cases that have
// common words are looked for in the order of the queue, so that nothing is sorted.
func (l queue) condition(q review.Query, s sought) (string, []any) {
	where, args := l.where, []any(nil)
	if strings.Contains(where, `$1`) {
		args = append(args, q.Member)
	}
	if q.Search == "" {
		return where, args
	}
	if s.common {
		has, args := s.has(`applications`, `id`, s.words, args)
		return where + has, args
	}
	ids, args := s.ids(args)
	return where + ` AND ` + ids, args
}

// columns returns the columns of the order, with the id to make it strict.
func (l queue) columns() []string { return append(slices.Clone(l.order), `id`) }

// sorted returns the ORDER BY columns, forwards or backwards.
func (l queue) sorted(forwards bool) string {
	if forwards != l.newest {
		return strings.Join(l.columns(), `, `)
	}
	return strings.Join(l.columns(), ` DESC, `) + ` DESC`
}

// past returns the condition of coming after a mark, or before it.
func (l queue) past(mark []any, forwards bool, args []any) (string, []any) {
	sign := `>`
	if forwards == l.newest {
		sign = `<`
	}
	var numbers []string
	for _, v := range mark {
		args = append(args, v)
		numbers = append(numbers, fmt.Sprintf(`$%d`, len(args)))
	}
	return `(` + strings.Join(l.columns(), `, `) + `) ` + sign + ` (` + strings.Join(numbers, `, `) + `)`, args
}

var markForm = regexp.MustCompile(`^([0-9]{1,18}\.){1,3}[A-Za-z0-9_-]{1,64}$`)

// read parses a mark; it returns nil for a mark that is not of this queue.
func (l queue) read(m review.Mark) []any {
	parts := strings.Split(string(m), ".")
	if !markForm.MatchString(string(m)) || len(parts) != len(l.order)+1 {
		return nil
	}
	var out []any
	for _, part := range parts[:len(l.order)] {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return nil
		}
		out = append(out, n)
	}
	return append(out, parts[len(l.order)])
}

// placed is a case with its place in the queue.
type placed struct {
	review.Case
	at []int64
}

func (p placed) mark() review.Mark {
	var b strings.Builder
	for _, n := range p.at {
		b.WriteString(strconv.FormatInt(n, 10) + ".")
	}
	return review.Mark(b.String() + p.ID)
}

func (l queue) scan(r row) (placed, error) {
	p := placed{at: make([]int64, len(l.order))}
	var order []any
	for i := range p.at {
		order = append(order, &p.at[i])
	}
	var err error
	p.Case, err = scanReviewed(r, order...)
	return p, err
}

// asked is a query as a statement.
type asked struct {
	queue
	text             string
	args             []any
	marked, forwards bool
}

func ask(q review.Query, s sought) asked {
	l := queueOf(q.Show)
	a := asked{queue: l, forwards: true}
	where, args := l.condition(q, s)
	mark := l.read(q.After)
	if mark == nil {
		mark = l.read(q.Before)
		a.forwards = mark == nil
	}
	if a.marked = mark != nil; a.marked {
		var past string
		past, args = l.past(mark, a.forwards, args)
		where += ` AND ` + past
	}
	a.args = append(args, q.Limit+1) // one more, to see whether there are more
	// The ids first, then their rows: sorting whole rows is expensive.
	a.text = `SELECT ` + reviewedColumns + `, ` + strings.Join(l.order, `, `) + ` FROM applications
		WHERE id IN (SELECT id FROM applications WHERE ` + where + ` ORDER BY ` + l.sorted(a.forwards) + ` LIMIT $` + strconv.Itoa(len(a.args)) + `)
		ORDER BY ` + l.sorted(a.forwards)
	return a
}

// oneFinds and eachFinds are how many cases a word finds that is common: the only word of
// a search, and each of several, all of which fewer cases have. If the words are common,
// reading the queue in its order is faster than sorting what they find. Tests change these
// numbers, to test both ways to search.
var oneFinds, eachFinds = 1000, 10_000

// seek returns what to look for.
func (s cases) seek(ctx context.Context, typed string) (sought, error) {
	words, most := application.SearchWords(typed), eachFinds
	if len(words) == 1 {
		most = oneFinds
	}
	return s.db.seek(ctx, applicationTerms, words, 1, most)
}

func (s cases) Queue(ctx context.Context, q review.Query) (review.Part, error) {
	search, err := s.seek(ctx, q.Search)
	if err != nil {
		return review.Part{}, answer("queue", err)
	}
	a := ask(q, search)
	rows, err := s.db.sql.QueryContext(ctx, a.text, a.args...)
	list, err := all(rows, err, a.scan)
	if err != nil {
		return review.Part{}, answer("queue", err)
	}
	return part(list, q.Limit, a.marked, a.forwards), nil
}

// part returns the part of a queue in list, which has one case more than limit
// if there are more. marked and forwards say how list was read.
func part(list []placed, limit int, marked, forwards bool) review.Part {
	more := len(list) > limit
	list = list[:min(len(list), limit)]
	if !forwards {
		slices.Reverse(list)
	}
	var p review.Part
	if len(list) == 0 {
		return p
	}
	if forwards && marked || !forwards && more {
		p.Earlier = list[0].mark()
	}
	if !forwards || more {
		p.Later = list[len(list)-1].mark()
	}
	for _, c := range list {
		p.Cases = append(p.Cases, c.Case)
	}
	return p
}

func (s cases) Counts(ctx context.Context, member string) (review.Counts, error) {
	var n review.Counts
	err := s.db.sql.QueryRowContext(ctx, `SELECT
		(SELECT COUNT(*) FROM applications WHERE `+queues[review.ShowWaiting].where+`),
		(SELECT COUNT(*) FROM applications WHERE `+queues[review.ShowMine].where+` AND state = 'in_review')`, member).Scan(&n.Waiting, &n.Mine)
	return n, answer("queue", err)
}
