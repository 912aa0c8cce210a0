package rules

import (
	"fmt"
	"net/netip"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// TestReport is the result of a pack's own tests.
type TestReport struct {
	Run      int
	Failures []TestFailure
	Costs    map[string]uint64 // by rule, the dearest of its tests, of CostMax
}

// TestFailure is one test that failed, or one that is missing.
type TestFailure struct {
	Rule string // "" for a test of the whole pack
	Test int    // its number in the rule, or in the pack, from 1; 0 when the rule lacks a test
	Line int    // where the rule or the test stands, in File
	File string
	Msg  string
}

// Error makes a TestFailure an error.
func (f TestFailure) Error() string {
	what := "rules: "
	if f.Rule != "" {
		what += fmt.Sprintf("rule %q", f.Rule)
	}
	if f.Test > 0 {
		if f.Rule != "" {
			what += ", "
		}
		what += fmt.Sprintf("test %d", f.Test)
	}
	return what + ": " + f.Msg
}

// Test runs the tests by facts: those that the rules carry, each against its own rule alone, and those of the whole pack. A rule without a
// test that matches, or without one that does not, fails too: half a test does not hold a condition. Tests by mails are MailTests'.
func (p *Pack) Test() TestReport {
	rep := TestReport{Costs: map[string]uint64{}}
	for i := range p.rules {
		p.rules[i].test(&rep)
	}
	for _, t := range p.tests {
		if t.mail.name != "" {
			continue
		}
		rep.Run++
		if msg := t.want.judge(p.Decide(t.facts)); msg != "" {
			rep.Failures = append(rep.Failures, TestFailure{Test: t.number, File: t.file, Line: t.line, Msg: msg})
		}
	}
	return rep
}

func (r *Rule) test(rep *TestReport) {
	has := map[bool]bool{}
	fail := func(test int, format string, args ...any) {
		rep.Failures = append(rep.Failures, TestFailure{r.Name, test, r.Line, r.File, clip(fmt.Sprintf(format, args...))})
	}
	for i, t := range r.tests {
		has[t.match] = true
		if t.mail.name != "" {
			continue
		}
		rep.Run++
		got, cost, err := r.cond.run(newActivation(&t.facts))
		rep.Costs[r.Name] = max(rep.Costs[r.Name], cost)
		switch {
		case err != nil:
			fail(i+1, "%v", err)
		case got != t.match:
			fail(i+1, "match is %t, the test wants %t", got, t.match)
		}
	}
	for _, want := range []bool{true, false} {
		if !has[want] {
			fail(0, "it has no test with match: %t", want)
		}
	}
}

// testSource is one test of a rule: what it has to say of these facts, or of a mail.
type testSource struct {
	Match   *bool        `yaml:"match"`
	Facts   *factsSource `yaml:"facts"`
	Mail    located      `yaml:"mail"`
	Session located      `yaml:"session"`
}

// factsSource has a key for each variable that is not computed from another one.
type factsSource struct {
	Direction  located        `yaml:"direction"` // in when absent
	Findings   []located      `yaml:"findings"`  // kinds; severities are the kinds' own
	Files      []string       `yaml:"files"`
	Incomplete bool           `yaml:"incomplete"`
	Locked     bool           `yaml:"locked"`
	Bare       bool           `yaml:"bare"`
	Warm       bool           `yaml:"warm"`
	Auth       string         `yaml:"auth"`
	Links      []string       `yaml:"links"`
	Lists      []string       `yaml:"lists"`
	Outbound   map[string]int `yaml:"outbound"`
	Subject    string         `yaml:"subject"`
	From       string         `yaml:"from"`
	MailFrom   string         `yaml:"mail_from"`
	Rcpts      []string       `yaml:"rcpts"`
	SASLUser   string         `yaml:"sasl_user"`
	ClientIP   located        `yaml:"client_ip"`
	ClientName string         `yaml:"client_name"`
	Helo       string         `yaml:"helo"`
	TLS        bool           `yaml:"tls"`
}

// ruleTest is a test ready to run: by facts, or, where mail is set, by MailTests.
type ruleTest struct {
	facts Facts
	mail  mailFile
	match bool
}

func (b *builder) ruleTests(ss []testSource) (ts []ruleTest) {
	for i := range ss {
		s := &ss[i]
		if s.Match == nil {
			b.faultf(located{}, "a test needs match: true or match: false")
			continue
		}
		ts = append(ts, ruleTest{match: *s.Match, facts: b.facts(s.Facts, s.Mail), mail: b.mail(s.Mail, s.Session)})
	}
	return ts
}

// facts makes the facts of a test; a test has facts or a mail.
func (b *builder) facts(s *factsSource, mail located) Facts {
	if s == nil {
		return Facts{Direction: message.In}
	}
	if mail.tok != nil {
		b.faultf(mail, "a test has facts or a mail, not both")
	}
	f := Facts{
		Envelope: message.Envelope{MailFrom: s.MailFrom, Rcpts: s.Rcpts, SASLUser: s.SASLUser,
			ClientName: s.ClientName, Helo: s.Helo, TLS: s.TLS},
		Direction: message.In, Subject: s.Subject, From: s.From, Files: s.Files, Incomplete: s.Incomplete, Locked: s.Locked, Bare: s.Bare,
		Warm: s.Warm, Auth: s.Auth, Links: s.Links, Lists: s.Lists, Outbound: s.Outbound,
	}
	if l := s.Direction; l.tok != nil {
		if !validDirection(l.Text) {
			b.faultf(l, "unknown direction %q: use in, out or internal", l.Text)
		}
		f.Direction = message.Direction(l.Text)
	}
	if l := s.ClientIP; l.tok != nil {
		ip, err := netip.ParseAddr(l.Text)
		if err != nil {
			b.faultf(l, "%q is not an IP address", l.Text)
		}
		f.Envelope.ClientIP = ip
	}
	for _, l := range s.Findings {
		f.Findings = append(f.Findings, finding.New(b.kind(l), nil, ""))
	}
	return f
}
