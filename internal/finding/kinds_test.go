package finding

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

func TestEveryKindHasBothLanguages(t *testing.T) {
	seen := map[string]Kind{}
	for _, k := range Kinds() {
		en, ja := k.Explain("en"), k.Explain("ja")
		if !strings.HasSuffix(en, ".") || strings.ContainsFunc(en, func(r rune) bool { return r > unicode.MaxASCII }) {
			t.Errorf("%s: English: %q", k, en)
		}
		if !strings.HasSuffix(ja, "。") {
			t.Errorf("%s: Japanese: %q", k, ja)
		}
		for _, text := range []string{en, ja} {
			if other, ok := seen[text]; ok {
				t.Errorf("%s and %s say the same: %q", k, other, text)
			}
			seen[text] = k
		}
		if !k.Valid() || k.Severity() > Malicious {
			t.Errorf("%s: valid %t, severity %s", k, k.Valid(), k.Severity())
		}
	}
}

func TestKindsHaveTheFormGroupDotName(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+\.[a-z]+(-[a-z]+)*$`)
	for _, k := range Kinds() {
		if !form.MatchString(string(k)) {
			t.Errorf("%q", k)
		}
	}
}

func TestUnknownKind(t *testing.T) {
	const k = Kind("no.such")
	if k.Valid() || k.Severity() != Suspicious || k.Explain("en") != "" {
		t.Errorf("valid %t, severity %s, %q", k.Valid(), k.Severity(), k.Explain("en"))
	}
}

// A constant that is missing from the table would be a kind without words and without a rule.
func TestEveryConstantIsInTheTable(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "kinds.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var constants []Kind
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		typ, isIdent := v.Type.(*ast.Ident)
		if lit, ok := v.Values[0].(*ast.BasicLit); ok && isIdent && typ.Name == "Kind" {
			word, _ := strconv.Unquote(lit.Value)
			constants = append(constants, Kind(word))
		}
		return true
	})
	slices.Sort(constants)
	if !slices.Equal(constants, Kinds()) {
		t.Errorf("constants %v\ntable     %v", constants, Kinds())
	}
}
