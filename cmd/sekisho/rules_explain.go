package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"sekisho/internal/filter"
	"sekisho/internal/finding"
	"sekisho/rules"
)

type rulesExplain struct {
	JSON    bool     `help:"help_json"`
	Pack    string   `placeholder:"FILE" help:"help_pack"`
	Session string   `placeholder:"FILE" help:"help_session"`
	Names   []string `arg:"" name:"rule-or-mail" help:"help_ruleormail"`
}

// Run explains rules by name, and why mails or files get the verdict that they get.
func (c *rulesExplain) Run(ctx context.Context, g *globals, io streams) error {
	p, _, lang, err := g.chosen(c.Pack)
	if err != nil {
		return err
	}
	e := explainer{streams: io, pack: p, lang: lang, json: c.JSON}
	var files []string
	for _, name := range c.Names {
		r, ok := p.Rule(name)
		if !ok {
			if _, err := os.Stat(name); err != nil {
				return fmt.Errorf("%q: %w", name, errNoRule)
			}
			files = append(files, name)
			continue
		}
		if err := e.rule(r); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return nil
	}
	return e.files(ctx, g, c.Session, files)
}

// explainer prints explanations.
type explainer struct {
	streams
	pack *rules.Pack
	lang string
	json bool
}

// explainedRule is what rules explain --json prints of a rule.
type explainedRule struct {
	listedRule
	Cost    uint64 `json:"cost"`
	CostMax uint64 `json:"cost_max"`
}

func (e *explainer) rule(r rules.Rule) error {
	x := explainedRule{listed(e.pack, r, e.lang), e.pack.Test().Costs[r.Name], rules.CostMax}
	if e.json {
		return encodeJSON(e.out, x)
	}
	action := x.Action
	if x.Monitor {
		action += ", " + text(e.lang, "monitored")
	}
	fmt.Fprintf(e.out, "%s: %s\n  %s\n  %s\n\n", x.Rule, action, printable(x.Title), printable(x.Advice))
	line := func(key string, values ...string) {
		if len(values) > 0 {
			fmt.Fprintf(e.out, "%s: %s\n", text(e.lang, key), strings.Join(values, ", "))
		}
	}
	line("r_when", printable(strings.Join(strings.Fields(x.When), " ")))
	line("r_variables", x.Variables...)
	line("r_policies", x.Policies...)
	line("r_place", fmt.Sprintf("%s:%d", printable(x.File), x.Line))
	line("r_tests", fmt.Sprint(x.Tests))
	line("r_cost", fmt.Sprintf("%d / %d", x.Cost, x.CostMax))
	for _, id := range x.Attack {
		line("r_attack", strings.TrimSpace(id+" "+rules.AttackName(id)))
	}
	for _, ref := range x.References {
		line("r_reference", printable(ref))
	}
	for _, k := range x.Kinds {
		fmt.Fprintf(e.out, "  %s\n      %s\n", k, k.Explain(e.lang))
	}
	_, err := fmt.Fprintln(e.out)
	return err
}

// files runs mails and files through the whole filter and explains their verdicts.
func (e *explainer) files(ctx context.Context, g *globals, session string, files []string) error {
	off, err := g.offline(false)
	if err != nil {
		return err
	}
	defer off.close()
	off.options.Pack = e.pack
	s := scanner{offline: off, session: session, p: newPrinter(e.streams, e.lang, e.json), give: e.result}
	for _, f := range files {
		if err := s.path(ctx, f); err != nil {
			return err
		}
	}
	s.p.done()
	return s.p.outcome()
}

// explainedMail is what rules explain --json prints of a mail or file.
type explainedMail struct {
	File         string                  `json:"file"`
	Verdict      rules.Action            `json:"verdict"`
	Rule         string                  `json:"rule"`
	Incomplete   bool                    `json:"incomplete"`
	PerRecipient map[string]rules.Action `json:"per_recipient"`
	Policies     map[string]string       `json:"policies"` // of the recipients that have one
	Failed       []rules.Failure         `json:"failed"`
	Rules        []rules.Answer          `json:"rules"` // those that match, and those that nearly do
	CostMax      uint64                  `json:"cost_max"`
}

func (e *explainer) result(name string, res *filter.Result) error {
	answers, err := e.pack.Ask(res.Facts)
	if err != nil {
		return err
	}
	v := res.Verdict
	x := explainedMail{File: name, Verdict: v.Action, Rule: v.Rule, Incomplete: v.Incomplete, PerRecipient: v.PerRecipient, Policies: map[string]string{},
		Failed: orNone(v.Failed), Rules: []rules.Answer{}, CostMax: rules.CostMax}
	if x.PerRecipient == nil {
		x.PerRecipient = map[string]rules.Action{}
	}
	for _, r := range res.Facts.Envelope.Rcpts {
		if policy, ok := e.pack.PolicyFor(r); ok {
			x.Policies[r] = policy.Name
		}
	}
	for _, match := range []bool{true, false} { // the near ones behind
		for _, a := range answers {
			if a.Match == match && (a.Match || a.Near || a.Error != "") {
				x.Rules = append(x.Rules, a)
			}
		}
	}
	if e.json {
		return encodeJSON(e.out, x)
	}
	return e.mail(x, res)
}

func (e *explainer) mail(x explainedMail, res *filter.Result) error {
	verdict := newPainter(e.out).verdict(x.Verdict)
	if x.Rule != "" {
		verdict += " (" + x.Rule + ")"
	}
	if x.Incomplete {
		verdict += ", " + text(e.lang, "incomplete")
	}
	fmt.Fprintf(e.out, "%s: %s\n", printable(x.File), verdict)
	for _, r := range res.Facts.Envelope.Rcpts {
		if policy, ok := x.Policies[r]; ok {
			fmt.Fprintf(e.out, "  <%s> %s (%s: %s)\n", printable(r), res.Verdict.For(r), text(e.lang, "r_policy"), policy)
		}
	}
	if len(x.Rules) == 0 {
		fmt.Fprintf(e.out, "  %s\n", text(e.lang, "no_rule"))
	}
	for _, a := range x.Rules {
		e.answer(a)
	}
	_, err := fmt.Fprintln(e.out)
	return err
}

// answer prints what one rule says: whether each part of its condition holds, and the findings that make it hold.
func (e *explainer) answer(a rules.Answer) {
	key := "answer_near"
	switch {
	case a.Error != "":
		key = "answer_failed"
	case a.Match:
		key = "answer_match"
	}
	title, _ := e.pack.Explain(a.Rule, e.lang)
	action := a.Action
	if a.Monitor {
		action += ", " + text(e.lang, "monitored")
	}
	fmt.Fprintf(e.out, "  %s: %s (%s; %s %d)\n    %s\n", text(e.lang, key), a.Rule, action, text(e.lang, "r_cost"), a.Cost, printable(title))
	for _, part := range a.Parts {
		mark := "-"
		if part.True {
			mark = "+"
		}
		fmt.Fprintf(e.out, "    %s %s\n", mark, printable(part.Text))
		if part.Error != "" {
			fmt.Fprintf(e.out, "        %s\n", printable(part.Error))
		}
		for _, f := range factLines(part.Facts) {
			fmt.Fprintf(e.out, "        %s\n", f)
		}
	}
}

// factsMax is how many findings of one part are shown: more of the same kind say nothing new.
const factsMax = 5

func factLines(fs []finding.Finding) (lines []string) {
	for _, f := range fs[:min(len(fs), factsMax)] {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s  %s  %s", f.Kind, f.Path, printable(f.Detail))))
	}
	if more := len(fs) - factsMax; more > 0 {
		lines = append(lines, fmt.Sprintf("+%d", more))
	}
	return lines
}
