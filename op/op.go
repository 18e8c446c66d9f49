// Package op is the HTTP face of the provider: one list of rooms behind the
// guards of op/web.
//
//	web      the kit: routes, errors, pages, cookies, the dispatcher of a login
//	home     /                the front page, help, and what the law wants told
//	apply    /apply           asking for an Omgevingsloket-ID
//	login    /login /start    password and verification code
//	address  /address         a new e-mail address, confirmed by its mailbox
//	enrol    /enrol           the QR code, once
//	consent  /consent         may this client see that?
//	provider /authorize …     OpenID Connect
package op

import (
	"net/http"

	"omgevingsloket-id/op/web"
)

// New mounts the rooms, in this order, and gives the whole site.
func New(k *web.Kit, rooms ...web.Room) http.Handler {
	for _, room := range rooms {
		room.Mount(k.Router)
	}
	return k.Router.Handler()
}
