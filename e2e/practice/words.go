package practice

// Words are the labels that a visitor looks for, in one language. The Dutch labels that
// DESIGN.md §3 quotes are fixed.
type Words struct {
	Language, Wrong string // the language's own name; the prefix of the title of a page with mistakes

	// At the portal.
	PortalApply, PortalLogin, PortalLogout, LoggedIn, PortalLoggedOut string
	MailCode                                                          string // subject of the mail with the code

	// At the provider.
	Next, GoToLogin, Login, SendCode, ShowQR, NextStep, NotScanned, BlockMe string
	Allow, Deny, Onward, LogOut                                             string
}

// Dutch and English are the languages of every page.
var (
	Dutch = Words{
		Language: "Nederlands", Wrong: "Fout:",
		PortalApply: "Vraag een Omgevingsloket-ID aan", PortalLogin: "Inloggen met Omgevingsloket-ID", PortalLogout: "Uitloggen",
		LoggedIn: "U bent ingelogd", PortalLoggedOut: "U bent uitgelogd", MailCode: "Bevestig uw e-mailadres",
		Next: "Verder", GoToLogin: "Ga naar inloggen met Omgevingsloket-ID", Login: "Inloggen", SendCode: "Stuur de code", ShowQR: "Toon QR-code",
		NextStep: "Volgende stap", NotScanned: "QR-code niet gescand?", BlockMe: "Blokkeer mijn account",
		Allow: "Toestaan", Deny: "Niet toestaan", Onward: "Ga verder", LogOut: "Uitloggen",
	}
	English = Words{
		Language: "English", Wrong: "Error:",
		PortalApply: "Apply for an Omgevingsloket-ID", PortalLogin: "Log in with Omgevingsloket-ID", PortalLogout: "Log out",
		LoggedIn: "You are logged in", PortalLoggedOut: "You are logged out", MailCode: "Confirm your email address",
		Next: "Continue", GoToLogin: "Log in with Omgevingsloket-ID", Login: "Log in", SendCode: "Send the code", ShowQR: "Show QR code",
		NextStep: "Next step", NotScanned: "I could not scan the QR code", BlockMe: "Block my account",
		Allow: "Allow", Deny: "Do not allow", Onward: "Continue", LogOut: "Log out",
	}
)
