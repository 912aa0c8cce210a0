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
}

// TestFailure is one test that failed, or one that is missing.
type TestFailure struct {
	Rule string
	Test int // its number in the rule from 1, 0 when the rule lacks a test
	Msg  string
}

// Error makes a TestFailure an error.
func (f TestFailure) Error() string {
	if f.Test == 0 {
		return fmt.Sprintf("rules: rule %q: %s", f.Rule, f.Msg)
	}
	return fmt.Sprintf("rules: rule %q, test %d: %s", f.Rule, f.Test, f.Msg)
}

// Test runs the tests that the rules carry, each against its own rule alone. A rule without a test that matches, or without one that
// does not, fails too: half a test does not hold a condition.
func (p *Pack) Test() TestReport {
	var rep TestReport
	for i := range p.rules {
		p.rules[i].test(&rep)
	}
	return rep
}

func (r *Rule) test(rep *TestReport) {
	has := map[bool]bool{}
	for i, t := range r.tests {
		rep.Run++
		has[t.match] = true
		got, err := r.cond.eval(newActivation(&t.facts))
		switch {
		case err != nil:
			rep.Failures = append(rep.Failures, TestFailure{r.Name, i + 1, clip(err.Error())})
		case got != t.match:
			rep.Failures = append(rep.Failures, TestFailure{r.Name, i + 1, fmt.Sprintf("match is %t, the test wants %t", got, t.match)})
		}
	}
	for _, want := range []bool{true, false} {
		if !has[want] {
			rep.Failures = append(rep.Failures, TestFailure{r.Name, 0, fmt.Sprintf("it has no test with match: %t", want)})
		}
	}
}

// testSource is one test of a rule: what it has to say of these facts.
type testSource struct {
	Match *bool       `yaml:"match"`
	Facts factsSource `yaml:"facts"`
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

// ruleTest is a test ready to run.
type ruleTest struct {
	facts Facts
	match bool
}

func (b *builder) test(s *testSource) ruleTest {
	if s.Match == nil {
		b.faultf(located{}, "a test needs match: true or match: false")
		return ruleTest{}
	}
	t := ruleTest{match: *s.Match, facts: Facts{
		Envelope: message.Envelope{MailFrom: s.Facts.MailFrom, Rcpts: s.Facts.Rcpts, SASLUser: s.Facts.SASLUser,
			ClientName: s.Facts.ClientName, Helo: s.Facts.Helo, TLS: s.Facts.TLS},
		Direction: message.In, Subject: s.Facts.Subject, From: s.Facts.From, Files: s.Facts.Files, Incomplete: s.Facts.Incomplete, Locked: s.Facts.Locked, Bare: s.Facts.Bare,
		Warm: s.Facts.Warm, Auth: s.Facts.Auth, Links: s.Facts.Links, Lists: s.Facts.Lists, Outbound: s.Facts.Outbound,
	}}
	if l := s.Facts.Direction; l.tok != nil {
		if !validDirection(l.Text) {
			b.faultf(l, "unknown direction %q: use in, out or internal", l.Text)
		}
		t.facts.Direction = message.Direction(l.Text)
	}
	if l := s.Facts.ClientIP; l.tok != nil {
		ip, err := netip.ParseAddr(l.Text)
		if err != nil {
			b.faultf(l, "%q is not an IP address", l.Text)
		}
		t.facts.Envelope.ClientIP = ip
	}
	for _, l := range s.Facts.Findings {
		t.facts.Findings = append(t.facts.Findings, finding.New(b.kind(l), nil, ""))
	}
	return t
}
