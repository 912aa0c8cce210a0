package audit

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocumentsListEveryField compares docs/audit.md and its Japanese twin with the record: names in order, types, what may be left out.
func TestDocumentsListEveryField(t *testing.T) {
	var want []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Record]()) {
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		kind := map[reflect.Kind]string{
			reflect.String: "string", reflect.Bool: "bool", reflect.Slice: "list", reflect.Interface: "list",
			reflect.Int: "number", reflect.Int64: "number", reflect.Float64: "number", reflect.Struct: "string",
		}[f.Type.Kind()]
		want = append(want, name+" "+kind+" "+opts)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| ([a-z]+) \\| (.+) \\|$")
	for path, mark := range map[string]string{"../../docs/audit.md": "eft out", "../../docs/ja/audit.md": "省略"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range row.FindAllStringSubmatch(string(b), -1) {
			opts := ""
			if strings.Contains(m[3], mark) {
				opts = "omitempty"
			}
			got = append(got, m[1]+" "+m[2]+" "+opts)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-record +documented):\n%s", path, diff)
		}
	}
}
