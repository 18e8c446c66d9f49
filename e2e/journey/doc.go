// Package journey tests the demo of the real binary in a real browser: the main journey of
// DESIGN.md §3, everything that could bring the QR code back (§1.3 and §4.6 of the attack
// catalogue), every page in every state, and journeys over more than one site.
//
// It has tests only.
package journey
