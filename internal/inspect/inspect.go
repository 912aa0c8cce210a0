// Package inspect looks inside the files of a message under one budget: one file per format, one table of inspectors.
//
// (A helper completes this comment; # Limits.)
package inspect

// Module is one VBA module of a file.
type Module struct {
	Name   string `json:"name"`
	Stream string `json:"stream"`
	Len    int    `json:"len"`              // bytes of Source
	SHA256 string `json:"sha256"`           // of Source
	Source string `json:"source,omitempty"` // UTF-8, "\n" line ends, Attribute lines kept; printed with --macros only
}

// FileReport is what is known of one file: the message's attachment, or a file inside one. Its JSON is DESIGN's files[].
type FileReport struct {
	Path             string   `json:"path"`
	Kind             string   `json:"kind"`
	HasVBA           bool     `json:"has_vba"`
	HasXLM           bool     `json:"has_xlm"`
	Encrypted        bool     `json:"encrypted"`
	DefaultPassword  bool     `json:"default_password"`
	ExternalTemplate string   `json:"external_template"`
	DDE              bool     `json:"dde"`
	OLEObjects       int      `json:"ole_objects"`
	RTFObjects       int      `json:"rtf_objects"`
	OneNoteEmbedded  int      `json:"onenote_embedded"`
	LNKTarget        string   `json:"lnk_target"`
	LNKArgs          string   `json:"lnk_args"`
	Modules          []Module `json:"modules,omitempty"`
}
