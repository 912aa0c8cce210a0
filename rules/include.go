package rules

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// DefaultName is what include: calls the built-in pack.
const DefaultName = "default"

// filesMax is the most files of a pack, itself among them: one for each team that writes rules.
const filesMax = 16

var (
	errNoFiles = errors.New("this pack cannot include files")
	errTwice   = errors.New("it is included twice, or includes itself")
	errMany    = fmt.Errorf("more than %d files are included", filesMax-1)
)

// LoadFile reads a pack and what it includes. read gives the content of a file; names of included files are relative to the file that
// includes them, written with slashes. The error joins every fault found, each an *Error; it is read's own where name cannot be read.
func LoadFile(name string, read func(name string) ([]byte, error)) (*Pack, error) {
	return load(name, read)
}

// Files returns the names of the files that the pack consists of, as they were read, the including one first. The built-in pack is not among
// them.
func (p *Pack) Files() []string { return slices.Clone(p.files) }

func load(name string, read func(string) ([]byte, error)) (p *Pack, err error) {
	defer func() { // the YAML and CEL parsers are not ours
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("rules: the pack cannot be parsed: %v", r)
		}
	}()
	env, err := newEnv()
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	l := loader{read: read, seen: map[string]bool{}, b: builder{env: env, byName: map[string]int{}}}
	if err := l.file(name); err != nil {
		return nil, err
	}
	if n := len(l.b.rules); len(l.b.errs) == 0 && (n == 0 || n > RulesMax) {
		return nil, newSource(name, nil).whole("the pack has %d rules, it needs 1 to %d", n, RulesMax)
	}
	if len(l.b.errs) > 0 {
		return nil, errors.Join(l.b.errs...)
	}
	p = &Pack{rules: l.b.rules, policies: l.b.policies, tests: l.b.tests, files: l.files}
	p.rest()
	return p, nil
}

// loader reads a pack's files. An included file's rules come before those of the file that includes it.
type loader struct {
	read  func(string) ([]byte, error)
	seen  map[string]bool
	files []string
	b     builder
}

// file reads one file with what it includes. The recursion is bounded by filesMax.
func (l *loader) file(name string) error {
	var content []byte
	var err error
	if name == DefaultName {
		content = defaultPack
	} else {
		l.files = append(l.files, name)
		content, err = l.read(name)
	}
	if err != nil {
		return err
	}
	l.seen[name] = true
	if len(content) > PackMax {
		return newSource(name, nil).whole("the pack has %d bytes, at most %d are read", len(content), PackMax)
	}
	src := newSource(name, content)
	var ps packSource
	if err := decode(src, content, &ps); err != nil {
		return err
	}
	if len(ps.Rules) > RulesMax {
		return src.whole("the pack has %d rules, it needs 1 to %d", len(ps.Rules), RulesMax)
	}
	for _, inc := range ps.Include {
		l.b.src = src
		l.include(name, inc)
	}
	l.b.src = src
	l.b.build(&ps)
	return nil
}

// include reads a file that another one names. Its faults do not keep those of the others from being told.
func (l *loader) include(from string, inc located) {
	name := inc.Text
	if name != DefaultName && !path.IsAbs(name) {
		name = path.Join(path.Dir(from), name)
	}
	var err error
	switch {
	case inc.Text == "" || strings.ContainsFunc(inc.Text, unprintable):
		err = errors.New("include names default, or files")
	case l.seen[name]:
		err = errTwice
	case len(l.seen) >= filesMax:
		err = errMany
	default:
		err = l.file(name)
	}
	var fault *Error
	switch {
	case err == nil:
	case errors.As(err, &fault):
		l.b.errs = append(l.b.errs, err)
	default:
		l.b.src.name = from
		l.b.faultf(inc, "%s: %v", inc.Text, err)
	}
}

// build adds what a file says to what the files before it said.
func (b *builder) build(ps *packSource) {
	for i := range ps.Rules {
		b.add(&ps.Rules[i])
	}
	for i := range ps.Policies {
		b.addPolicy(&ps.Policies[i])
	}
	b.tests = nil // those of included packs hold for them alone: who includes one may want other verdicts
	for i := range ps.Tests {
		b.addPackTest(i+1, &ps.Tests[i])
	}
}

// override changes a rule of an included pack: what s says counts, the rest stays. With another condition the rule's tests and cites are s's too.
func (b *builder) override(r *Rule, s *ruleSource) {
	r.File = b.src.name
	r.Line, _ = b.at.place()
	if s.When.tok != nil {
		r.When, r.cond = s.When.Text, b.condition(s.When)
		r.Cites, r.tests = b.cites(s.Cites, r.cond), nil
	} else if s.Cites != nil {
		r.Cites = b.cites(s.Cites, r.cond)
	}
	if s.Action.tok != nil {
		r.Action, r.Off = b.action(s.Action)
	}
	if s.Title != (textSource{}) {
		r.Title = b.words(s.Title, "title")
	}
	if s.Advice != (textSource{}) {
		r.Advice = b.words(s.Advice, "advice")
	}
	if s.References != nil {
		r.References = b.references(s.References)
	}
	if s.Attack != nil {
		r.Attack = b.attack(s.Attack)
	}
	if s.Monitor != nil {
		r.Monitor = *s.Monitor
	}
	r.tests = append(r.tests, b.ruleTests(s.Tests)...)
}

// rest makes what is quicker found beforehand.
func (p *Pack) rest() {
	p.gates = make([]need, len(p.rules))
	for i := range p.rules {
		if !p.rules[i].Off {
			p.gates[i] = p.rules[i].cond.gate()
		}
	}
	for _, policy := range p.policies.list {
		for i, c := range policy.changes {
			if !c.off {
				p.gates[i] = p.rules[i].cond.gate()
			}
		}
	}
}

// includeSource is one name or a list of names.
type includeSource []located

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *includeSource) UnmarshalYAML(n ast.Node) error {
	nodes := []ast.Node{n}
	if list, ok := n.(*ast.SequenceNode); ok {
		nodes = list.Values
	}
	for _, n := range nodes {
		var l located
		if err := l.UnmarshalYAML(n); err != nil {
			return err
		}
		*s = append(*s, l)
	}
	return nil
}
