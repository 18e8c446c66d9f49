// Package document owns looking into files that strangers sent: what of one
// may be shown, and what it would do to whoever opens it.
//
//	JPEG, PNG ─► Picture: unpacked, turned upright, made smaller, packed
//	             again. What is shown is ours; nothing of the file's own
//	             text, place, maker or trailing bytes is left.
//	PDF       ─► PDF: which active content it holds. The file itself stays
//	             as it is and is never shown, only handed over.
//
// Readers of strange files have faults, and files are made to find them. So
// a server never calls these two: it has a Worker, which starts a process of
// its own for each file (Child), with no environment and with little time,
// processor and memory. Whatever goes wrong there is one refused document.
package document

import "errors"

// ErrRefused says that a file cannot be looked into: damaged, too large, or
// more than a process may spend on it. Nothing of it is shown.
var ErrRefused = errors.New("document: cannot be looked into")

// Kind says what is to be done with a file.
type Kind string

// The kinds.
const (
	KindPicture Kind = "picture"
	KindPDF     Kind = "pdf"
)

// Active is a kind of active content of a PDF; part of a text key.
type Active string

// What a PDF can hold beside pages, worst first.
const (
	Script     Active = "script"     // JavaScript
	Launch     Active = "launch"     // starts a program or opens a file
	Attachment Active = "attachment" // files within the file
	Submit     Active = "submit"     // sends what is filled in somewhere, or reads it in
	Remote     Active = "remote"     // fetches or opens something elsewhere
	Opening    Active = "opening"    // acts by itself: on opening, closing, turning a page
	Media      Active = "media"      // sound, film, three dimensions
	Form       Active = "form"       // a form of the older kind (XFA), which is a program
	Link       Active = "link"       // links to the web
)

// Actives lists them all.
var Actives = []Active{Script, Launch, Attachment, Submit, Remote, Opening, Media, Form, Link}
