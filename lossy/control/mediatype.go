package control

import (
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// checkMediaType says why the body of a request is not read: it is not said to be
// JSON, which no form of a web page can say.
//
// Some client libraries of toxiproxy, and curl -d, POST their JSON under the names
// that forms use. They are heard if nothing about the request looks like a browser,
// of which a page can hide nothing: it has a User-Agent that is not Mozilla's, as
// toxiproxy itself asks for, and none of the headers that browsers add.
func checkMediaType(r *http.Request) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && media == "application/json" {
		return nil
	}
	ofForms := []string{"", "text/plain", "application/x-www-form-urlencoded"}
	if r.Method == http.MethodPost && slices.Contains(ofForms, media) && r.UserAgent() != "" && !fromBrowser(r) {
		return nil
	}
	return errors.New("want Content-Type: application/json")
}

// fromBrowser says whether a request looks like one of a browser.
func fromBrowser(r *http.Request) bool {
	if strings.HasPrefix(r.UserAgent(), "Mozilla/") {
		return true
	}
	for name := range r.Header {
		if name == "Origin" || name == "Referer" || name == "Cookie" || strings.HasPrefix(name, "Sec-") {
			return true
		}
	}
	return false
}
