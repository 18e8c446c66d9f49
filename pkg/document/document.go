// Package document inspects files from strangers: what of a file may be shown,
// and which active content it has.
//
//	JPEG, PNG ─► Picture: decoded, turned upright, made smaller, encoded
//	             again, without metadata and trailing bytes.
//	PDF       ─► PDF: which active content it has. The file itself is not
//	             changed and not shown; officials download it.
//	an upload ─► Judge: which of these it is, and whether that function
//	             returns no error for it. So no official gets a document that
//	             cannot be opened, and its sender is told at once what to do.
//
// Decoders have faults that files can exploit. So a server calls none of these
// functions but uses a Worker, which starts a process for each file (Child). It
// has no environment, little time and memory, and walls between it and all
// files, networks and other processes (Wall). If it fails, only its own document
// is refused.
package document

import "errors"

// ErrRefused is returned for a file that is damaged, too large, or takes more
// than a process may use. Nothing of it is shown.
var ErrRefused = errors.New("document: cannot be looked into")

// Kind is the kind of inspection.
type Kind string

// The kinds.
const (
	KindPicture Kind = "picture"
	KindPDF     Kind = "pdf"
	KindJudge   Kind = "judge"

	kindWalls Kind = "walls" // which walls the process lacks
)

// Active is a kind of active content of a PDF; part of a text key.
type Active string

// The kinds of active content of a PDF, worst first.
const (
	Script     Active = "script"     // JavaScript
	Launch     Active = "launch"     // starts a program or opens a file
	Attachment Active = "attachment" // embedded files
	Submit     Active = "submit"     // sends or imports form data
	Remote     Active = "remote"     // fetches or opens something outside the file
	Opening    Active = "opening"    // acts on opening, closing or turning a page
	Media      Active = "media"      // sound, video, 3D
	Form       Active = "form"       // an XFA form, which is a program
	Link       Active = "link"       // links to the web
)

// Actives lists all kinds of active content, worst first.
var Actives = []Active{Script, Launch, Attachment, Submit, Remote, Opening, Media, Form, Link}
