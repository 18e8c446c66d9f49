// Package realm names the two kinds of people who sign in. A realm is part of
// every key of a lane, a device and a session, so that a holder and an official
// with the same address share none of them.
package realm

// Realm is a kind of people who sign in.
type Realm string

// The realms. Their texts are part of stored keys.
const (
	Holder   Realm = "holder"   // people with an account (pkg/account)
	Official Realm = "official" // people who work in the console (pkg/staff)
)
