package control

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"udplab/lossy/control/access"
)

// maxBody is the most a request may carry, and maxState the most one that has
// settings in it: all proxies together, or what is in files. MaxProxies with
// every setting spelled out twice are half of it, and so is the longest content. maxError is the most that an
// error says, which may repeat some of a request.
const (
	maxBody  = 64 << 10
	maxState = 4 << 20
	maxError = 1000
)

func shortened(text string) string {
	if len(text) <= maxError {
		return text
	}
	return strings.ToValidUTF8(text[:maxError], "") + "..."
}

// guard puts everything that decides whether a request is heard at all before
// the handler, cheapest first.
func guard(next http.Handler, rules access.Rules) http.Handler {
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if status, err := rules.CheckHost(r); err != nil {
			refuse(w, status, err)
			return
		}
		if status, err := rules.CheckToken(w, r); err != nil {
			refuse(w, status, err)
			return
		}
		if err := origin.Check(r); err != nil {
			refuse(w, http.StatusForbidden, errors.New("cross-origin request refused"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// readSettings reads the body of a request with settings.
func readSettings(w http.ResponseWriter, r *http.Request) (body []byte, status int, err error) {
	return readJSONUpTo(maxState, w, r)
}

// readJSON reads the body of a request that changes something else.
func readJSON(w http.ResponseWriter, r *http.Request) (body []byte, status int, err error) {
	return readJSONUpTo(maxBody, w, r)
}

func readJSONUpTo(most int64, w http.ResponseWriter, r *http.Request) (body []byte, status int, err error) {
	if err := checkMediaType(r); err != nil {
		return nil, http.StatusUnsupportedMediaType, err
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, http.StatusUnsupportedMediaType, errors.New("want a body without Content-Encoding")
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("body larger than %d bytes", most)
	}
	if err != nil {
		return nil, http.StatusBadRequest, errors.New("body could not be read")
	}
	return body, http.StatusOK, nil
}
