package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"udplab/lossy"
)

// Schema is that of the logs that Read understands, which decisions writes.
const Schema = "udplab/decisions/v1"

// maxLine is the longest line that is read: a header with long models.
const maxLine = 1 << 20

// ErrSchema is wrapped by the refusal of what is no log of decisions, or one of
// another version.
var ErrSchema = errors.New("not a log of " + Schema)

// ErrTruncated is wrapped by the refusal of a log that ends within a line.
var ErrTruncated = errors.New("the log ends within this line; without it the rest can be used")

// LineError says which line of a log is at fault, counted from 1.
type LineError struct {
	Line int
	Err  error
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap implements errors.Unwrap.
func (e *LineError) Unwrap() error { return e.Err }

// Read reads a log to its end. An error is a *LineError.
func Read(r io.Reader) (*Recording, error) {
	rec := &Recording{lanes: make(map[laneKey]*lane)}
	lines := bufio.NewReaderSize(r, maxLine)
	for number := 1; ; number++ {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0 && number > 1:
			return rec, rec.finish()
		case errors.Is(err, io.EOF) && len(line) == 0:
			err = fmt.Errorf("%w: it is empty", ErrSchema)
		case errors.Is(err, io.EOF) && number > 1:
			err = ErrTruncated
		case errors.Is(err, bufio.ErrBufferFull):
			err = fmt.Errorf("longer than %d bytes", maxLine)
		case err != nil && !errors.Is(err, io.EOF):
		case number == 1:
			err = rec.readHeader(line)
		default:
			err = rec.readLine(number, line)
		}
		if err != nil {
			return nil, &LineError{number, err}
		}
	}
}

// readHeader reads the first line.
func (r *Recording) readHeader(line []byte) error {
	var h struct {
		Schema   string          `json:"schema"`
		Seed     uint64          `json:"seed"`
		Times    *bool           `json:"times"`
		Up, Down json.RawMessage `json:",omitempty"`
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return fmt.Errorf("%w: %w", ErrSchema, err)
	}
	if h.Schema != Schema {
		return fmt.Errorf("%w: its schema is %q", ErrSchema, h.Schema)
	}
	if h.Times == nil {
		return fmt.Errorf("%w: its header does not say whether it has times", ErrSchema)
	}
	r.Seed, r.Times, r.Up, r.Down = h.Seed, *h.Times, h.Up, h.Down
	return nil
}

// readLine reads a decision, or a note.
func (r *Recording) readLine(number int, line []byte) error {
	if !bytes.HasPrefix(line, []byte(`{"t_ns":`)) && !bytes.HasPrefix(line, []byte(`{"flow":`)) {
		decision, err := r.readOther(line)
		if err != nil || !decision {
			return err
		}
	}
	d := &r.line
	if !d.scan(line) {
		if err := d.decode(line); err != nil {
			return err
		}
	}
	if d.Moved != 0 {
		return r.addMove(number)
	}
	key, size, v, err := d.verdict()
	if err != nil {
		return err
	}
	return r.add(key, number, size, &v)
}

// decode reads a line of whatever form.
func (d *decision) decode(line []byte) error {
	*d = decision{}
	in := json.NewDecoder(bytes.NewReader(line))
	in.DisallowUnknownFields()
	if err := in.Decode(d); err != nil {
		return fmt.Errorf("no decision: %w", err)
	}
	if rest := bytes.TrimSpace(line[in.InputOffset():]); len(rest) > 0 {
		return errors.New("no decision: text behind the object")
	}
	return nil
}

// readOther takes in a line that may be of another kind, and says whether it is
// a decision after all.
func (r *Recording) readOther(line []byte) (decision bool, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil || members == nil {
		return false, fmt.Errorf("no JSON object: %w", cmpErr(err))
	}
	if members["schema"] != nil {
		return false, errors.New("a second header: replay one log at a time")
	}
	for _, name := range []string{"flow", "dir", "index"} {
		if members[name] != nil {
			return true, nil
		}
	}
	var gap struct {
		LeftOut uint64 `json:"left_out"`
	}
	if members["left_out"] != nil {
		if err := json.Unmarshal(line, &gap); err != nil {
			return false, fmt.Errorf("left_out: %w", err)
		}
		r.LeftOut += gap.LeftOut
		return false, nil
	}
	r.Notes++
	return false, nil
}

var errNull = errors.New("it is null")

func cmpErr(err error) error {
	if err == nil {
		return errNull
	}
	return err
}

// flowOf reads the number or the name of a flow.
func flowOf(raw json.RawMessage) (lossy.FlowKey, error) {
	if len(raw) > 0 && raw[0] == '"' {
		var name string
		if err := json.Unmarshal(raw, &name); err != nil {
			return lossy.FlowKey{}, fmt.Errorf("flow: %w", err)
		}
		key, err := lossy.NamedFlow(name)
		if err != nil {
			return key, fmt.Errorf("flow: %w", err)
		}
		return key, nil
	}
	number, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil {
		return lossy.FlowKey{}, fmt.Errorf("flow: %s is neither a number nor a name", raw)
	}
	return lossy.FlowKey{Number: number}, nil
}
