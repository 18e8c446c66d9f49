package staff_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/staff"
)

// views is a store of what was opened, in memory.
type views struct {
	staff.Watched
	files  int // in the last hour
	alarms []staff.Alarm
	rec    effect.Effects
	after  time.Time // of the last question
	err    error     // of Alarm
	silent int       // the question that gets no answer: 1, 2, …
}

// answer returns an error for the question that gets no answer.
func (v *views) answer() error {
	if v.silent--; v.silent == 0 {
		return errs.ErrUnavailable
	}
	return nil
}

func (v *views) Files(_ context.Context, _ string, _ []audit.Action, after time.Time) (int, error) {
	v.after = after
	return v.files, v.answer()
}

func (v *views) Alarm(_ context.Context, a staff.Alarm, _ time.Time, rec effect.Effects) error {
	if v.err == nil {
		v.alarms, v.rec = append(v.alarms, a), rec
	}
	return v.err
}

func (v *views) Alarms(_ context.Context, since time.Time) ([]staff.Alarm, error) {
	return slices.DeleteFunc(slices.Clone(v.alarms), func(a staff.Alarm) bool { return a.At.Before(since) }), v.answer()
}

// OF-21: the eleventh file in an hour raises an alarm, once; the thirty-first
// is the last that is looked at, and stays shut.
func TestOF21_Look(t *testing.T) {
	t.Parallel()
	lately := []staff.Alarm{{Member: "desk", At: noon.Add(-staff.WatchTime)}}
	for name, c := range map[string]struct {
		before int // files in the last hour
		again  bool
		alarms []staff.Alarm
		lost   bool // another server raises the alarm first
		viewed bool
		alarm  bool
		err    error
	}{
		"the first":                       {before: 0, viewed: true},
		"the tenth":                       {before: 9, viewed: true},
		"the tenth again":                 {before: 10, again: true, viewed: true},
		"the eleventh":                    {before: 10, viewed: true, alarm: true},
		"the eleventh, at two servers":    {before: 10, lost: true, viewed: true},
		"the twelfth":                     {before: 11, alarms: lately, viewed: true},
		"the twelfth, an hour later":      {before: 11, alarms: []staff.Alarm{{Member: "desk", At: noon.Add(-staff.WatchTime - 1)}}, viewed: true, alarm: true},
		"after an alarm about another":    {before: 10, alarms: []staff.Alarm{{Member: "boss", At: noon}}, viewed: true, alarm: true},
		"the thirtieth":                   {before: 29, alarms: lately, viewed: true},
		"the thirty-first":                {before: 30, alarms: lately, viewed: true, err: staff.ErrStopped},
		"the thirty-first, with an alarm": {before: 30, viewed: true, alarm: true, err: staff.ErrStopped},
		"the thirty-second":               {before: 31, alarms: lately, err: staff.ErrStopped},
	} {
		v := &views{files: c.before, alarms: slices.Clone(c.alarms)}
		if c.lost {
			v.err = errs.ErrConflict
		}
		w := &staff.Watch{Store: v, Members: &office{members: team()}, Letters: letters{}, PerHour: 10, Now: func() time.Time { return noon }}
		viewed := false
		alarm, err := w.Look(t.Context(), team()[3], audit.Official("desk").At("192.0.2.0/24", "request"), func() error {
			viewed = true
			if !c.again {
				v.files++
			}
			return nil
		})
		if alarm != c.alarm || viewed != c.viewed || !errors.Is(err, c.err) {
			t.Errorf("%s: Look() = %t, %v, looked: %t, want %t, %v, %t", name, alarm, err, viewed, c.alarm, c.err, c.viewed)
		}
		if want := noon.Add(-time.Hour); !v.after.Equal(want) {
			t.Errorf("%s: Look() counts from %s, want %s", name, v.after, want)
		}
		if len(v.rec.Events) > 0 != c.alarm {
			t.Errorf("%s: Look() records %+v, want an alarm: %t", name, v.rec.Events, c.alarm)
		}
		if !c.alarm {
			continue
		}
		// To the active administrators; the member is the object, not the actor.
		alarmed := "alarm about desk: 11 files from 11:00 to 12:00"
		if v.files != 11 {
			continue
		}
		if got, want := mails(v.rec), []string{"boss@example.org: " + alarmed, "second@example.org: " + alarmed}; !slices.Equal(got, want) {
			t.Errorf("%s: mails = %q, want %q", name, got, want)
		}
		if e := v.rec.Events[0]; e.Action != audit.StaffAlarm || e.ObjectID != "desk" || e.Reason == "" || e.Actor() != audit.System("").At("192.0.2.0/24", "request") || !e.At.Equal(noon) {
			t.Errorf("%s: recorded as %+v, want %s about desk by the system", name, e, audit.StaffAlarm)
		}
	}
}

// Without an answer from the store nothing is opened, and no alarm is lost in
// silence.
func TestLookFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		views  views
		office office
		view   error
		viewed bool
	}{
		"the first count":       {views: views{files: 10, silent: 1}},
		"the look":              {views: views{files: 10}, view: errs.ErrUnavailable, viewed: true},
		"the second count":      {views: views{files: 10, silent: 2}, viewed: true},
		"the alarms":            {views: views{files: 10, silent: 3}, viewed: true},
		"the administrators":    {views: views{files: 10}, office: office{err: errs.ErrUnavailable}, viewed: true},
		"the alarm":             {views: views{files: 10, err: errs.ErrUnavailable}, viewed: true},
		"the alarm, at the end": {views: views{files: 30, err: errs.ErrUnavailable}, viewed: true},
	} {
		v, o := c.views, c.office
		o.members = team()
		w := &staff.Watch{Store: &v, Members: &o, Letters: letters{}, PerHour: 10, Now: func() time.Time { return noon }}
		viewed := false
		alarm, err := w.Look(t.Context(), team()[3], audit.Official("desk"), func() error { viewed = true; v.files++; return c.view })
		if alarm || !errors.Is(err, errs.ErrUnavailable) || viewed != c.viewed || len(v.alarms) > 0 {
			t.Errorf("%s: Look() = %t, %v, looked: %t, with %d alarms, want errs.ErrUnavailable, looked: %t, and none", name, alarm, err, viewed, len(v.alarms), c.viewed)
		}
	}
}
