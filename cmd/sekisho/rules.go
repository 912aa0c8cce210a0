package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sekisho/internal/filter"
	"sekisho/internal/finding"
	"sekisho/rules"
)

type rulesCmd struct {
	List    rulesList    `cmd:"" help:"help_ruleslist"`
	Check   rulesCheck   `cmd:"" help:"help_rulescheck"`
	Test    rulesTest    `cmd:"" help:"help_rulestest"`
	Explain rulesExplain `cmd:"" help:"help_rulesexplain"`
}

// packFlags choose a pack and how it is shown.
type packFlags struct {
	JSON bool   `help:"help_json"`
	Pack string `arg:"" optional:"" help:"help_pack"`
}

// chosen loads the pack given, else the configuration's, and the language.
func (g *globals) chosen(given string) (p *rules.Pack, name, lang string, err error) {
	c, err := g.load()
	if err != nil {
		return nil, "", "", err
	}
	lang = c.Lang(os.Getenv)
	if name = given; name == "" {
		name = c.Rules.Pack
	}
	p, _, err = readPack(name)
	return p, name, lang, err
}

type rulesList struct{ packFlags }

// listedRule is one line of rules list --json.
type listedRule struct {
	Rule       string         `json:"rule"`
	Action     string         `json:"action"` // "off" for a rule that is off
	Monitor    bool           `json:"monitor"`
	Title      string         `json:"title"`
	Advice     string         `json:"advice"`
	When       string         `json:"when"`
	Kinds      []finding.Kind `json:"kinds"`
	Variables  []string       `json:"variables"`
	Attack     []string       `json:"attack"`
	References []string       `json:"references"`
	Policies   []string       `json:"policies"` // those that change it
	Tests      int            `json:"tests"`
	File       string         `json:"file"`
	Line       int            `json:"line"`
}

func listed(p *rules.Pack, r rules.Rule, lang string) listedRule {
	kinds, vars := r.Needs()
	l := listedRule{Rule: r.Name, Action: actionOf(r), Monitor: r.Monitor, Title: r.Title.In(lang), Advice: r.Advice.In(lang), When: r.When,
		Kinds: orNone(kinds), Variables: orNone(vars), Attack: orNone(r.Attack), References: orNone(r.References), Policies: []string{},
		Tests: r.Tests(), File: r.File, Line: r.Line}
	for _, policy := range p.Policies() {
		if _, ok := policy.Actions[r.Name]; ok || slices.Contains(policy.Off, r.Name) {
			l.Policies = append(l.Policies, policy.Name)
		}
	}
	return l
}

func orNone[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// actionOf is the word for what a rule does.
func actionOf(r rules.Rule) string {
	if r.Off {
		return "off"
	}
	return r.Action.String()
}

// Run lists the rules in the pack's order, and the policies.
func (c *rulesList) Run(g *globals, io streams) error {
	p, _, lang, err := g.chosen(c.Pack)
	if err != nil {
		return err
	}
	rows := [][]string{strings.Split(text(lang, "rules_head"), "\t")}
	for _, r := range p.Rules() {
		l := listed(p, r, lang)
		if c.JSON {
			if err := encodeJSON(io.out, l); err != nil {
				return err
			}
			continue
		}
		action := l.Action
		if l.Monitor {
			action += " (" + text(lang, "monitored") + ")"
		}
		rows = append(rows, []string{l.Rule, action, strings.Join(l.Policies, ","), printable(l.Title)})
	}
	if c.JSON {
		return nil
	}
	return table(io.out, rows)
}

type rulesCheck struct{ packFlags }

// problem is one line of rules check --json.
type problem struct {
	Level   string `json:"level"` // "error" or "warning"
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Rule    string `json:"rule"`
	Code    string `json:"code"` // of a warning
	Message string `json:"message"`
	snippet string
}

// Run says what is wrong with a pack: faults, tests by facts that fail, and what works otherwise than it is probably meant.
func (c *rulesCheck) Run(g *globals, io streams) error {
	p, name, lang, err := g.chosen(c.Pack)
	faults := rules.Faults(err)
	if err != nil && len(faults) == 0 {
		return err
	}
	var ps []problem
	for _, f := range faults {
		ps = append(ps, problem{Level: "error", File: f.File, Line: f.Line, Column: f.Column, Rule: f.Rule, Message: f.Msg, snippet: f.Snippet})
	}
	if p != nil {
		ps = append(ps, problemsOf(p, lang)...)
	}
	errs := 0
	for _, x := range ps {
		if x.Level == "error" {
			errs++
		}
		if err := c.print(io, lang, x); err != nil {
			return err
		}
	}
	switch {
	case errs > 0:
		return fmt.Errorf(text(lang, "pack_bad"), errs)
	case len(ps) > 0:
		return errVerdict
	case !c.JSON:
		if name == "" {
			name = rules.DefaultName
		}
		fmt.Fprintf(io.out, text(lang, "pack_good")+"\n", printable(name), len(p.Rules()), len(p.Policies()))
	}
	return nil
}

func (c *rulesCheck) print(io streams, lang string, x problem) error {
	if c.JSON {
		return encodeJSON(io.out, x)
	}
	where := fmt.Sprintf("%s:%d", printable(x.File), x.Line)
	if x.Column > 0 {
		where += fmt.Sprintf(":%d", x.Column)
	}
	if x.Rule != "" {
		where += " " + x.Rule
	}
	_, err := fmt.Fprintf(io.out, "%s: %s: %s\n", where, text(lang, "level_"+x.Level), printable(x.Message))
	if x.snippet != "" {
		fmt.Fprintln(io.out, x.snippet)
	}
	return err
}

// problemsOf are those of a pack that loads.
func problemsOf(p *rules.Pack, lang string) (ps []problem) {
	for _, f := range p.Test().Failures {
		if f.Test > 0 { // missing ones are among the warnings
			ps = append(ps, problem{Level: "error", File: f.File, Line: f.Line, Rule: f.Rule, Message: f.Error()})
		}
	}
	for _, w := range p.Check() {
		ps = append(ps, problem{Level: "warning", File: w.File, Line: w.Line, Rule: w.Rule, Code: w.Code, Message: w.Text(lang)})
	}
	return ps
}

type rulesTest struct{ packFlags }

// testedRule is one line of rules test --json: a rule, or, without a name, the whole pack.
type testedRule struct {
	Rule     string   `json:"rule"`
	Tests    int      `json:"tests"`
	Failures []string `json:"failures"`
	Cost     uint64   `json:"cost"` // the dearest of its tests by facts, of cost_max
	CostMax  uint64   `json:"cost_max"`
}

// Run runs every test of a pack, those by mails through the whole filter.
func (c *rulesTest) Run(ctx context.Context, g *globals, io streams) error {
	p, _, lang, err := g.chosen(c.Pack)
	if err != nil {
		return err
	}
	rep := p.Test()
	mails := p.MailTests()
	if len(mails) > 0 {
		fs, err := runMailTests(ctx, g, p, mails)
		if err != nil {
			return err
		}
		rep.Failures = append(rep.Failures, fs...)
	}
	if err := c.print(io, lang, tested(p, rep, mails)); err != nil {
		return err
	}
	if !c.JSON {
		fmt.Fprintf(io.out, text(lang, "tests_done")+"\n", rep.Run, len(mails), len(rep.Failures))
	}
	if len(rep.Failures) > 0 {
		return errVerdict
	}
	return nil
}

// tested sorts the results by rule, in the pack's order, the whole pack's last.
func tested(p *rules.Pack, rep rules.TestReport, mails []rules.MailTest) []testedRule {
	var ts []testedRule
	at := map[string]int{}
	add := func(name string, tests int) {
		at[name] = len(ts)
		ts = append(ts, testedRule{name, tests, []string{}, rep.Costs[name], rules.CostMax})
	}
	for _, r := range p.Rules() {
		add(r.Name, r.Tests())
	}
	add("", p.Tests())
	for _, f := range rep.Failures {
		t := &ts[at[f.Rule]]
		t.Failures = append(t.Failures, f.Error())
	}
	return ts
}

func (c *rulesTest) print(io streams, lang string, ts []testedRule) error {
	rows := [][]string{strings.Split(text(lang, "tests_head"), "\t")}
	for _, t := range ts {
		if c.JSON {
			if err := encodeJSON(io.out, t); err != nil {
				return err
			}
			continue
		}
		name := t.Rule
		if name == "" {
			name = text(lang, "whole_pack")
		}
		rows = append(rows, []string{name, fmt.Sprint(t.Tests), fmt.Sprint(len(t.Failures)), fmt.Sprint(t.Cost)})
	}
	if c.JSON {
		return nil
	}
	if err := table(io.out, rows); err != nil {
		return err
	}
	for _, t := range ts {
		for _, f := range t.Failures {
			fmt.Fprintln(io.out, printable(f))
		}
	}
	return nil
}

// runMailTests runs each mail through the whole filter, by itself: no memory of other mail.
func runMailTests(ctx context.Context, g *globals, p *rules.Pack, mails []rules.MailTest) (fs []rules.TestFailure, err error) {
	off, err := g.offline(false)
	if err != nil {
		return nil, err
	}
	defer off.close()
	off.options.Pack = p
	for _, t := range mails {
		v, err := off.verdictOf(ctx, t.Mail, t.Session)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			fs = append(fs, rules.TestFailure{Rule: t.Rule, Test: t.Test, File: t.File, Line: t.Line, Msg: err.Error()})
		} else if f, ok := t.Judge(v); !ok {
			fs = append(fs, f)
		}
	}
	return fs, nil
}

// verdictOf judges one mail as sekisho scan does.
func (o *offline) verdictOf(ctx context.Context, mail, session string) (v rules.Verdict, err error) {
	if err := o.useSite(filepath.Dir(mail)); err != nil {
		return v, err
	}
	f, err := os.Open(mail)
	if err != nil {
		return v, err
	}
	defer f.Close()
	s := scanner{offline: o, session: session, give: func(_ string, res *filter.Result) error {
		v = res.Verdict
		return nil
	}}
	return v, s.mail(ctx, mail, f)
}

// errNoRule means that a name is neither a rule nor a file.
var errNoRule = errors.New("neither a rule of the pack nor a file")
