package presets

// Confidence is how much a preset's numbers are worth.
type Confidence string

// The values of Confidence, most worth first. None says that a network of that
// name behaves so: only that somebody, who is named, has these numbers for it.
const (
	Sourced    Confidence = "sourced"
	SecondHand Confidence = "second-hand"
	Excerpt    Confidence = "excerpt"
	Choice     Confidence = "engineering choice"
)

// Confidences lists them.
func Confidences() []Confidence { return []Confidence{Sourced, SecondHand, Excerpt, Choice} }

// Meaning defines the value in one line.
func (c Confidence) Meaning() string {
	switch c {
	case Sourced:
		return "the source itself was read and has these numbers"
	case SecondHand:
		return "the source was read as another document or program repeats it"
	case Excerpt:
		return "the numbers stand in an excerpt of the source; the whole of it was not read"
	case Choice:
		return "numbers of this project: plausible, measured by nobody"
	}
	panic("BUG: no such confidence: " + string(c))
}
