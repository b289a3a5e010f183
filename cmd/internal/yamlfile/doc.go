// Package yamlfile reads a YAML file as the JSON it means, and finds the line of
// whatever is at fault in it.
//
// What reads JSON, such as settings and scenarios, then reads YAML too, and
// neither knows of the other: the JSON has the members in the order of the file,
// and a settings.FieldError about it becomes, by [Document.Error], one with file,
// line and column. A JSON file is YAML, so it may be given instead.
//
// # What of YAML is read
//
// The core schema of YAML 1.2.2, section 10.3: yes, on and 012:30 are strings,
// true and null are not. Numbers keep their digits, however many; 0x1f and 0o17
// become decimal. What says one thing and means another is refused, with its
// place: anchors and aliases (so that a small file cannot become a large one),
// tags, keys that are no strings or stand twice, infinity and NaN, and a second
// document.
//
// # Limits
//
// Files of [MaxBytes], nested [MaxDepth] deep; UTF-8 only. A JSON string may not
// have a character as two \u escapes (surrogates), YAML does not know them.
package yamlfile
