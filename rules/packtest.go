package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// packTestSource is a test of the whole pack: what becomes of these facts, or of a mail.
type packTestSource struct {
	Facts        *factsSource  `yaml:"facts"`
	Mail         located       `yaml:"mail"`
	Session      located       `yaml:"session"`
	Action       located       `yaml:"action"`
	Rule         located       `yaml:"rule"`
	PerRecipient actionsSource `yaml:"per_recipient"`

	at located
}

// UnmarshalYAML implements yaml.NodeUnmarshaler. It keeps the test's place, which a test without an action has nowhere else.
func (s *packTestSource) UnmarshalYAML(n ast.Node) error {
	type plain packTestSource
	s.at = located{tok: n.GetToken()}
	return yaml.NodeToValue(n, (*plain)(s), yaml.Strict())
}

// packTest is a test of the whole pack, ready to run.
type packTest struct {
	number, line int
	file         string
	facts        Facts
	mail         mailFile
	want         want
}

// mailFile is a mail and its session as a pack names them: relative to File, the file that names them.
type mailFile struct{ name, session string }

// want is what a verdict has to be.
type want struct {
	action       Action
	rule         *string // nil: any
	perRecipient map[string]Action
}

// judge says what is wrong with a verdict, "" for nothing.
func (w want) judge(v Verdict) string {
	switch {
	case v.Action != w.action:
		return fmt.Sprintf("the verdict is %s by %q, the test wants %s", v.Action, v.Rule, w.action)
	case w.rule != nil && v.Rule != *w.rule:
		return fmt.Sprintf("the rule is %q, the test wants %q", v.Rule, *w.rule)
	}
	for rcpt, a := range w.perRecipient {
		if got := v.For(rcpt); got != a {
			return fmt.Sprintf("the verdict for %q is %s, the test wants %s", rcpt, got, a)
		}
	}
	return ""
}

func (b *builder) addPackTest(number int, s *packTestSource) {
	b.at = s.at
	defer func() { b.at = located{} }()
	t := packTest{number: number, file: b.src.name, facts: b.facts(s.Facts, s.Mail), mail: b.mail(s.Mail, s.Session)}
	t.line, _ = b.at.place()
	if s.Facts == nil && s.Mail.tok == nil {
		b.faultf(s.Action, "test %d of the pack has neither facts nor a mail", number)
	}
	t.want.action = b.wanted(s.Action)
	if s.Rule.tok != nil {
		if s.Rule.Text != "" && !b.has(s.Rule.Text) {
			b.faultf(s.Rule, "there is no rule %q", s.Rule.Text)
		}
		t.want.rule = &s.Rule.Text
	}
	for _, row := range s.PerRecipient {
		set(&t.want.perRecipient, row.rule.Text, b.wanted(row.action))
	}
	b.tests = append(b.tests, t)
}

// wanted reads the action that a test wants.
func (b *builder) wanted(l located) Action {
	a, off := b.action(l)
	if off {
		b.faultf(l, "off is no verdict")
	}
	return a
}

// mail checks the names of a mail and its session.
func (b *builder) mail(mail, session located) mailFile {
	for _, l := range []located{mail, session} {
		if l.tok != nil && (l.Text == "" || strings.ContainsFunc(l.Text, unprintable)) {
			b.faultf(l, "%q names no file", l.Text)
		}
	}
	if session.tok != nil && mail.tok == nil {
		b.faultf(session, "a session belongs to a mail")
	}
	return mailFile{b.beside(mail.Text), b.beside(session.Text)}
}

// beside makes a name that is relative to the file being built one that the caller can read.
func (b *builder) beside(name string) string {
	if name == "" || path.IsAbs(name) {
		return name
	}
	return path.Join(path.Dir(b.src.name), name)
}

// MailTest is a test by a mail, which whoever can run a whole filter runs.
type MailTest struct {
	Rule    string // whose test it is; "" for the whole pack's
	Test    int    // its number, as in TestFailure
	File    string // of the pack
	Line    int
	Mail    string // the mail's file
	Session string // its session's file; "" means beside the mail, as sekisho scan looks for it

	match bool
	want  *want // nil for a rule's test
}

// MailTests returns the tests by mails, in the pack's order.
func (p *Pack) MailTests() []MailTest {
	var ts []MailTest
	for _, r := range p.rules {
		for i, t := range r.tests {
			if t.mail.name != "" {
				ts = append(ts, MailTest{Rule: r.Name, Test: i + 1, File: r.File, Line: r.Line, Mail: t.mail.name, Session: t.mail.session, match: t.match})
			}
		}
	}
	for _, t := range p.tests {
		if t.mail.name != "" {
			ts = append(ts, MailTest{Test: t.number, File: t.file, Line: t.line, Mail: t.mail.name, Session: t.mail.session, want: &t.want})
		}
	}
	return ts
}

// Judge compares the verdict on the mail with what the test wants; ok when there is no failure.
func (t MailTest) Judge(v Verdict) (f TestFailure, ok bool) {
	f = TestFailure{Rule: t.Rule, Test: t.Test, File: t.File, Line: t.Line}
	if t.want != nil {
		f.Msg = t.want.judge(v)
		return f, f.Msg == ""
	}
	if got := slices.Contains(v.Rules, t.Rule) || slices.Contains(v.Monitored, t.Rule); got != t.match {
		f.Msg = fmt.Sprintf("match is %t, the test wants %t", got, t.match)
	}
	return f, f.Msg == ""
}
