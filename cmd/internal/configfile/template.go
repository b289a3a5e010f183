package configfile

import _ "embed"

// Template is an example of a file, with comments, that is valid as it is.
//
//go:embed template.yaml
var Template string
