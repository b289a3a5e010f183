package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// MaxAnswer is the most that is read of an answer.
	MaxAnswer = 16 << 20
	// DefaultTimeout is how long an answer may take, from dialling to its end.
	DefaultTimeout = 10 * time.Second
)

// Client asks one API. Make one with New. Safe for concurrent use.
type Client struct {
	base    string // http://host:port, without a slash at the end
	token   string
	timeout time.Duration
	http    *http.Client
}

// New returns a client of the API at an address: host:port, or a URL with http or
// https. The token, if any, goes with every request. The timeout is for a whole
// answer, 0 = DefaultTimeout.
func New(address, token string, timeout time.Duration) (*Client, error) {
	base, err := parseBase(address)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token has characters that no HTTP header may have")
	}
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	return &Client{
		base: base, token: token, timeout: timeout,
		http: &http.Client{
			Transport: &http.Transport{
				DialContext:           (&net.Dialer{Timeout: timeout}).DialContext,
				TLSHandshakeTimeout:   timeout,
				ResponseHeaderTimeout: timeout,
				IdleConnTimeout:       time.Minute,
				ForceAttemptHTTP2:     true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func parseBase(address string) (string, error) {
	text := address
	if !strings.Contains(text, "://") {
		if strings.HasPrefix(text, ":") {
			text = "127.0.0.1" + text // as where the API is served
		}
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", fmt.Errorf("%q is no address", address)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("%q is neither http nor https", address)
	case u.Hostname() == "":
		return "", fmt.Errorf("%q has no host", address)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("%q has more than a host and a port", address)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// URL is where the API begins.
func (c *Client) URL() string { return c.base }

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Error is a refusal by the API.
type Error struct {
	Status  int // of HTTP
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// UnreachableError says that there was no answer, or none of such an API.
type UnreachableError struct {
	URL string
	Err error
}

// Error implements error.
func (e *UnreachableError) Error() string { return fmt.Sprintf("no answer from %s: %v", e.URL, e.Err) }

// Unwrap implements errors.Unwrap.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Path joins the parts of a path, each escaped.
func Path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}

// Do makes a request and returns the JSON of the answer, nil if it has no body.
// A body is sent as it is, nil as none. The error is an *Error, an
// *UnreachableError, or the context's.
func (c *Client) Do(ctx context.Context, method, path string, body []byte) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeout)
	defer cancel()
	response, err := c.send(ctx, method, path, body, "application/json")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(io.LimitReader(response.Body, MaxAnswer+1))
	switch {
	case err != nil:
		return nil, c.unreachable(ctx, err)
	case len(b) > MaxAnswer:
		return nil, &UnreachableError{c.base, fmt.Errorf("an answer of more than %d MiB", MaxAnswer>>20)}
	case response.StatusCode >= 300:
		return nil, c.refusal(response, b)
	}
	if b = bytes.TrimSpace(b); len(b) == 0 {
		return nil, nil
	}
	if !json.Valid(b) {
		return nil, &UnreachableError{c.base, fmt.Errorf("%s %s answers something other than JSON", method, path)}
	}
	return b, nil
}

var errTimeout = errors.New("it took too long")

func (c *Client) send(ctx context.Context, method, path string, body []byte, accept string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "udplab-ctl")
	request.Header.Set("Accept", accept)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return response, nil
}

// unreachable leaves out what net/http puts around the reason.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return &UnreachableError{c.base, err}
}

// refusal reads an answer with a status that is none of success.
func (c *Client) refusal(response *http.Response, b []byte) error {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(b, &said) != nil || said.Error == "" {
		return &UnreachableError{c.base, fmt.Errorf("HTTP status %s, which is no answer of a proxy's API", response.Status)}
	}
	return &Error{response.StatusCode, said.Error}
}
