package sql

import "errors"

// errGone reports that the file of a SQLite database is not at its path any more.
var errGone = errors.New("the database's file was removed or replaced while the server runs")
