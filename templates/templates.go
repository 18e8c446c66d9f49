// Package templates holds everything people see: the pages of each room, the partials and look they share (layout,
// static), the texts (locales) and the mails. It embeds the files and does nothing with them; op/web reads them.
package templates

import "embed"

// FS has, by folder: */*.html and */*/*.html (one folder a room, and layout), static/*, locales/*.toml and mail/*.
// The sources of the style sheets (css/) are not in it; static/*.css are built from them.
//
//go:embed */*.html */*/*.html static locales mail
var FS embed.FS
