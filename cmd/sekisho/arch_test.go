package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrows is DESIGN's import table: which of our packages a package may import. "*" is all. An arrow that is not here is
// discussed by this test failing.
var arrows = map[string][]string{
	"cmd/sekisho":      {"*"},
	"milter":           {"internal/filter", "internal/message", "internal/quarantine", "rules", "internal/audit", "internal/metrics", "internal/finding", "internal/ledger", "internal/outbound", "internal/trace"},
	"oleparse":         {"internal/biff", "internal/codepage", "internal/htmlscan", "internal/offcrypto", "internal/vba", "internal/xlm", "internal/xmlscan"},
	"zipinspect":       {"internal/inflate", "internal/ppmd"},
	"rules":            {"internal/address", "internal/finding", "internal/message"},
	"internal/finding": {},
	"internal/budget":  {},
	"internal/message": {"internal/budget", "internal/finding"},
	"internal/inspect": {"internal/budget", "internal/finding", "internal/message", "oleparse", "zipinspect", "internal/flatxml", "internal/lure", "internal/onenote",
		"internal/rtf", "internal/xlm", "internal/vba", "internal/archive", "internal/cab", "internal/cms", "internal/diskimage", "internal/htmlscan",
		"internal/links", "internal/lnk", "internal/lzh", "internal/password", "internal/pdf", "internal/script", "internal/sparse", "internal/tnef"},
	// Parsers, of the shape of oleparse: no project types.
	"internal/archive":  {"internal/inflate", "internal/worker"},
	"internal/biff":     {"internal/xlm"},
	"internal/cab":      {},
	"internal/cms":      {},
	"internal/codepage": {},
	"internal/diskimage": {"internal/diskimage/fat", "internal/diskimage/iso", "internal/diskimage/medium", "internal/diskimage/ntfs",
		"internal/diskimage/udf", "internal/diskimage/vhd"},
	"internal/diskimage/fat":    {"internal/diskimage/medium"},
	"internal/diskimage/iso":    {"internal/diskimage/medium"},
	"internal/diskimage/medium": {},
	"internal/diskimage/ntfs":   {"internal/diskimage/medium"},
	"internal/diskimage/udf":    {"internal/diskimage/medium"},
	"internal/diskimage/vhd":    {"internal/diskimage/medium"},
	"internal/flatxml":          {"internal/xmlscan"},
	"internal/htmlscan":         {},
	"internal/inflate":          {},
	"internal/links":            {"internal/htmlscan"},
	"internal/lnk":              {},
	"internal/lure":             {},
	"internal/lzh":              {},
	"internal/offcrypto":        {"internal/xmlscan"},
	"internal/onenote":          {},
	"internal/password":         {},
	"internal/pdf":              {},
	"internal/ppmd":             {},
	"internal/rtf":              {"internal/codepage"},
	"internal/script":           {"internal/htmlscan"},
	"internal/sparse":           {"internal/inflate"},
	"internal/tnef":             {"internal/codepage"},
	"internal/vba":              {},
	"internal/xlm":              {"internal/xmlscan"},
	"internal/xmlscan":          {},
	"internal/filter": {"internal/finding", "internal/inspect", "internal/ledger", "internal/message", "internal/password", "rules",
		"internal/address", "internal/links", "internal/thread", "internal/sender", "internal/outbound", "internal/lists"},
	"internal/ledger":     {"internal/address", "internal/message", "internal/store"},
	"internal/address":    {},
	"internal/thread":     {"internal/message"},
	"internal/mailstore":  {"internal/finding", "internal/message"},
	"internal/maillog":    {},
	"internal/sender":     {"internal/address", "internal/message"},
	"internal/outbound":   {"internal/address", "internal/store"},
	"internal/trace":      {"internal/address", "internal/store", "internal/thread"},
	"internal/hosts":      {"internal/store", "zipinspect"},
	"internal/lists":      {"internal/address", "internal/store"},
	"internal/worker":     {},
	"internal/quarantine": {"internal/message", "rules", "internal/store"},
	"internal/store":      {},
	"internal/notify":     {"internal/quarantine", "internal/message", "internal/finding", "rules", "internal/store"},
	"internal/audit":      {},
	"internal/metrics":    {"internal/budget", "internal/finding", "rules"},
	"internal/config":     {},
	"internal/web":        {},
	// Tests and demonstrations only.
	"internal/fixture":    {"internal/finding", "internal/message"},
	"internal/miltertest": {"internal/message"},
	"internal/mtatest":    {"internal/fixture"},
	"deploy":              {"internal/mtatest", "internal/web"},
	"deploy/demo":         {"internal/mtatest", "internal/fixture", "internal/filter"},
	"e2e":                 {"*"},
	"bench":               {"*"},
	"bench/fuzz":          {},
	"bench/load":          {"internal/filter", "internal/fixture", "internal/inspect", "internal/miltertest", "rules"},
	"bench/peers":         {"bench/load", "bench/plot", "internal/fixture", "internal/ledger", "internal/miltertest", "internal/mtatest", "internal/sender", "internal/store"},
	"bench/plot":          {},
	"bench/soak":          {"*"},
}

// testOnly are packages that product code never imports.
var testOnly = []string{"internal/fixture", "internal/miltertest", "internal/mtatest"}

func TestImportTable(t *testing.T) {
	for dir, files := range goFiles(t) {
		allowed, listed := arrows[dir]
		if !listed {
			t.Errorf("package %s is not in the import table", dir)
			continue
		}
		for _, file := range files {
			isTest := strings.HasSuffix(file, "_test.go")
			for _, imp := range ourImports(t, file) {
				onlyTest := slices.Contains(testOnly, imp)
				switch {
				case isTest || slices.Contains(allowed, imp):
				case slices.Contains(allowed, "*") && !(onlyTest && dir == "cmd/sekisho"):
				default:
					t.Errorf("%s imports %s: not an arrow of the table", file, imp)
				}
			}
		}
	}
}

func TestEveryPackageHasAPackageComment(t *testing.T) {
	for dir, files := range goFiles(t) {
		commented := false
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			commented = commented || f.Doc != nil
		}
		if !commented {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestNoGoFileAtTheRoot(t *testing.T) {
	if files := goFiles(t)["."]; len(files) > 0 {
		t.Errorf("Go files at the root: %v", files)
	}
}

// goFiles are the module's Go files by folder, relative to its root.
func goFiles(t *testing.T) map[string][]string {
	t.Helper()
	t.Chdir(filepath.Join("..", ".."))
	files := map[string][]string{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go"):
			dir := filepath.Dir(name)
			files[dir] = append(files[dir], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("only %d packages found: the walk is wrong", len(files))
	}
	return files
}

func ourImports(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for _, imp := range f.Imports {
		if name, ok := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), "sekisho/"); ok {
			ours = append(ours, name)
		}
	}
	return ours
}
