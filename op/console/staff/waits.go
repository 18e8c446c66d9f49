package staff

import (
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/staff"
)

// alarmDays is for how many days home shows an alarm.
const alarmDays = 7

// waitAlarms lists the members who recently opened very many dossiers.
func (h *Room) waitAlarms(r *http.Request, v *console.Visit, p *web.Page) (console.WaitList, error) {
	list := console.WaitList{ID: "alarms", Title: p.T("console-staff.waits.alarms")}
	alarms, err := h.Watch.Store.Alarms(r.Context(), h.Now().AddDate(0, 0, -alarmDays))
	if err != nil {
		return list, err
	}
	names := h.Officials(r)
	for _, a := range alarms[:min(len(alarms), console.WaitRows)] {
		where := memberURL(a.Member)
		if v.Member.Has(staff.Auditor) {
			where = "/console/audit?" + url.Values{"who": {"staff:" + a.Member}, "from": {a.At.Add(-time.Hour).In(letter.Dutch).Format(time.DateOnly)}}.Encode()
		}
		list.Rows = append(list.Rows, console.WaitRow{
			Link: web.Link{URL: p.Path(where), Label: names(p, a.Member)}, Late: true,
			Note: p.T("console-staff.waits.alarm", "Count", a.Files), Term: console.Moment(a.At, p.Lang),
		})
	}
	return list, nil
}

// waitRenewals lists the new invitations that wait for a second administrator.
func (h *Room) waitRenewals(r *http.Request, v *console.Visit, p *web.Page) (console.WaitList, error) {
	list := console.WaitList{ID: "renewals", Title: p.T("console-staff.waits.renewals")}
	all, err := h.Staff.Store.Everyone(r.Context())
	if err != nil {
		return list, err
	}
	names := h.Officials(r)
	for _, m := range all {
		renewal, live := m.Proposed(h.Now())
		if !live || renewal.By == v.Member.ID {
			continue
		}
		list.Rows = append(list.Rows, console.WaitRow{
			Link: web.Link{URL: p.Path(memberURL(m.ID)), Label: m.Name}, Note: p.T("console-staff.waits.renewal", "Name", names(p, renewal.By)),
			Term: p.T("console.home.before", "Moment", console.Moment(renewal.At.Add(staff.RenewalLifetime), p.Lang)),
		})
		if len(list.Rows) == console.WaitRows {
			break
		}
	}
	return list, nil
}

// waitInvited lists the invitations that were not accepted yet.
func (h *Room) waitInvited(r *http.Request, _ *console.Visit, p *web.Page) (console.WaitList, error) {
	all, err := h.Staff.Store.List(r.Context())
	if err != nil {
		return console.WaitList{}, err
	}
	list := console.WaitList{ID: "invited", Title: p.T("console-staff.waits.invited")}
	for _, m := range all {
		if m.State != staff.Invited && m.State != staff.Blocked {
			continue
		}
		row := console.WaitRow{Link: web.Link{URL: p.Path(memberURL(m.ID)), Label: m.Name}, Note: p.T("console.state." + string(m.State))}
		if m.State == staff.Invited {
			if row.Late = !h.Now().Before(m.InviteExpires); row.Late {
				row.Term = p.T("console-staff.waits.invite_over", "Moment", console.Moment(m.InviteExpires, p.Lang))
			} else {
				row.Term = p.T("console.home.before", "Moment", console.Moment(m.InviteExpires, p.Lang))
			}
		}
		if list.Rows = append(list.Rows, row); len(list.Rows) == console.WaitRows {
			list.More = &web.Link{URL: p.Path("/console/staff"), Label: p.T("console-staff.waits.more")}
			break
		}
	}
	return list, nil
}
