package lossy

import (
	"strings"
	"testing"
	"time"
)

func TestTermsReadWhatIsThere(t *testing.T) {
	terms := parseTerms(" walk : p=1%, r = 0.25 ,hold=20ms,n=3,x=1.5")
	if terms.name != "walk" {
		t.Errorf("name %q, want walk", terms.name)
	}
	if p := require(terms, "p", ParseProbability); p != 0.01 {
		t.Errorf("p = %v, want 0.01", p)
	}
	if r := read(terms, "r", 1, ParseProbability); r != 0.25 {
		t.Errorf("r = %v, want 0.25", r)
	}
	if hold := require(terms, "hold", ParseDuration); hold != 20*time.Millisecond {
		t.Errorf("hold = %v, want 20ms", hold)
	}
	if n := require(terms, "n", parseInt); n != 3 {
		t.Errorf("n = %v, want 3", n)
	}
	if x := require(terms, "x", parseFloat); x != 1.5 {
		t.Errorf("x = %v, want 1.5", x)
	}
	if k := read(terms, "k", 0.5, ParseProbability); k != 0.5 {
		t.Errorf("k = %v, want what stands for nothing, 0.5", k)
	}
	if err := terms.done(); err != nil {
		t.Error(err)
	}
}

func TestTermsWithoutKeys(t *testing.T) {
	terms := parseTerms("every:20")
	if n := require(terms, "", parseInt); n != 20 {
		t.Errorf("value %v, want 20", n)
	}
	if err := terms.done(); err != nil {
		t.Error(err)
	}
	if terms := parseTerms("codel"); terms.name != "codel" || terms.done() != nil {
		t.Errorf("codel reads as %q, %v", terms.name, terms.done())
	}
}

func TestTermsRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"walk:p=1%,p=2%": "gives p twice",
		"walk:p=":        `"p=" has no value`,
		"walk:":          `"walk:" has nothing behind the colon`,
		"walk:p=x":       "p: \"x\" is not a probability",
		"walk:q=1%,p=1%": "walk takes no q, only p, n",
		"walk:n=3":       "lacks p",
		"walk:p=1%,n=-":  "is not a whole number",
		"walk:3,p=1%":    `"3" is the value of what? walk takes p, n`,
	} {
		terms := parseTerms(text)
		require(terms, "p", ParseProbability)
		read(terms, "n", 0, parseInt)
		if err := terms.done(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}
