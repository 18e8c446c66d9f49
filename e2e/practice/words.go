package practice

// Words are the labels that a visitor looks for, in one language. The Dutch
// ones in quotes in DESIGN.md §3 are fixed.
type Words struct {
	PortalApply, PortalLogin, PortalLogout string

	Next, Send, GoToLogin                         string
	Login, ShowQR, NextStep, NotScanned, BlockMe  string
	Allow, Deny, Onward, LogOut, Language, Wrong  string
	LoggedIn, PortalLoggedOut, MailCode, Restart  string
	EnrolTitle, QRTitle, CodeTitle, BlockedTitle  string
	DoneTitle, LoginTitle, LostTitle, PortalTitle string
}

// Dutch and English are the languages of every page.
var (
	Dutch = Words{
		PortalApply: "Vraag een Omgevingsloket-ID aan", PortalLogin: "Inloggen met Omgevingsloket-ID", PortalLogout: "Uitloggen",
		Next: "Verder", Send: "Verzenden", GoToLogin: "Ga naar inloggen met Omgevingsloket-ID",
		Login: "Inloggen", ShowQR: "Toon QR-code", NextStep: "Volgende stap", NotScanned: "QR-code niet gescand?", BlockMe: "Blokkeer mijn account",
		Allow: "Toestaan", Deny: "Niet toestaan", Onward: "Ga verder", LogOut: "Uitloggen", Language: "Nederlands", Wrong: "Fout:",
		LoggedIn: "U bent ingelogd", PortalLoggedOut: "U bent uitgelogd", MailCode: "Bevestig uw e-mailadres", Restart: "Begin opnieuw met inloggen",
		EnrolTitle: "Koppel uw authenticatie-app", QRTitle: "Scan de QR-code", CodeTitle: "Vul de verificatiecode in",
		BlockedTitle: "Uw account is geblokkeerd", DoneTitle: "Uw aanvraag is goedgekeurd", LoginTitle: "Inloggen met Omgevingsloket-ID",
		LostTitle: "QR-code niet gescand?", PortalTitle: "Welkom bij Oefenloket",
	}
	English = Words{
		PortalApply: "Apply for an Omgevingsloket-ID", PortalLogin: "Log in with Omgevingsloket-ID", PortalLogout: "Log out",
		Next: "Continue", Send: "Send", GoToLogin: "Go to log in with Omgevingsloket-ID",
		Login: "Log in", ShowQR: "Show QR code", NextStep: "Next step", NotScanned: "Did not scan the QR code?", BlockMe: "Block my account",
		Allow: "Allow", Deny: "Do not allow", Onward: "Go on", LogOut: "Log out", Language: "English", Wrong: "Error:",
		LoggedIn: "You are logged in", PortalLoggedOut: "You are logged out", MailCode: "Confirm your e-mail address", Restart: "Start logging in again",
		EnrolTitle: "Link your authenticator app", QRTitle: "Scan the QR code", CodeTitle: "Enter the verification code",
		BlockedTitle: "Your account is blocked", DoneTitle: "Your application has been approved", LoginTitle: "Log in with Omgevingsloket-ID",
		LostTitle: "Did not scan the QR code?", PortalTitle: "Welcome to Oefenloket",
	}
)
