package letter

import (
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// What the samples are about.
const (
	sampleAddress   = "jo@example.com"
	sampleReference = "OLID-K7QD-2MXA"
	sampleBlock     = "K7QD-2MXA"
	sampleRequest   = "W3RT-9KLM"
	sampleCode      = "482913"
	sampleHandle    = "olid_rcv_aDb7n2Yt0WqvX4kZ1mPs8LrC5eHjGu9fTiNo3BxQ6yV"
	sampleWords     = "Op de kopie van uw paspoort is het nummer niet te lezen.\nStuurt u een nieuwe foto? Leg het paspoort plat neer, zonder hand of schaduw over de bladzijde.\n\nThe number on the copy of your passport cannot be read. Please send another picture."
)

// Samples returns mails of every kind to one reader, with each variant of their
// contents, for people who look at them and for tests. They hold no real person's data.
func (w *Writer) Samples(lang string, now time.Time) []mail.Message {
	holder, app, company := sampleHolder(lang), sampleApplication(lang), sampleCompany(lang)
	asked := app
	asked.AskedAt, asked.AnswerBy = now, application.AnswerBy(now)
	documents := []application.Document{{ID: "d1", Name: "paspoort.pdf", Type: "application/pdf", Size: 1_234_567}}
	unregistered := sampleCompany(lang)
	unregistered.Answers.Organization.RegistrationNumber, unregistered.Answers.Organization.NotRegistered = "", "Sole trader"
	mails := []mail.Message{
		w.ConfirmEmail(sampleAddress, lang, sampleCode, now), w.AddressTaken(sampleAddress, lang, now),
		w.Receipt(app, nil, documents, now), w.Receipt(app, &holder, documents, now), w.Receipt(company, nil, documents, now), w.Receipt(unregistered, nil, nil, now),
		w.StatusCode(app, sampleCode, now), w.Approved(app, now), w.MoreAsked(app, sampleWords, now), w.Withdrawn(app, now), w.Unanswered(app, now), w.AnswerReminder(asked, sampleWords, now),
		w.Rejected(app, "identity", "", now),
		w.FactorLinked(holder, now), w.FactorChanged(holder, account.AppReplaced, now), w.FactorChanged(holder, account.AppAdded, now), w.FactorChanged(holder, account.AppRemoved, now),
		w.DataChanged(holder, []account.Field{account.FieldPhone, account.FieldAddress, account.FieldLang}, now), w.LangChanged(holder, now),
		w.SomebodyTries(account.Account{Email: sampleAddress, Lang: lang}, now),
		w.AccountUnblocked(holder, sampleHandle, time.Time{}, now), w.AccountUnblocked(holder, sampleHandle, now.Add(24*time.Hour), now), w.AccountUnblocked(holder, "", now, now),
		w.RecoveryCode(holder, sampleCode, sampleHandle, now.Add(account.MailedTime), now),
		w.AccountClosed(holder, sampleRequest, now.Add(helpdesk.ReopenTime), now),
	}
	for _, reason := range review.Reasons {
		mails = append(mails, w.Rejected(app, reason, sampleWords, now))
	}
	for _, reason := range []account.BlockReason{account.NotScanned, account.EnrolmentCodes, account.EnrolmentLate, account.TooManyCodes, account.Reported, account.Reopened, account.RecoveryCodes, account.Cancelled, account.Disavowed, account.AddressUndone} {
		mails = append(mails, w.AccountBlocked(holder, reason, sampleBlock, now))
	}
	mails = append(mails, w.ownAddressSamples(holder, now)...)
	mails = append(mails, w.changeSamples(lang, now)...)
	for _, delay := range []time.Duration{0, 24 * time.Hour} {
		r := sampleChange(now, delay)
		mails = append(mails, w.AddressAnnounced(holder, r, now), w.AddressConfirm(holder, r, sampleCode, now))
	}
	for _, road := range []account.Road{account.RoadCode, account.RoadLink, account.RoadEnrol, account.RoadWait, account.RoadHelpdesk} {
		holder, p := holder, signin.PasswordMail{Road: road, Until: now.Add(account.DefaultLimits.ResetTime), From: now.Add(24 * time.Hour)}
		if road == account.RoadCode || road == account.RoadLink {
			p.Link = "olid_pwd_aDb7n2Yt0WqvX4kZ1mPs8LrC5eHjGu9fTiNo3BxQ6yV"
		}
		if road == account.RoadHelpdesk {
			holder.BlockRef, p.Callback = sampleBlock, "1234 5678"
		}
		mails = append(mails, w.PasswordLink(holder, p, now))
	}
	mails = append(mails, w.PasswordUnknown(sampleAddress, lang, now.Add(account.DefaultLimits.ResetTime), now), w.PasswordChanged(holder, now))
	for _, m := range w.Disavowed(sampleBlock, now) {
		if m.To = sampleAddress; m.Lang == lang { // it goes to the helpdesk, in Dutch
			mails = append(mails, m)
		}
	}
	r := sampleChange(now, 0)
	return append(append(mails, w.AddressChanged(holder, r, now), w.AddressNew(holder, r, now)), w.staffSamples(lang, now)...)
}

// ownAddressSamples returns the mails about a change of address by the holder.
func (w *Writer) ownAddressSamples(holder account.Account, now time.Time) []mail.Message {
	const link = "olid_und_aDb7n2Yt0WqvX4kZ1mPs8LrC5eHjGu9fTiNo3BxQ6yV"
	blocked, elsewhere := holder, holder
	blocked.State, elsewhere.Email = account.Blocked, "other@example.com"
	return []mail.Message{
		w.OwnAddressCode(holder.Email, holder.Lang, sampleCode, now.Add(time.Hour), now), w.OwnAddressTaken(holder.Email, holder.Lang, now.Add(time.Hour), now), w.OwnAddressNew(holder, now),
		w.OwnAddressChanged(holder, holder.Email, link, now.Add(account.PreviousTime), now), w.OwnAddressChanged(holder, holder.Email, "", time.Time{}, now),
		w.OwnAddressUndone(holder, holder.Email, "", now), w.OwnAddressUndone(blocked, holder.Email, sampleBlock, now), w.OwnAddressUndone(elsewhere, holder.Email, "", now),
	}
}

// changeSamples returns the mails about a change request in which every datum differs.
func (w *Writer) changeSamples(lang string, now time.Time) []mail.Message {
	a := sampleCompany(lang)
	before := a.Answers.Profile
	o := *before.Organization
	o.Name, o.Register, o.RegistrationNumber, o.RegistrationCountry, o.Role, o.NotRegistered = "Nieuw BV", "", "", "DE", "director", "Sole trader"
	a.Changes, a.Answers.Base = "acc", &application.Base{Profile: before}
	a.Answers.GivenName, a.Answers.FamilyName, a.Answers.Birthdate, a.Answers.Organization = "", "Nieuw", "1970-00-00", &o
	a.AskedAt, a.AnswerBy = now, application.AnswerBy(now)
	documents := []application.Document{{ID: "d1", Name: "paspoort.pdf", Type: "application/pdf", Size: 1_234_567}}
	mails := []mail.Message{
		w.Receipt(a, nil, documents, now), w.Receipt(a, &account.Account{}, documents, now), w.Approved(a, now), w.MoreAsked(a, sampleWords, now),
		w.Withdrawn(a, now), w.Unanswered(a, now), w.AnswerReminder(a, sampleWords, now),
	}
	for _, reason := range review.Reasons {
		if reason != "other_means" {
			mails = append(mails, w.Rejected(a, reason, sampleWords, now))
		}
	}
	return mails
}

// staffSamples returns the mails to officials, and those about logins, which both get.
func (w *Writer) staffSamples(lang string, now time.Time) []mail.Message {
	holder := sampleHolder(lang)
	admin := staff.Member{Name: "Bea Beheer", Email: sampleAddress, Lang: lang}
	olga := staff.Member{Name: "Olga Official", Email: sampleAddress, Lang: lang, Roles: staff.Roles, InviteExpires: now.Add(staff.InviteLifetime)}
	mails := []mail.Message{
		w.StaffAlarm(admin, staff.Member{Name: olga.Name, Email: "olga@example.org"}, 101, now.Add(-time.Hour), now),
		w.StaffInvited(olga, "https://beheer.example/console/invite?token=olid_inv_aDb7n2Yt0WqvX4kZ1mPs8LrC5eHjGu9f", "Bas Beheerder", now),
	}
	mails = append(mails, w.StaffRenewed(olga, "https://beheer.example/console/invite?token=olid_inv_aDb7n2Yt0WqvX4kZ1mPs8LrC5eHjGu9f", "Bas Beheerder", "Bea Beheer", now))
	for _, what := range []staff.Managed{
		staff.WasInvited, staff.WasChanged, staff.WasRemoved, staff.WasProposed, staff.WasRenewed, staff.WasRefused, staff.WasCancelled,
	} {
		mails = append(mails, w.StaffManaged(olga, olga, what, "", now), w.StaffManaged(admin, olga, what, "Bas Beheerder", now))
	}
	for _, n := range []signin.Notice{{Codes: 1}, {Codes: 3}, {Browsers: 1}, {Browsers: 2, Codes: 3}} {
		n.First, n.Last = now.Add(-time.Hour), now
		if n.Codes+n.Browsers == 1 {
			n.First = n.Last
		}
		mails = append(mails, w.LoginNotice(holder, n, now), w.StaffLoginNotice(olga, n, now))
	}
	o := review.Official{ID: "m1", Email: sampleAddress, Lang: lang}
	for _, u := range []review.Urgency{{Mine: []string{sampleReference}}, {Free: []string{"OLID-7H2K-PQ4M"}, Late: 1}, {Mine: []string{sampleReference, "OLID-7H2K-PQ4M"}, Free: []string{"OLID-3W9X-ZT6C"}, Late: 2}} {
		mails = append(mails, w.Urgent(o, u, now))
	}
	return mails
}

func sampleHolder(lang string) account.Account {
	return account.Account{ID: "0123456789abcdef0123456789abcdef", Email: sampleAddress, Lang: lang, Profile: account.Profile{GivenName: "Jo", FamilyName: "van der Berg"}}
}

func sampleApplication(lang string) application.Application {
	return application.Application{
		ID: "p1", Kind: account.NaturalPerson, Lang: lang, Email: sampleAddress, Reference: sampleReference,
		Answers: application.Answers{
			Profile: account.Profile{
				GivenName: "Jo", FamilyName: "van der Berg", Birthdate: "1990-02-01", Phone: "+4930123456",
				Address: account.Address{Line1: "Hauptstraße 1", Line2: "10115 Berlin", Line3: "Hinterhaus", Country: "DE"},
			},
			Stay: "abroad", Declared: true,
		},
	}
}

func sampleCompany(lang string) application.Application {
	a := sampleApplication(lang)
	a.Kind, a.Answers.Stay, a.Answers.Address, a.Answers.Phone = account.LegalPerson, "", account.Address{}, ""
	a.Answers.Organization = &account.Organization{
		Name: "Bau & Söhne GmbH", Register: "Handelsregister Berlin", RegistrationNumber: "HRB 12345", RegistrationCountry: "AT",
		Address: account.Address{Line1: "Ring 9", Line2: "1010 Wien", Country: "AT"}, Role: "authorized",
	}
	return a
}

func sampleChange(now time.Time, delay time.Duration) helpdesk.Request {
	return helpdesk.Request{
		ID: "c1", Reference: sampleRequest, Kind: helpdesk.Address, Email: sampleAddress, From: now.Add(delay), Until: now.Add(delay + helpdesk.HolderTime),
	}
}
