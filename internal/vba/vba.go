// Package vba judges the source of VBA projects (MS-VBAL): which procedures start by themselves, what they are able to do, and which
// addresses, paths and commands their constant expressions yield.
//
// # Limits
//
// (to be written with the code)
package vba

// Project is one VBA project as its document holds it (MS-OVBA 2.2).
type Project struct {
	Kind       string // of the document: doc docm xls xlsm ppt … ; decides which entry points count
	Modules    []Module
	Forms      []Control // of all UserForms
	Callbacks  []string  // procedures that customUI names: onLoad, onAction …; LoadCallbacks run without a click
	OnLoad     []string
	Controls   []string // names of the ActiveX controls on the document
	References []string // LIBID or path of each reference (MS-OVBA 2.3.4.2.2)
}

// Module is one module.
type Module struct {
	Name   string
	Stream string // where it lies, for hits
	Source string // UTF-8, "\n" line ends

	PCode []string // strings and called names of its p-code, where that disagrees with the source; they count as if called
}

// Control is a UserForm or one of its controls with the texts that code can read from it (MS-OFORMS).
type Control struct {
	Path  string            // "UserForm1", "UserForm1.TextBox1"
	Texts map[string]string // property in lower case ("caption", "tag", "value", "controltiptext") → text
}

// Ability classifies what code is able to do.
type Ability string

// The abilities.
const (
	Write    Ability = "write"    // files, registry
	Execute  Ability = "execute"  // programs, scripts, code in memory
	Download Ability = "download" // from the network
	Hide     Ability = "hide"     // text it works with, itself
)

// Hit is a word or expression found in code.
type Hit struct {
	Keyword string  // as the closed list spells it
	Ability Ability // "" for an entry point
	Module  string  // Stream of the module
	Line    int     // 1-based
	Why     string  // key of a closed list of reasons
}

// Evidence is an address, path or command that code yields.
type Evidence struct {
	Type   string // "url", "path", "command", "name" (an environment variable, a program)
	Text   string
	Module string
	Line   int
}

// Report is the judgement of a project.
type Report struct {
	Autoexec   []Hit // entry points
	Abilities  []Hit
	Evidence   []Evidence
	Suspicious bool     // an entry point leads to an ability, or the code hides what it does
	Why        string   // one English phrase for Suspicious, "" without
	Chain      []string // of Suspicious: procedures from the entry point on, as spelled, and the keyword they lead to
	Hit        Hit      // of Suspicious: the ability
	Text       string   // what that is used on, as far as it folds: a command line, a class, a path
	Truncated  bool     // text was not folded to the end
	Unread     bool     // code was not looked at
}

// Options bound a judgement. The zero value of a field is its default.
type Options struct {
	Folded int // bytes of folded text in all; 4 MiB: a program of 1 MB in base64, and the script around it
}

func (o Options) withDefaults() Options {
	if o.Folded <= 0 {
		o.Folded = 4 << 20
	}
	return o
}
