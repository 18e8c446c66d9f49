// Package budget tests what strangers can make the provider store, send and
// compute: each attack as it was made, against a whole provider.
package budget
