// Package vba judges the source of VBA projects (MS-VBAL): which procedures start by themselves, what they are able to do, and which
// addresses, paths and commands their expressions yield.
//
// A project is judged as a whole. Its sources are cut into tokens, statements and procedures; both branches of conditional compilation count.
// Where no word of it can reach an ability that is all. Otherwise every procedure is run as far as the source tells what it does, entry points
// first: variables, arrays, functions of the language and of the project, loops that decode, texts of UserForms. A condition that is not known
// has both its branches run, and a statement that no run comes to is evaluated by itself, so each is judged at least once. What cannot be told is a
// hole in the text that is put together. Calls and texts on the way are abilities and evidence; names are the edges of the call graph.
//
// # What is suspicious
//
// An entry point that leads to a use of an ability which honest code does not have unasked; an event of ordinary work (saving, printing, another
// sheet) that starts a program; or, without an entry point that we know, a use of
// one whose words the source hides (they stand in no literal), a command line that fetches or hides what it runs, machine code, an object of a
// class that coded text names, or one procedure that fetches, writes and starts.
//
// The published classes of mraptor are the measure: whatever starts by itself and writes or executes by its lists is suspicious here too,
// unless it cannot be reached from an entry point. Deliberately milder are:
//
//   - Click and Change of controls (but Change in Word): a person does that. mraptor takes them for entry points.
//   - CreateObject of everyday classes (dictionaries, ADO, other Office programs), GetObject of a running program or of a document by its name.
//   - Files written or copied under a name that ends as data does (txt, csv, log, xlsx …), Open For Binary without Put.
//   - Kill, unless of a pattern for everything, a program or a system folder; MkDir, RmDir, SetAttr, SaveSetting; SaveAs, unless into a start folder.
//   - External procedures of the system's own libraries that are not on the list of those which start, fetch, write or run code in memory.
//   - SendKeys of control keys, ExecuteExcel4Macro of what only asks or sets up the screen, WMI that is only asked.
//   - Procedures that nothing names: OnAction and OnKey wait for a person.
//
// # Limits
//
//   - Tokens: 1 Mi a project, some 60 MB; a report says when code was Unread.
//   - Text made: Options.Folded; text read: four times that. What is not folded any more counts as not known, so nothing is hidden by it.
//   - Statements repeated, in loops and calls: 400,000, of half a Mi operands, for which going through text and arrays counts too; nested calls 24, nested
//     expressions 64; elements of an array 65,536.
//   - Abilities 1,000, or 4,000 grave ones; pieces of evidence 200, of 2,048 bytes each.
//   - Not known are: cells, properties, fields and variables of the document, input, files, dates, random numbers, the object model at large;
//     GoTo is not followed; a class's variables are the project's; a variable's type does not matter.
package vba

// Project is one VBA project as its document holds it (MS-OVBA 2.2).
type Project struct {
	Kind      string // of the document: doc docm xls xlsm ppt … ; decides which entry points count
	Modules   []Module
	Forms     []Control // of all UserForms
	Callbacks []string  // procedures that customUI names: onLoad, onAction …; LoadCallbacks run without a click
	OnLoad    []string
	Controls  []string // names of the ActiveX controls on the document
}

// Module is one module.
type Module struct {
	Name   string // as Attribute VB_Name has it (MS-OVBA 2.3.4.2.3.2.1)
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

// withDefaults puts the default in the place of each zero.
func (o Options) withDefaults() Options {
	if o.Folded <= 0 {
		o.Folded = 4 << 20
	}
	return o
}
