package console

import (
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/staff"
)

// alarmDays is how long home shows an alarm.
const alarmDays = 7

// waitChanges adds changes of accounts to a list.
func (h *Room) waitChanges(r *http.Request, p *web.Page, list waitList, changes []helpdesk.Change, note func(helpdesk.Change) string) (waitList, error) {
	if len(changes) > waitRows {
		changes = changes[:waitRows]
		list.More = &web.Link{URL: p.Path("/console/accounts"), Label: p.T("console.home.more_unblocks")}
	}
	for _, c := range changes {
		a, err := h.Helpdesk.Accounts.ByID(r.Context(), c.AccountID)
		if err != nil {
			return list, err
		}
		list.Rows = append(list.Rows, waitRow{
			Link: web.Link{URL: p.Path(changeURL(c.ID)), Label: p.T("helpdesk.change." + string(c.Kind))}, Name: a.Profile.FullName(),
			Note: note(c), Term: p.T("console.home.before", "Moment", dutchTime(c.Ends(), p.Lang)),
		})
	}
	return list, nil
}

// waitAlarms are the members who lately opened very many files, for those who
// can look into it.
func (h *Room) waitAlarms(r *http.Request, v *Visit, p *web.Page) (waitList, error) {
	list := waitList{ID: "alarms", Title: p.T("console.home.alarms")}
	alarms, err := h.Watch.Store.Alarms(r.Context(), h.Now().AddDate(0, 0, -alarmDays))
	if err != nil {
		return list, err
	}
	names := h.officials(r)
	for _, a := range alarms[:min(len(alarms), waitRows)] {
		where := "/console/staff/member?" + url.Values{"id": {a.Member}}.Encode()
		if v.Member.Has(staff.Auditor) {
			where = "/console/record?" + url.Values{"who": {"staff:" + a.Member}, "from": {a.At.Add(-time.Hour).In(letter.Dutch).Format(time.DateOnly)}}.Encode()
		}
		list.Rows = append(list.Rows, waitRow{
			Link: web.Link{URL: p.Path(where), Label: names(p, a.Member)}, Late: true,
			Note: p.T("console.home.alarm", "Count", a.Files), Term: dutchTime(a.At, p.Lang),
		})
	}
	return list, nil
}
