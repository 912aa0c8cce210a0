package rules

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"sekisho/internal/finding"
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
	needs   []need         // it cannot be true unless each of these is met
	kinds   []finding.Kind // kinds it mentions
	vars    []string       // variables it mentions, in the vocabulary's order

	text     string // in one way of writing, so that equal conditions are
	constant *bool  // what it gives whatever the facts are; nil when that depends on them
	contrary string // what it asks for together with its contrary
}

// newEnv declares the vocabulary. CEL's own has() macro tests fields of protocol messages, which facts have none of, so the name is
// free for findings.
func newEnv() (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.StdLib(), cel.ClearMacros(), cel.ASTValidators(cel.ValidateRegexLiterals()),
		cel.Macros(cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro),
		cel.Macros(functions...),
		cel.EnableMacroCallTracking(), // conditions are shown as they were written
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
	c := &condition{program: program, needs: needs(e), kinds: mentioned(e), vars: used(e)}
	c.study(checked)
	return c, nil
}

// eval says whether the condition is true of a. An error means that nothing is known.
func (c *condition) eval(a *activation) (bool, error) {
	if !c.possible(a) {
		return false, nil
	}
	yes, _, err := c.run(a)
	return yes, err
}

// run evaluates the condition and says what that cost.
func (c *condition) run(a *activation) (yes bool, cost uint64, err error) {
	out, details, err := c.program.Eval(a)
	if details != nil && details.ActualCost() != nil {
		cost = *details.ActualCost()
	}
	if err != nil {
		return false, cost, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, cost, fmt.Errorf("rules: the condition gave %T", out)
	}
	return bool(b), cost, nil
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
