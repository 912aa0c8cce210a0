package rules

import _ "embed"

//go:embed default.yaml
var defaultPack []byte

// DefaultYAML returns the text of the embedded pack, to be copied and changed.
func DefaultYAML() []byte { return append([]byte(nil), defaultPack...) }

// Default returns the embedded pack. It compiles it anew at each call; a program calls it once.
func Default() *Pack {
	p, err := LoadFile(DefaultName, nil)
	if err != nil {
		panic(err) // a fault of the build, which every test of this package would show
	}
	return p
}
