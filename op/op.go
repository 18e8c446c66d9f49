// Package op is the HTTP face of the provider: one list of rooms behind the
// guards of op/web.
//
//	web      the kit: Router, Renderer, Cookies, Limits
//	flow     the dispatcher of a login
//	home     /                the front page, help, and what the law asks to be said
//	apply    /apply           applying for an Omgevingsloket-ID
//	login    /login /start    password and verification code
//	password /password        choosing a new password: forgotten, changed, or asked for
//	address  /address         a new e-mail address, confirmed by its mailbox
//	enrol    /enrol           the QR code, once
//	me       /me              "my account": data, sessions, portals, what happened
//	consent  /consent         may this client see that?
//	provider /authorize …     OpenID Connect
//	console  /console         the officials, with rooms of their own: review helpdesk staff audit statistics
package op

import (
	"net/http"

	"omgevingsloket-id/op/web"
)

// New mounts the rooms in this order and returns the whole site.
func New(k *web.Kit, rooms ...web.Room) http.Handler {
	for _, room := range rooms {
		room.Mount(k.Router)
	}
	return k.Router.Handler()
}
