package apiclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxEvent is the most that one event may have, in bytes.
const maxEvent = 1 << 20

// Event is one of a stream, as the HTML standard has it in section 9.2,
// "Server-sent events".
type Event struct {
	ID   string
	Type string // "message" if the server gave none
	Data string
}

// Stream gets a path and gives each event to receive, until the context ends,
// receive returns an error, which Stream then returns, or the server ends the
// stream, for which it returns an *UnreachableError of io.EOF.
func (c *Client) Stream(ctx context.Context, path string, receive func(Event) error) error {
	response, err := c.send(ctx, http.MethodGet, path, nil, "text/event-stream")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		b, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // half an error is one, too
		return c.refusal(response, b)
	}
	if media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); media != "text/event-stream" {
		return &UnreachableError{c.base, fmt.Errorf("GET %s answers no events", path)}
	}
	ended, err := readEvents(response.Body, receive)
	if !ended {
		return err
	}
	return c.unreachable(ctx, err)
}

// readEvents parses a stream. ended says that the error is of the stream, not
// of receive.
func readEvents(r io.Reader, receive func(Event) error) (ended bool, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEvent)
	event, size, lastID := Event{}, 0, ""
	var data []string
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" {
			if data != nil {
				event.Data, event.ID = strings.Join(data, "\n"), lastID
				if event.Type == "" {
					event.Type = "message"
				}
				if err := receive(event); err != nil {
					return false, err
				}
			}
			event, data, size = Event{}, nil, 0
			continue
		}
		if size += len(line) + 1; size > maxEvent {
			return true, fmt.Errorf("an event of more than %d KiB", maxEvent>>10)
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			event.Type = value
		case "data":
			data = append(data, value)
		case "id":
			lastID = value
		} // comments, which keep the connection alive, have no name
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return true, fmt.Errorf("an event of more than %d KiB", maxEvent>>10)
	} else if err != nil {
		return true, err
	}
	return true, io.EOF
}
