package settings

import (
	"errors"
	"fmt"
)

// ErrUnknownField is why a FieldError refuses a name that is no setting's.
var ErrUnknownField = errors.New("unknown field")

// FieldError says which field of an object is at fault, and why. Readers of files
// find the line by the field's path.
type FieldError struct {
	Field string // its path: names joined by dots, "down.rate"; a list's elements by number, "proxies.0.up.loss"
	Err   error
}

// Error implements error.
func (e *FieldError) Error() string {
	if e.Err == ErrUnknownField {
		return fmt.Sprintf("%v %q", e.Err, e.Field)
	}
	return fmt.Sprintf("field %q: %v", e.Field, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *FieldError) Unwrap() error { return e.Err }

// Within returns err with its field's path put below outer. An error without
// a field becomes one of outer itself.
func Within(outer string, err error) error {
	if err == nil {
		return nil
	}
	if field, ok := errors.AsType[*FieldError](err); ok {
		return &FieldError{outer + "." + field.Field, field.Err}
	}
	return &FieldError{outer, err}
}
