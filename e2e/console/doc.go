// Package console tests the officials' work in a real browser: the journeys of each role in
// the demo in which officials decide, every page of the console in every state that can be
// reached from outside, and what an applicant sees on the status page.
//
// It has tests only.
package console
