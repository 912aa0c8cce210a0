package rules

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

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

// authWords are the values of the variable auth, sender.Result's.
var authWords = []string{"pass", "fail", "none", "unknown"}

// outboundKey returns the key of outbound["key"].
func outboundKey(e ast.Expr) (string, bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.Index || !isIdent(e.AsCall().Args()[0], "outbound") {
		return "", false
	}
	return stringLiteral(e.AsCall().Args()[1])
}
