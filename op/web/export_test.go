package web

// Pages are the kit's own pages with their structs, for the test outside.
var Pages = map[string]any{"web/error": &errorPage{}, "web/onward": &onwardPage{}, "web/post": &postPage{}}
