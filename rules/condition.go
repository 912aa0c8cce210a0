package rules

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

const (
	// ConditionMax is the most characters of one condition: a page of text; what needs more is several rules.
	ConditionMax = 4000
	// CostMax is the most CEL cost units that one rule may use on one message. Trying a pattern on each of 1,000 recipients, Postfix's own
	// limit, costs 15,000; a unit takes 0.1 to 0.3 µs, so a runaway rule is stopped after some 10 ms.
	CostMax = 50_000
	// nestingMax is the deepest nesting of a condition, far below what the parser's recursion can bear.
	nestingMax = 32
)

// functions are what a condition may call beside CEL's own; docs/rules.md describes each. CEL's string extensions are left out: replace
// and join make large texts of small ones before their cost is counted.
var functions = []cel.Macro{cel.GlobalMacro("has", 1, expandHas), cel.GlobalMacro("count", 1, expandCount)}

// condition is a compiled expression with what is known of it beforehand.
type condition struct {
	program cel.Program
	needs   []finding.Kind // it cannot be true unless one of these is there; nil when nothing is known
	kinds   []finding.Kind // kinds it mentions
	vars    []string       // variables it mentions, in the vocabulary's order
}

// These stand among a condition's needs, beside kinds, for other facts that most mail lacks.
const (
	isIncomplete finding.Kind = "incomplete"
	isLocked     finding.Kind = "locked"
	isBare       finding.Kind = "bare"
	isListed     finding.Kind = "lists"    // it matches some list
	isCounted    finding.Kind = "outbound" // its sender's behaviour is counted
)

// newEnv declares the vocabulary. CEL's own has() macro tests fields of protocol messages, which facts have none of, so the name is
// free for findings.
func newEnv() (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.StdLib(), cel.ClearMacros(), cel.ASTValidators(cel.ValidateRegexLiterals()),
		cel.Macros(cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro),
		cel.Macros(functions...),
		cel.ParserExpressionSizeLimit(ConditionMax), cel.ParserRecursionLimit(nestingMax),
	}
	for _, v := range variables {
		opts = append(opts, cel.Variable(v.name, v.typ))
	}
	for _, s := range severities {
		opts = append(opts, cel.Constant(s.String(), cel.IntType, severityRank(s)))
	}
	return cel.NewCustomEnv(opts...)
}

// expandHas makes has("kind") into "kind" in kinds.
func expandHas(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if err := wantLiteral(eh, args[0]); err != nil {
		return nil, err
	}
	return eh.NewCall(operators.In, args[0], eh.NewIdent("kinds")), nil
}

// expandCount makes count("kind") into "kind" in kinds ? kinds["kind"] : 0.
func expandCount(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if err := wantLiteral(eh, args[0]); err != nil {
		return nil, err
	}
	there := eh.NewCall(operators.In, args[0], eh.NewIdent("kinds"))
	n := eh.NewCall(operators.Index, eh.NewIdent("kinds"), eh.Copy(args[0]))
	return eh.NewCall(operators.Conditional, there, n, eh.NewLiteral(types.IntZero)), nil
}

// wantLiteral keeps the kinds that a condition asks for known when it is loaded: they are checked, cited, and used to spare evaluations.
func wantLiteral(eh cel.MacroExprFactory, e ast.Expr) *cel.Error {
	if _, ok := stringLiteral(e); ok {
		return nil
	}
	return eh.NewError(e.ID(), "the argument is the name of a finding kind, in quotes")
}

// compileError is a fault in a condition; Line and Column count from 1 and characters.
type compileError struct {
	line, column int
	msg          string
}

// compile checks and plans one condition.
func compile(env *cel.Env, src string) (*condition, []compileError) {
	checked, iss := env.Compile(src)
	if iss.Err() != nil {
		var errs []compileError
		for _, e := range iss.Errors() {
			errs = append(errs, compileError{e.Location.Line(), e.Location.Column() + 1, e.Message})
		}
		return nil, errs
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, []compileError{{1, 1, fmt.Sprintf("the condition gives %s, a rule needs bool", checked.OutputType())}}
	}
	native := checked.NativeRep()
	if errs := checkWords(native); len(errs) > 0 {
		return nil, errs
	}
	// OptOptimize folds constants and compiles patterns now rather than at each message. Programs are safe for concurrent use.
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(CostMax))
	if err != nil {
		return nil, []compileError{{1, 1, err.Error()}}
	}
	e := native.Expr()
	return &condition{program: program, needs: needs(e), kinds: mentioned(e), vars: used(e)}, nil
}

// eval says whether the condition is true of a. An error means that nothing is known.
func (c *condition) eval(a *activation) (bool, error) {
	if !c.possible(a) {
		return false, nil
	}
	out, _, err := c.program.Eval(a)
	if err != nil {
		return false, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, fmt.Errorf("rules: the condition gave %T", out)
	}
	return bool(b), nil
}

// possible spares the evaluation of conditions that cannot be true; most mail has no findings at all.
func (c *condition) possible(a *activation) bool {
	if c.needs == nil {
		return true
	}
	for _, n := range c.needs {
		if a.kinds.count(n) > 0 || a.is(n) {
			return true
		}
	}
	return false
}

// is tells whether a fact is there that a need other than a kind stands for.
func (a *activation) is(n finding.Kind) bool {
	switch n {
	case isIncomplete:
		return a.incomplete
	case isLocked:
		return a.facts.Locked
	case isBare:
		return a.facts.Bare
	case isListed:
		return len(a.facts.Lists) > 0
	case isCounted:
		return len(a.facts.Outbound) > 0
	}
	return false
}

// needs returns kinds of which one at least must be present for e to be true, nil when that cannot be told. It is sound although CEL's
// && and || absorb errors: an operand that is false makes && false whatever the other one does.
func needs(e ast.Expr) []finding.Kind {
	if e.Kind() == ast.IdentKind {
		switch n := finding.Kind(e.AsIdent()); n {
		case isIncomplete, isLocked, isBare:
			return []finding.Kind{n}
		}
	}
	if e.Kind() != ast.CallKind {
		return nil
	}
	args := e.AsCall().Args()
	switch e.AsCall().FunctionName() {
	case operators.In:
		k, ok := stringLiteral(args[0])
		switch {
		case ok && isIdent(args[1], "kinds"):
			return []finding.Kind{finding.Kind(k)}
		case isIdent(args[1], "lists"):
			return []finding.Kind{isListed}
		}
	case operators.Greater, operators.GreaterEquals:
		if aboveZero(e) {
			return []finding.Kind{isCounted}
		}
	case operators.LogicalAnd:
		return fewest(args)
	case operators.LogicalOr:
		var all []finding.Kind
		for _, a := range args {
			n := needs(a)
			if n == nil {
				return nil
			}
			all = append(all, n...)
		}
		return all
	}
	return nil
}

// aboveZero recognises outbound["key"] > n and >= n where a count of nothing gives false.
func aboveZero(e ast.Expr) bool {
	args := e.AsCall().Args()
	if _, ok := outboundKey(args[0]); !ok || args[1].Kind() != ast.LiteralKind {
		return false
	}
	n, ok := args[1].AsLiteral().(types.Int)
	return ok && (n > 0 || n == 0 && e.AsCall().FunctionName() == operators.Greater)
}

// fewest returns the shortest of the operands' needs: each of them alone is necessary.
func fewest(args []ast.Expr) []finding.Kind {
	var best []finding.Kind
	for _, a := range args {
		if n := needs(a); n != nil && (best == nil || len(n) < len(best)) {
			best = n
		}
	}
	return best
}

// mentioned returns the kinds that stand as literals in e and are not denied, in order, each once.
func mentioned(e ast.Expr) []finding.Kind {
	var ks []finding.Kind
	denied := map[int64]bool{} // literals below a !, which are no reason to act
	visit(e, func(e ast.Expr) {
		if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalNot {
			visit(e, func(e ast.Expr) { denied[e.ID()] = true })
		}
	})
	visit(e, func(e ast.Expr) {
		s, ok := stringLiteral(e)
		if k := finding.Kind(s); ok && k.Valid() && !denied[e.ID()] && !slices.Contains(ks, k) {
			ks = append(ks, k)
		}
	})
	return ks
}

// used returns the variables that stand in e, in the vocabulary's order.
func used(e ast.Expr) (names []string) {
	in := map[string]bool{}
	visit(e, func(e ast.Expr) {
		if e.Kind() == ast.IdentKind {
			in[e.AsIdent()] = true
		}
	})
	for _, v := range variables {
		if in[v.name] {
			names = append(names, v.name)
		}
	}
	return names
}

// checkWords finds literals that are compared with a closed list and are not in it: such a condition would silently never match. It also
// refuses patterns that are not literals, which the message could choose.
func checkWords(a *ast.AST) []compileError {
	var errs []compileError
	report := func(e ast.Expr, format, word string) {
		loc := a.SourceInfo().GetStartLocation(e.ID())
		if loc == common.NoLocation {
			loc = common.NewLocation(1, 0)
		}
		errs = append(errs, compileError{loc.Line(), loc.Column() + 1, fmt.Sprintf(format, word)})
	}
	visit(a.Expr(), func(e ast.Expr) {
		if p := pattern(e); p != nil && p.Kind() != ast.LiteralKind {
			report(p, "the pattern of %s has to be a literal", overloads.Matches)
		}
		for _, lit := range compared(e, "kinds") {
			if s, ok := stringLiteral(lit); ok && !finding.Kind(s).Valid() {
				report(lit, "unknown finding kind %q", s)
			}
		}
		if k, ok := outboundKey(e); ok && !slices.Contains(OutboundCounts, k) {
			report(e.AsCall().Args()[1], "unknown count outbound[%q]", k)
		}
		for _, lit := range compared(e, "auth") {
			if s, ok := stringLiteral(lit); ok && !slices.Contains(authWords, s) {
				report(lit, "unknown result %q: use pass, fail, none or unknown", s)
			}
		}
		for _, lit := range compared(e, "direction") {
			if s, ok := stringLiteral(lit); ok && !validDirection(s) {
				report(lit, "unknown direction %q: use in, out or internal", s)
			}
		}
	})
	return errs
}

// authWords are the values of the variable auth, sender.Result's.
var authWords = []string{"pass", "fail", "none", "unknown"}

// outboundKey returns the key of outbound["key"].
func outboundKey(e ast.Expr) (string, bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.Index || !isIdent(e.AsCall().Args()[0], "outbound") {
		return "", false
	}
	return stringLiteral(e.AsCall().Args()[1])
}

// pattern returns the pattern of text.matches(pattern) and matches(text, pattern), nil when e is neither.
func pattern(e ast.Expr) ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != overloads.Matches {
		return nil
	}
	args := e.AsCall().Args()
	return args[len(args)-1]
}

// validDirection tells the directions that Facts can have.
func validDirection(s string) bool {
	switch message.Direction(s) {
	case message.In, message.Out, message.Internal:
		return true
	}
	return false
}

// compared returns what e compares the variable with: the other operand of ==, !=, in, or an index; the elements of a list.
func compared(e ast.Expr, name string) []ast.Expr {
	if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
		return nil
	}
	args := e.AsCall().Args()
	switch e.AsCall().FunctionName() {
	case operators.Equals, operators.NotEquals, operators.In, operators.Index:
	default:
		return nil
	}
	other := args[0]
	switch {
	case isIdent(args[0], name):
		other = args[1]
	case !isIdent(args[1], name):
		return nil
	}
	if other.Kind() == ast.ListKind {
		return other.AsList().Elements()
	}
	return []ast.Expr{other}
}

// visit calls f for e and everything below it.
func visit(e ast.Expr, f func(ast.Expr)) { ast.PreOrderVisit(e, ast.NewExprVisitor(f)) }

func isIdent(e ast.Expr, name string) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == name }

func stringLiteral(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}
