package portal

import (
	"fmt"
	"time"
)

// texts are all texts of the site in one language. It is a struct, so that rendering a
// template fails in a test if a text is missing.
type texts struct {
	Lang  string
	Other *texts // the other language

	LanguageName, LanguageHint, Skip                       string
	Ribbon, RibbonOther, Footer                            string
	Welcome, Intro, LoginButton, NoAccount, Apply, Consent string

	LoggedInTitle, LoggedInText, Logout                                 string
	FactsTitle, Name, Email, Kind, Organisation, Level, When, Issuer    string
	Subject, Unknown, RawTitle, RawText, RawIDToken, RawUserinfo        string
	OthersTitle, OthersText, MailHintTitle, MailHintText, MailHintLink  string
	MailTitle, MailText, MailNone, MailBack, MailTo, MailFrom, MailDate string
	MailNoText, MailNoSubject, MailAttachments                          string

	LeavingTitle, LeavingText, LeavingLink       string
	LeftTitle, LeftText, LeftHereOnly            string
	Retry, Home, Details                         string
	NotFoundTitle, NotFoundText                  string
	FailedTitle, FailedText, DownTitle, DownText string
	BadLinkTitle, BadLinkText, MailNoSuchTitle   string
	MailNoSuchText, MailDownTitle, MailDownText  string

	Kinds  map[string]string    // by account_type
	Levels map[string]string    // by acr
	Errors map[string][2]string // title and text, by error code

	months [12]string
}

var catalogue = map[string]*texts{"nl": &dutch, "en": &english}

func init() { dutch.Other, english.Other = &english, &dutch }

// date returns a time such as "22 november 2026, 11:42 (CET)".
func (t *texts) date(d time.Time) string {
	return fmt.Sprintf("%d %s %d, %s", d.Day(), t.months[d.Month()-1], d.Year(), d.Format("15:04 (MST)"))
}

const (
	acrLow         = "http://eidas.europa.eu/NotNotified/LoA/low"
	acrSubstantial = "http://eidas.europa.eu/NotNotified/LoA/substantial"
	acrHigh        = "http://eidas.europa.eu/NotNotified/LoA/high"
)

var dutch = texts{
	Lang: "nl", LanguageName: "Nederlands", LanguageHint: "Lees deze pagina in het Nederlands", Skip: "Naar de inhoud",
	Ribbon:      "Dit is een oefenloket. Het staat hier in de plaats van het Omgevingsloket. U kunt er niets aanvragen of melden.",
	RibbonOther: "Dit is een oefenportaal van een andere organisatie. U kunt er niets aanvragen of melden.",
	Footer:      "Een voorbeeld van een website waar u inlogt met Omgevingsloket-ID.",
	Welcome:     "Welkom bij",
	Intro:       "Hier probeert u uit hoe inloggen met Omgevingsloket-ID gaat. Na het inloggen ziet u welke gegevens dit portaal over u krijgt.",
	LoginButton: "Inloggen met Omgevingsloket-ID",
	NoAccount:   "Heeft u nog geen Omgevingsloket-ID?", Apply: "Vraag een Omgevingsloket-ID aan",
	Consent: "Dit portaal is van een andere organisatie. De eerste keer vraagt Omgevingsloket-ID of uw gegevens met dit portaal gedeeld mogen worden.",

	LoggedInTitle: "U bent ingelogd", LoggedInText: "Dit portaal kreeg deze gegevens van Omgevingsloket-ID.", Logout: "Uitloggen",
	FactsTitle: "Wie bent u", Name: "Naam", Email: "E-mailadres", Kind: "Soort account", Organisation: "Namens", Level: "Betrouwbaarheidsniveau",
	When: "Ingelogd op", Issuer: "Inlogdienst", Subject: "Uw nummer bij dit portaal", Unknown: "Niet gedeeld",
	RawTitle: "Alle ontvangen gegevens", RawText: "Voor ontwikkelaars. De handtekening van het ID-token is gecontroleerd.",
	RawIDToken: "Inhoud van het ID-token", RawUserinfo: "Antwoord van userinfo",
	OthersTitle: "Andere portalen", OthersText: "Bij deze portalen logt u in met hetzelfde Omgevingsloket-ID. Bent u hier ingelogd, dan hoeft u daar uw wachtwoord en code niet opnieuw in te vullen.",
	MailHintTitle: "Post van deze oefenomgeving", MailHintText: "De oefenomgeving verstuurt geen echte e-mail. Alle berichten leest u hier.", MailHintLink: "Bekijk de post",
	MailTitle: "Post van deze oefenomgeving", MailText: "Dit zijn de e-mails die de oefenomgeving zou versturen. Het nieuwste bericht staat bovenaan.",
	MailNone: "Er is nog geen post.", MailBack: "Terug naar alle post", MailTo: "Aan", MailFrom: "Van", MailDate: "Datum",
	MailNoText: "Dit bericht heeft geen gewone tekst en kan hier niet getoond worden.", MailNoSubject: "(geen onderwerp)", MailAttachments: "Bijlagen",

	LeavingTitle: "U wordt uitgelogd", LeavingText: "U bent uitgelogd bij dit portaal. Nu logt u ook uit bij Omgevingsloket-ID.", LeavingLink: "Verder met uitloggen",
	LeftTitle: "U bent uitgelogd", LeftText: "U bent uitgelogd bij dit portaal en bij Omgevingsloket-ID.",
	LeftHereOnly: "U bent uitgelogd bij dit portaal. Bij Omgevingsloket-ID bent u misschien nog ingelogd. Sluit uw browser als u een computer van iemand anders gebruikt.",
	Retry:        "Opnieuw inloggen", Home: "Naar de startpagina", Details: "Technische gegevens",
	NotFoundTitle: "Deze pagina bestaat niet", NotFoundText: "Controleer het adres of ga naar de startpagina.",
	FailedTitle: "Inloggen is niet gelukt", FailedText: "Er ging iets mis tussen dit portaal en Omgevingsloket-ID. Probeer het opnieuw. Blijft het misgaan, neem dan contact op met de beheerder van dit portaal.",
	DownTitle: "Inloggen kan nu even niet", DownText: "Omgevingsloket-ID is niet bereikbaar. Probeer het over een paar minuten opnieuw.",
	BadLinkTitle: "Deze link klopt niet", BadLinkText: "De link die u volgde is niet volledig of niet voor dit portaal bedoeld. Log in via de startpagina.",
	MailNoSuchTitle: "Dit bericht is er niet", MailNoSuchText: "Het bericht bestaat niet of is verwijderd.",
	MailDownTitle: "De post kan niet gelezen worden", MailDownText: "De map met berichten is niet leesbaar. Neem contact op met de beheerder van deze oefenomgeving.",

	Kinds:  map[string]string{"natural_person": "Burger", "legal_person": "Bedrijf"},
	Levels: map[string]string{acrLow: "Laag", acrSubstantial: "Substantieel", acrHigh: "Hoog"},
	Errors: map[string][2]string{
		"access_denied":                     {"U bent niet ingelogd", "Het inloggen is afgebroken, of u gaf geen toestemming om gegevens te delen. Wilt u toch inloggen, begin dan opnieuw."},
		"login_required":                    {"U moet eerst inloggen", "U bent bij Omgevingsloket-ID niet (meer) ingelogd. Log opnieuw in."},
		"interaction_required":              {"Omgevingsloket-ID heeft u nodig", "Omgevingsloket-ID wil u eerst iets vragen. Log opnieuw in."},
		"consent_required":                  {"Uw toestemming is nodig", "Omgevingsloket-ID mag uw gegevens nog niet met dit portaal delen. Log opnieuw in om te kiezen."},
		"unmet_authentication_requirements": {"Dit niveau is niet mogelijk", "Dit portaal vraagt een hoger betrouwbaarheidsniveau dan Omgevingsloket-ID kan geven."},
		"temporarily_unavailable":           {"Inloggen kan nu even niet", "Omgevingsloket-ID heeft het nu te druk of is in onderhoud. Probeer het over een paar minuten opnieuw."},
		"server_error":                      {"Inloggen kan nu even niet", "Bij Omgevingsloket-ID ging iets mis. Probeer het over een paar minuten opnieuw."},
		"unknown_state":                     {"Deze inlogpoging is niet meer geldig", "U begon te lang geleden met inloggen, of in een andere browser. Of u ging terug naar een oude pagina. Begin opnieuw."},
		"invalid_grant":                     {"Deze inlogpoging is niet meer geldig", "De bevestiging van Omgevingsloket-ID is verlopen of al gebruikt. Begin opnieuw."},
	},
	months: [12]string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"},
}

var english = texts{
	Lang: "en", LanguageName: "English", LanguageHint: "Read this page in English", Skip: "Skip to main content",
	Ribbon:      "This is a practice portal. It stands in for the Omgevingsloket. You cannot apply for or report anything here.",
	RibbonOther: "This is a practice portal of another organisation. You cannot apply for or report anything here.",
	Footer:      "An example of a website where you log in with Omgevingsloket-ID.",
	Welcome:     "Welcome to",
	Intro:       "Here you can try how to log in with Omgevingsloket-ID. After you log in, you see which data this portal gets about you.",
	LoginButton: "Log in with Omgevingsloket-ID",
	NoAccount:   "Do you need an Omgevingsloket-ID?", Apply: "Apply for an Omgevingsloket-ID",
	Consent: "This portal belongs to another organisation. The first time, Omgevingsloket-ID asks you if it may share your data with this portal.",

	LoggedInTitle: "You are logged in", LoggedInText: "This portal got this data from Omgevingsloket-ID.", Logout: "Log out",
	FactsTitle: "Who you are", Name: "Name", Email: "Email address", Kind: "Type of account", Organisation: "On behalf of", Level: "Level of assurance",
	When: "Logged in on", Issuer: "Login service", Subject: "Your number at this portal", Unknown: "Not shared",
	RawTitle: "All the data that we received", RawText: "For developers. The signature of the ID token has been verified.",
	RawIDToken: "Contents of the ID token", RawUserinfo: "Answer from userinfo",
	OthersTitle: "Other portals", OthersText: "You can log in to these portals with the same Omgevingsloket-ID. If you are logged in here, you do not have to enter your password and code again there.",
	MailHintTitle: "Emails from this practice environment", MailHintText: "The practice environment does not send real emails. You can read all messages here.", MailHintLink: "Read the emails",
	MailTitle: "Emails from this practice environment", MailText: "These are the emails that the practice environment would send. The newest message is at the top.",
	MailNone: "There are no emails yet.", MailBack: "Back to all emails", MailTo: "To", MailFrom: "From", MailDate: "Date",
	MailNoText: "This message has no plain text and cannot be shown here.", MailNoSubject: "(no subject)", MailAttachments: "Attachments",

	LeavingTitle: "Logging you out", LeavingText: "You are logged out of this portal. Now we log you out of Omgevingsloket-ID too.", LeavingLink: "Continue logging out",
	LeftTitle: "You are logged out", LeftText: "You are logged out of this portal and of Omgevingsloket-ID.",
	LeftHereOnly: "You are logged out of this portal. You may still be logged in to Omgevingsloket-ID. If you use someone else's computer, close your browser.",
	Retry:        "Log in again", Home: "Go to the start page", Details: "Technical details",
	NotFoundTitle: "Page not found", NotFoundText: "Check the web address or go to the start page.",
	FailedTitle: "Logging in did not work", FailedText: "Something went wrong between this portal and Omgevingsloket-ID. Try again. If it happens again, contact the people who run this portal.",
	DownTitle: "You cannot log in right now", DownText: "We cannot reach Omgevingsloket-ID. Try again in a few minutes.",
	BadLinkTitle: "This link is wrong", BadLinkText: "The link that you used is not complete, or is not for this portal. Log in from the start page.",
	MailNoSuchTitle: "Message not found", MailNoSuchText: "The message does not exist or was removed.",
	MailDownTitle: "We cannot read the emails", MailDownText: "We cannot open the folder with messages. Contact the people who run this practice environment.",

	Kinds:  map[string]string{"natural_person": "Individual", "legal_person": "Company"},
	Levels: map[string]string{acrLow: "Low", acrSubstantial: "Substantial", acrHigh: "High"},
	Errors: map[string][2]string{
		"access_denied":                     {"You are not logged in", "Logging in was cancelled, or you did not agree to share data. If you do want to log in, start again."},
		"login_required":                    {"Please log in first", "You are not logged in to Omgevingsloket-ID, or you have been logged out. Log in again."},
		"interaction_required":              {"Omgevingsloket-ID needs you", "Omgevingsloket-ID wants to ask you something first. Log in again."},
		"consent_required":                  {"We need your permission", "Omgevingsloket-ID may not share your data with this portal yet. Log in again to choose."},
		"unmet_authentication_requirements": {"This level is not possible", "This portal asks for a higher level of assurance than Omgevingsloket-ID can give."},
		"temporarily_unavailable":           {"You cannot log in right now", "Omgevingsloket-ID is too busy, or is being updated. Try again in a few minutes."},
		"server_error":                      {"You cannot log in right now", "Something went wrong at Omgevingsloket-ID. Try again in a few minutes."},
		"unknown_state":                     {"This login is no longer valid", "You started logging in too long ago or in another browser, or you went back to an old page. Start again."},
		"invalid_grant":                     {"This login is no longer valid", "The confirmation from Omgevingsloket-ID has expired or was already used. Start again."},
	},
	months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}
