package lossy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// LossModel is a law by which packets are lost, for Profile.LossModel: one of
// GilbertElliott, FourState, GilbertIntuitive, EveryNth, ExactlyOf, DropList,
// CorrelatedLoss, NetemLoss and LossTrace. MODEL.md has the formulas. They are plain
// values and may be compared; a String is what ParseLossModel reads back.
type LossModel interface {
	String() string
	validate() error
	// start returns what loses the packets of one direction of one flow from
	// now on. If before is of the same model, it goes on in the same state.
	start(of streams, before lossProcess) lossProcess
}

// streams gives the random stream for a purpose.
type streams func(purpose) stream

// lossProcess takes packets of one direction of one flow.
type lossProcess interface {
	// takes is called once for each packet, in order.
	takes(index uint64) bool
	// odds is what was to be expected for the packet asked for last.
	odds() expectation
}

// ErrNamesFile is wrapped by the refusal of a model in a file where files may
// not be read.
var ErrNamesFile = errors.New("names a file, which is not opened here")

// ReadFile reads a whole file that a model names, of bounded size.
type ReadFile func(name string) ([]byte, error)

// MaxModelFile is the size of the largest file a model may be read from.
const MaxModelFile = 16 << 20

func (read ReadFile) open(text, name string) ([]byte, error) {
	if name == "" {
		return nil, fmt.Errorf("%q lacks the name of a file", text)
	}
	if read == nil {
		return nil, fmt.Errorf("%q %w", text, ErrNamesFile)
	}
	b, err := read(name)
	if err == nil && len(b) > MaxModelFile {
		return nil, fmt.Errorf("%s is larger than %d MiB", name, MaxModelFile>>20)
	}
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), err // a byte order mark, which spreadsheets write
}

// lossModels are the forms in which a loss model is written.
const lossModels = "none, gilbert-elliott:p=1%,r=25%, four-state:p13=1%, gi:loss=5%,burst=4, every:20, " +
	"exactly:k=3,of=100, list:3 7 10-12, correlated:p=5%,rho=0.25, netem:p=5%,correlation=25% or trace:FILE"

// ParseLossModel reads a loss model as people write it; "none" is nil:
//
//	gilbert-elliott:p=1%,r=25%,bad=100%,good=0%
//	four-state:p13=1%,p31=25%,p32=0%,p23=100%,p14=0%
//	gi:loss=5%,burst=10,density=80%,isolated=1%,gap=1
//	every:20,first=3
//	exactly:k=3,of=100
//	list:3 7 10-12, or with commas between them
//	correlated:p=5%,rho=0.25
//	netem:p=5%,correlation=25%
//	trace:FILE
//
// read reads the file of a trace; with nil, a model that names a file is
// refused (ErrNamesFile).
func ParseLossModel(text string, read ReadFile) (LossModel, error) {
	if name, found := strings.CutPrefix(strings.TrimSpace(text), "trace:"); found {
		return readLossTrace(text, name, read)
	}
	t := parseTerms(text)
	if t.name == "list" {
		t = parseTerms(strings.ReplaceAll(text, ",", " ")) // whichever stands between the indices
		t.text = text
	}
	var m LossModel
	switch t.name {
	case "none":
	case "gilbert-elliott":
		m = parseGilbertElliott(t)
	case "four-state":
		m = parseFourState(t)
	case "gi":
		m = parseGilbertIntuitive(t)
	case "every":
		m = parseEveryNth(t)
	case "exactly":
		m = parseExactlyOf(t)
	case "list":
		m = parseDropList(t)
	case "correlated":
		m = parseCorrelatedLoss(t)
	case "netem":
		m = parseNetemLoss(t)
	default:
		return nil, fmt.Errorf("%q is no loss model: write it like %s", text, lossModels)
	}
	if err := t.done(); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, nil
	}
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return m, nil
}

func (p Profile) validateLossModel() error {
	if p.LossBurstCap < 0 || p.LossBurstCap > MaxLossBurstCap {
		return fmt.Errorf("loss-burst-cap %d: must be between 1 and %d packets, or 0 for no limit", p.LossBurstCap, MaxLossBurstCap)
	}
	if p.LossModel == nil {
		return nil
	}
	if err := p.LossModel.validate(); err != nil {
		return fmt.Errorf("loss-model %v: %w", p.LossModel, err)
	}
	if p.Loss > 0 {
		return fmt.Errorf("loss %s: has no place beside loss-model %v, set one of them",
			formatProbability(p.Loss), p.LossModel)
	}
	if _, known := p.LossModel.(chained); p.LossBurstCap > 0 && !known {
		return fmt.Errorf("loss-burst-cap %d: is for independent losses and Markov chains, of which loss-model %v is none",
			p.LossBurstCap, p.LossModel)
	}
	return nil
}

// chained is a loss model that is a Markov chain.
type chained interface{ chain() chain }

// lossChain is the chain behind the losses, where there are any.
func (p Profile) lossChain() chain {
	if m, known := p.LossModel.(chained); known {
		return m.chain()
	}
	if p.bursty() {
		r := 1 / p.Burst
		return GilbertElliott{P: p.Loss * r / (1 - p.Loss), R: r, Bad: 1}.chain()
	}
	return chain{states: 1, moves: matrix{{1}}, loses: vector{p.Loss}}
}

// namedProbability is a parameter of a model for checkProbabilities.
type namedProbability struct {
	name  string
	value float64
}

func checkProbabilities(list ...namedProbability) error {
	for _, p := range list {
		if !(p.value >= 0 && p.value <= 1) {
			return fmt.Errorf("%s %v: a probability lies between 0%% and 100%%", p.name, p.value)
		}
	}
	return nil
}
