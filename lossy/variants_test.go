package lossy

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDamageText(t *testing.T) {
	for text, want := range map[string]Damage{
		"bit": {}, "bits:1": {N: 1}, "bits:64": {N: 64}, "byte": {Kind: DamageBytes}, "bytes: 4": {Kind: DamageBytes, N: 4},
		"truncate": {Kind: DamageTruncate}, "extend:16": {Kind: DamageExtend, N: 16},
	} {
		if got, err := ParseDamage(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v, want %+v", text, got, err, want)
		}
		if back, err := ParseDamage(want.String()); err != nil || back != want {
			t.Errorf("%+v is written %q and read %+v, %v", want, want, back, err)
		}
	}
	for text, want := range map[string]string{
		"":            `"" is no damage: write bit, bits:3`,
		"bitz":        `"bitz" is no damage`,
		"bits":        `"bits" lacks a value`,
		"bits:0":      `"bits:0": must change between 1 and 64 places`,
		"bytes:65":    `between 1 and 64 places`,
		"bit:3":       `"bit:3": bit takes nothing besides its name`,
		"truncate:3":  `truncate takes nothing besides its name`,
		"extend:0":    `between 1 and 9000 bytes`,
		"extend:9001": `between 1 and 9000 bytes`,
		"bits:x":      `"x" is not a whole number`,
	} {
		if got, err := ParseDamage(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %+v, %v, want an error with %q", text, got, err, want)
		}
	}
}

func TestDisplacementText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Displacement{Mean: rapid.Float64Range(1, MaxReorderMean).Draw(t, "mean")}
		if rapid.Bool().Draw(t, "range") {
			least := rapid.IntRange(1, MaxReorderBy).Draw(t, "least")
			d = Displacement{Min: least, Max: rapid.IntRange(least, MaxReorderBy).Draw(t, "most")}
		}
		if back, err := ParseDisplacement(d.String()); err != nil || back != d {
			t.Fatalf("%+v is written %q and read %+v, %v", d, d, back, err)
		}
	})
	for text, want := range map[string]string{
		"":                      "is no displacement: write 3, 1-8 or geometric:mean=3",
		"3":                     "is no displacement",
		"a-b":                   "is no displacement",
		"1-b":                   "is no displacement",
		"0-3":                   "must be a range within 1-1048576",
		"3-2":                   "must be a range",
		"1-9999999":             "must be a range",
		"geometric":             `"geometric" lacks mean`,
		"geometric:mean=0.5":    "the mean must be between 1 and 10000",
		"geometric:mean=0":      "the mean must be between 1 and 10000",
		"geometric:mean=3,sd=1": "geometric takes no sd, only mean",
	} {
		if got, err := ParseDisplacement(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %+v, %v, want an error with %q", text, got, err, want)
		}
	}
}

func TestVariantsAreValidated(t *testing.T) {
	for want, p := range map[string]Profile{
		"reorder-by 3-2":             {ReorderSpread: Displacement{Min: 3, Max: 2}},
		"must be a range":            {ReorderSpread: Displacement{Max: -1}},
		"either a mean or bounds":    {ReorderSpread: Displacement{Mean: 3, Max: 2}},
		"either 3 or 1-8":            {ReorderBy: 3, ReorderSpread: Displacement{Min: 1, Max: 8}},
		"reorder-hold -1ns":          {ReorderFor: -1},
		"reorder-hold: a packet":     {ReorderFor: 1, ReorderBy: 3},
		"reorder-gap -1":             {ReorderGap: -1},
		"leave reorder-by":           {ReorderGap: 2, Reorder: 1, Delay: 1, ReorderBy: 3},
		"netem's gap alone":          {ReorderGap: 2, Delay: 1},
		"reorder-gap: needs a delay": {ReorderGap: 2, Reorder: 1},
		"duplicate-copies 101":       {DuplicateCopies: 101},
		"duplicate-delay -1ns":       {DuplicateDelay: -1},
		"corrupt-how bits:65":        {CorruptHow: Damage{N: 65}},
		"corrupt-how damage 4":       {CorruptHow: Damage{Kind: 4}},
		"truncate takes no number":   {CorruptHow: Damage{Kind: DamageTruncate, N: 2}},
	} {
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", p, err, want)
		}
	}
	for want, p := range map[string]Profile{
		"reorder 1% by 1-8":              {Reorder: 0.01, ReorderSpread: Displacement{Min: 1, Max: 8}},
		"reorder 1% by geometric:mean=3": {Reorder: 0.01, ReorderSpread: Displacement{Mean: 3}},
		"reorder 1% held 20ms":           {Reorder: 0.01, ReorderFor: 20 * time.Millisecond},
		"delay 10ms, reorder 25% gap 5":  {Delay: 10 * time.Millisecond, Reorder: 0.25, ReorderGap: 5},
		"duplicate 1% copies 3 later by 5ms, corrupt 1% bytes:4": {
			Duplicate: 0.01, DuplicateCopies: 3, DuplicateDelay: 5 * time.Millisecond, Corrupt: 0.01, CorruptHow: Damage{Kind: DamageBytes, N: 4}},
	} {
		if got := p.String(); got != want || p.Validate() != nil {
			t.Errorf("String() = %q, want %q; %v", got, want, p.Validate())
		}
	}
}

func TestVerdictTellsVariants(t *testing.T) {
	for want, v := range map[string]Verdict{
		"#0 passes at once, 4 times":                     {AtOnce: true, Copies: 4},
		"#1 passes, damaged (truncate)":                  {Index: 1, Copies: 1, Corrupt: true, Damage: Damage{Kind: DamageTruncate}},
		"#2 passes after 5ms, duplicated, held for 20ms": {Index: 2, Copies: 2, Delay: 5 * time.Millisecond, Hold: 20 * time.Millisecond},
		"#3 passes, damaged (bits:3), displaced by 7":    {Index: 3, Copies: 1, Corrupt: true, Damage: Damage{N: 3}, By: 7},
	} {
		if got := v.String(); got != want {
			t.Errorf("%#v tells %q, want %q", v, got, want)
		}
	}
}
