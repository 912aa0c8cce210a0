package rules

import "fmt"

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
