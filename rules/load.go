package rules

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"sekisho/internal/finding"
)

const (
	// PackMax is the most bytes of a pack: a thousand rules with their words and tests.
	PackMax = 1 << 20
	// RulesMax is the most rules of a pack. Each is asked of each message, so a thousand already cost a millisecond.
	RulesMax = 1000
	// flowMax is the deepest nesting of [ and {, lineMarksMax the most marks of structure (- ? : [ {) in one line. The format needs 3 and 16;
	// the limits keep the YAML parser's recursion flat.
	flowMax, lineMarksMax = 8, 64
	// entriesMax is the most list entries (-) of a pack, 20 for each of RulesMax rules: the YAML parser's time grows with their square.
	entriesMax = 20_000
	// wordsMax is the most characters of a title or an advice: a screenful.
	wordsMax = 2000
)

// namePattern is the form of a rule's name: it stands in a header field, in metrics and in file names.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// nameMax is the longest name of a rule: a header line of 78 characters holds it (RFC 5322 2.1.1).
const nameMax = 50

// packSource is the format of a pack; ruleSource, textSource, testSource, factsSource, policySource and packTestSource are its parts.
type packSource struct {
	Include  includeSource    `yaml:"include"`
	Rules    []ruleSource     `yaml:"rules"`
	Policies []policySource   `yaml:"policies"`
	Tests    []packTestSource `yaml:"tests"`
}

type ruleSource struct {
	Name       located      `yaml:"name"`
	When       located      `yaml:"when"`
	Action     located      `yaml:"action"`
	Title      textSource   `yaml:"title"`
	Advice     textSource   `yaml:"advice"`
	References []located    `yaml:"references"`
	Attack     []located    `yaml:"attack"`
	Monitor    *bool        `yaml:"monitor"`
	Cites      []located    `yaml:"cites"`
	Tests      []testSource `yaml:"tests"`
}

type textSource struct {
	EN located `yaml:"en"`
	JA located `yaml:"ja"`
}

// Load reads a pack, checks all of it and compiles it. The error joins every fault found, each an *Error. Of files it can include the built-in
// pack only.
func Load(pack []byte) (*Pack, error) {
	return load("", func(name string) ([]byte, error) {
		if name != "" {
			return nil, errNoFiles
		}
		return pack, nil
	})
}

// decode reads exactly one document, strictly.
func decode(src source, pack []byte, ps *packSource) error {
	if !utf8.Valid(pack) {
		return src.whole("the pack is not UTF-8")
	}
	tokens := lexer.Tokenize(string(pack))
	if err := checkTokens(src, tokens); err != nil {
		return err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return src.yamlFault(err)
	}
	var doc *ast.DocumentNode
	for _, d := range file.Docs {
		if d == nil || d.Body == nil {
			continue
		}
		if doc != nil {
			at := d.Body.GetToken().Position
			return src.fault("", at.Line, at.Column, "a second document: a pack is one YAML document")
		}
		doc = d
	}
	if doc == nil {
		return src.whole("the pack is empty")
	}
	return src.yamlFault(yaml.NodeToValue(doc.Body, ps, yaml.Strict()))
}

// checkTokens refuses what a pack has no use for, before the parser recurses into it.
func checkTokens(src source, tokens token.Tokens) error {
	flow, line, marks, entries := 0, 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, marks = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType:
			return src.fault("", line, t.Position.Column, "anchors, aliases, tags and directives are not part of the format")
		case token.SequenceStartType, token.MappingStartType:
			flow++
			marks++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			entries++
			marks++
		case token.MappingKeyType, token.MappingValueType:
			marks++
		}
		if flow > flowMax || marks > lineMarksMax {
			return src.fault("", line, t.Position.Column, "too much nesting")
		}
		if entries > entriesMax {
			return src.fault("", line, t.Position.Column, "more than %d list entries", entriesMax)
		}
	}
	return nil
}

// yamlFault gives a fault that goccy/go-yaml found the form of ours.
func (s source) yamlFault(err error) error {
	if err == nil {
		return nil
	}
	var ye yaml.Error
	if errors.As(err, &ye) && ye.GetToken() != nil && ye.GetToken().Position != nil {
		at := ye.GetToken().Position
		return s.fault("", at.Line, at.Column, "%s", ye.GetMessage())
	}
	return s.whole("%v", err)
}

func syntaxError(n ast.Node, msg string) error {
	return &yaml.SyntaxError{Message: msg, Token: n.GetToken()}
}

// builder turns decoded rules into compiled ones. It goes on after a fault, so that an author sees all of them at once; what it has built is
// thrown away then.
type builder struct {
	src      source
	env      *cel.Env
	byName   map[string]int // index of rules
	rules    []Rule
	policies policies
	tests    []packTest
	errs     []error
	rule     string  // the name of the rule being built
	at       located // where faults are shown that have no place of their own
}

// faultf reports a fault at l, or at the rule's name when l is missing from the file.
func (b *builder) faultf(l located, format string, args ...any) {
	line, column := l.place()
	if line == 0 {
		line, column = b.at.place()
	}
	b.errs = append(b.errs, b.src.fault(b.rule, line, column, format, args...))
}

// add builds one rule. A rule without a name is told by its condition or its action.
func (b *builder) add(s *ruleSource) {
	b.rule, b.at = s.Name.Text, cmp.Or(s.Name, s.When, s.Action)
	defer func() { b.rule, b.at = "", located{} }()
	if i, ok := b.byName[s.Name.Text]; ok && b.rules[i].File != b.src.name {
		b.override(&b.rules[i], s)
		return
	}
	line, _ := b.at.place()
	r := Rule{Name: s.Name.Text, When: s.When.Text, File: b.src.name, Line: line,
		Title: b.words(s.Title, "title"), Advice: b.words(s.Advice, "advice")}
	b.name(s.Name)
	r.Action, r.Off = b.action(s.Action)
	r.References, r.Attack = b.references(s.References), b.attack(s.Attack)
	r.Monitor = s.Monitor != nil && *s.Monitor
	r.cond = b.condition(s.When)
	r.Cites = b.cites(s.Cites, r.cond)
	r.tests = b.ruleTests(s.Tests)
	b.byName[r.Name] = len(b.rules)
	b.rules = append(b.rules, r)
}

func (b *builder) name(l located) {
	switch {
	case l.Text == "":
		b.faultf(l, "a rule needs a name")
	case len(l.Text) > nameMax || !namePattern.MatchString(l.Text):
		b.faultf(l, "the name has to be lower-case words joined by hyphens, at most %d characters", nameMax)
	case l.Text == Released:
		b.faultf(l, "the name %q is reserved", l.Text)
	case b.has(l.Text):
		b.faultf(l, "the name is used twice")
	}
}

func (b *builder) has(rule string) bool {
	_, ok := b.byName[rule]
	return ok
}

// offWord stands in the place of an action: the rule is not asked.
const offWord = "off"

func (b *builder) action(l located) (a Action, off bool) {
	switch err := a.UnmarshalText([]byte(l.Text)); {
	case l.Text == "":
		b.faultf(l, "a rule needs an action")
	case l.Text == offWord:
		return Accept, true
	case err != nil:
		b.faultf(l, "unknown action %q: use accept, tag, quarantine, reject, tempfail or off", l.Text)
	case a == Disarm:
		b.faultf(l, "the action disarm does not exist yet")
	}
	return a, false
}

// words checks that both languages are there: whoever is on duty reads one of them.
func (b *builder) words(t textSource, key string) Text {
	for _, w := range []struct {
		lang string
		l    located
	}{{"en", t.EN}, {"ja", t.JA}} {
		switch {
		case strings.TrimSpace(w.l.Text) == "":
			b.faultf(w.l, "%s.%s is missing", key, w.lang)
		case utf8.RuneCountInString(w.l.Text) > wordsMax:
			b.faultf(w.l, "%s.%s has more than %d characters", key, w.lang, wordsMax)
		case strings.ContainsFunc(w.l.Text, unprintable):
			b.faultf(w.l, "%s.%s has a control character", key, w.lang)
		}
	}
	return Text{strings.TrimSpace(t.EN.Text), unfold(strings.TrimSpace(t.JA.Text))}
}

// unprintable tells what could act on a terminal or reorder a line. Line breaks and IDEOGRAPHIC SPACE belong to texts.
func unprintable(r rune) bool { return r != '\n' && r != '\u3000' && !unicode.IsPrint(r) }

func (b *builder) references(ls []located) (refs []string) {
	for _, l := range ls {
		if !strings.HasPrefix(l.Text, "https://") || strings.ContainsFunc(l.Text, unprintable) {
			b.faultf(l, "a reference is an https:// address")
		}
		refs = append(refs, l.Text)
	}
	return refs
}

// condition compiles and puts the faults, whose places count within the condition, to where they stand in the file.
func (b *builder) condition(l located) *condition {
	if strings.TrimSpace(l.Text) == "" {
		b.faultf(l, "a rule needs a condition, when:")
		return nil
	}
	c, errs := compile(b.env, l.Text)
	for _, e := range errs {
		line, column := l.within(b.src, e.line, e.column)
		b.errs = append(b.errs, b.src.fault(b.rule, line, column, "%s", e.msg))
	}
	return c
}

// cites returns the kinds listed, else those that the condition mentions.
func (b *builder) cites(ls []located, c *condition) []finding.Kind {
	if ls == nil && c != nil {
		return slices.Clone(c.kinds)
	}
	var ks []finding.Kind
	for _, l := range ls {
		ks = append(ks, b.kind(l))
	}
	return ks
}

func (b *builder) kind(l located) finding.Kind {
	k := finding.Kind(l.Text)
	if !k.Valid() {
		b.faultf(l, "unknown finding kind %q", l.Text)
	}
	return k
}

// unfold takes out the blanks that YAML's folding (">", YAML 1.2 8.1.3) puts where a line ends inside Japanese text.
func unfold(s string) string {
	r := []rune(s)
	out := r[:0:0]
	for i, c := range r {
		if c == ' ' && i > 0 && i+1 < len(r) && r[i-1] > unicode.MaxLatin1 && r[i+1] > unicode.MaxLatin1 {
			continue
		}
		out = append(out, c)
	}
	return string(out)
}
