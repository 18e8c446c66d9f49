package storagetest

import (
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/review"
)

// ids returns the ids of the cases of a part.
func ids(p review.Part) (out []string) {
	for _, c := range p.Cases {
		out = append(out, c.ID)
	}
	return out
}

// list returns a whole queue.
func (d caseWorld) list(q review.Query) []string {
	d.t.Helper()
	q.Limit = 10_000
	p := ok[review.Part](d.t)(d.cases.Queue(ctx(d.t), q))
	for _, c := range p.Cases {
		same(d.t, c, d.reload(c.ID))
	}
	if p.Earlier != "" || p.Later != "" {
		d.t.Errorf("%s: all there is has marks %q and %q", q.Show, p.Earlier, p.Later)
	}
	return ids(p)
}

func caseQueue(t *testing.T, d caseWorld) {
	me := fresh("me")
	waiting, mine, more := d.sent(), d.taken(me), d.asked(me)
	proposed := d.taken(me)
	must(t, d.do(t, review.ActPropose, me, proposed, effect.Effects{}))
	gone := d.sent()
	must(t, d.do(t, review.ActWithdraw, "", gone, effect.Effects{}))
	draft := d.confirmed(draft())

	names := map[string]string{waiting.ID: "waiting", mine.ID: "mine", more.ID: "more", proposed.ID: "proposed", gone.ID: "gone", draft.ID: "a draft"}
	shown := func(show review.Show, member string) map[string]bool {
		out := map[string]bool{}
		for _, id := range d.list(review.Query{Show: show, Member: member}) {
			if name := names[id]; name != "" {
				out[name] = true
			}
		}
		return out
	}
	same(t, shown(review.ShowWaiting, me), map[string]bool{"waiting": true})
	same(t, shown(review.ShowWaiting, "otto"), map[string]bool{"waiting": true, "proposed": true})
	same(t, shown(review.ShowMine, me), map[string]bool{"mine": true, "more": true})
	same(t, shown(review.ShowMore, me), map[string]bool{"more": true})
	same(t, shown(review.ShowDecided, me), map[string]bool{"gone": true})
	same(t, shown(review.ShowAll, me), map[string]bool{"waiting": true, "mine": true, "more": true, "proposed": true, "gone": true})
	same(t, shown("nonsense", me), shown(review.ShowAll, me))
	counts := ok[review.Counts](t)(d.cases.Counts(ctx(t), me))
	same(t, counts.Mine, 1)
	same(t, counts.Waiting, len(d.list(review.Query{Show: review.ShowWaiting, Member: me})))
}

// caseParts pages through queues, forwards and backwards, with parts of every
// size.
func caseParts(t *testing.T, d caseWorld) {
	me := fresh("me")
	for range 7 {
		d.asked(me)
		d.taken(me)
		d.sent()
		must(t, d.do(t, review.ActWithdraw, "", d.sent(), effect.Effects{}))
	}
	for _, show := range review.Shows {
		q := review.Query{Show: show, Member: me}
		all := d.list(q)
		for _, step := range []int{1, 2, 5, 13} {
			var forwards, backwards []string
			q := review.Query{Show: show, Member: me, Limit: step}
			for {
				p := ok[review.Part](t)(d.cases.Queue(ctx(t), q))
				if (p.Earlier == "") != (q.After == "") {
					t.Fatalf("%s: after %q the earlier mark is %q", show, q.After, p.Earlier)
				}
				if forwards = append(forwards, ids(p)...); len(forwards) > len(all) {
					t.Fatalf("%s in steps of %d goes round in circles", show, step)
				}
				if q.After = p.Later; p.Later == "" {
					q.Before = p.Earlier
					backwards = ids(p)
					break
				}
			}
			for q.Before != "" {
				p := ok[review.Part](t)(d.cases.Queue(ctx(t), q))
				if p.Later == "" || len(backwards) > len(all) {
					t.Fatalf("%s: before %q is nothing behind", show, q.Before)
				}
				backwards, q.Before = append(ids(p), backwards...), p.Earlier
			}
			same(t, forwards, all)
			same(t, backwards, all)
		}
		// Cases that leave the queue meanwhile are absent, and no other is missing.
		p := ok[review.Part](t)(d.cases.Queue(ctx(t), review.Query{Show: show, Member: me, Limit: 3}))
		if show == review.ShowWaiting {
			must(t, d.do(t, review.ActTake, "otto", p.Cases[0], effect.Effects{}))
			rest := ids(ok[review.Part](t)(d.cases.Queue(ctx(t), review.Query{Show: show, Member: me, After: p.Later, Limit: 10_000})))
			same(t, rest, all[3:])
			all = all[1:]
		}
		// OF-15: an invalid mark leads to the first part; one of another queue
		// shows only what is in this queue.
		for _, odd := range []review.Mark{"x", "1", "1.", ".a", "-1.a", "1.2.3.4.a", "1.a'--", "99999999999999999999.a", "1.\x00", "1.a b", review.Mark(strings.Repeat("1", 1<<16)), "1.1.1.1.1.1.1.1"} {
			same(t, ids(ok[review.Part](t)(d.cases.Queue(ctx(t), review.Query{Show: show, Member: me, After: odd, Before: odd, Limit: 3}))), all[:3])
		}
		for _, other := range []review.Mark{"0.a", "0.0.a", "999999999999999999.zzz", "0.0.0.a"} {
			for _, id := range ids(ok[review.Part](t)(d.cases.Queue(ctx(t), review.Query{Show: show, Member: me, After: other, Limit: 10_000}))) {
				if !slices.Contains(all, id) {
					t.Errorf("%s after %s: %s is not of this queue", show, other, id)
				}
			}
		}
	}
}

// Search is the part of Cases that tests searching.
func Search(t *testing.T, open func(*testing.T) (Stores, review.Cases)) {
	s, cases := open(t)
	caseSearch(t, caseWorld{world{s, t}, cases})
}

func caseSearch(t *testing.T, d caseWorld) {
	a := d.ready(draft())
	name := "Q" + strings.ToLower(fresh("")[1:9])
	a.Reference = "OLID-" + strings.ToUpper(strings.NewReplacer("0", "2", "1", "3").Replace(fresh("")[1:5])) + "-2MXA"
	a.Answers.GivenName, a.Answers.FamilyName = "Zoë "+name, "O'Brien-Müller"
	a.Answers.Organization = &account.Organization{Name: "Société Ünïcode & Søns B.V.", RegistrationNumber: "HRB 0123.456", RegistrationCountry: "DE"}
	must(t, d.Applications.Submit(ctx(t), a, nil, effect.Effects{}))
	others := []string{d.sent().ID, d.sent().ID}
	bare := strings.TrimPrefix(a.Reference, "OLID-")
	for typed, found := range map[string]bool{
		a.Reference: true, strings.ToLower(a.Reference): true, strings.ReplaceAll(a.Reference, "-", ""): true, strings.ReplaceAll(a.Reference, "-", " "): true,
		bare: true, strings.ToLower(strings.ReplaceAll(bare, "-", "")): true, "OLID-" + bare[:4]: true, bare[:4]: true, "zaak " + a.Reference: false,
		a.Email: true, strings.ToUpper(a.Email): true, "<" + a.Email + ">": true, a.Email[:20]: true, name + " @example": true,
		name + " zoe": true, "ZOË " + name: true, name + " muller o'brien": true, name + " obrien": true, name + " brien": true, name[:8]: true,
		name + " societe unicode": true, name + " sons": true, name + " SØNS": true, name + " hrb": true, name + " HRB 0123.456": true, name + " hrb0123456": true, name + " 456": true,
		name + " smith": false, name + "x": false, "q" + name: false, name + " 9": false,
		// OF-15: the search text is never a pattern or a statement.
		"%": false, "_": false, `\`: false, `' OR 1=1 --`: false, "\xff\xfe!": false, "\u202e": false, "\x00": false, name[:3] + "%" + name[4:]: false, name[:3] + "_" + name[4:]: false,
		name + "' OR '1'='1": false, strings.Repeat("x", 1<<16): false, strings.Repeat("xyzzy ", 1<<12): false, " ": false,
	} {
		got := d.list(review.Query{Show: review.ShowAll, Search: typed})
		if slices.Contains(got, a.ID) != found {
			t.Errorf("%.40q: found %v, want %v", typed, !found, found)
		}
		if strings.Contains(typed, name) && slices.ContainsFunc(others, func(id string) bool { return slices.Contains(got, id) }) {
			t.Errorf("%.40q finds others", typed)
		}
	}
	same(t, len(d.list(review.Query{Show: review.ShowDecided, Search: name})), 0)
	same(t, d.list(review.Query{Show: review.ShowWaiting, Member: "me", Search: name}), []string{a.ID})
}

// A list contains what the queue does, in its order: all of it or nothing.
func caseLines(t *testing.T, d caseWorld) {
	person := d.ready(func() application.Application {
		a := draft()
		a.Kind = account.NaturalPerson
		return a
	}())
	must(t, d.Applications.Submit(ctx(t), person, nil, effect.Effects{}))
	rejected := d.taken("olga")
	must(t, d.do(t, review.ActReject, "olga", rejected, effect.Effects{}))
	for _, show := range append(slices.Clone(review.Shows), "nonsense") {
		q := review.Query{Show: show, Member: "olga"}
		var want []review.Line
		all := d.list(q)
		for _, id := range all {
			c, reason := d.reload(id), ""
			if c.State == application.Rejected {
				reason = "else"
			}
			want = append(want, c.Line(reason))
		}
		same(t, ok[[]review.Line](t)(d.cases.Lines(ctx(t), q, len(all))), want)
		if len(all) > 0 {
			lines, err := d.cases.Lines(ctx(t), q, len(all)-1)
			is(t, err, review.ErrTooMany)
			same(t, len(lines), 0)
		}
	}
	only := ok[[]review.Line](t)(d.cases.Lines(ctx(t), review.Query{Show: review.ShowAll, Search: person.Email}, 10))
	same(t, len(only), 1)
	same(t, [3]string{only[0].Reference, only[0].Name, only[0].Country}, [3]string{person.Reference, person.Answers.FullName(), "BE"})
	same(t, len(ok[[]review.Line](t)(d.cases.Lines(ctx(t), review.Query{Show: review.ShowAll, Search: "%"}, 10))), 0)
}
