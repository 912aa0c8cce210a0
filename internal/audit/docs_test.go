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
			reflect.Int: "number", reflect.Int64: "number", reflect.Float64: "number", reflect.Struct: "string", reflect.Pointer: "object", reflect.Map: "object",
		}[f.Type.Kind()]
		want = append(want, name+" "+kind+" "+opts)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| ([a-z]+) \\| (.+) \\|$")
	for path, mark := range map[string]string{"../../docs/audit.md": "eft out", "../../docs/ja/audit.md": "省略"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		records, alerts, ok := strings.Cut(string(b), "| `event` |")
		if !ok {
			t.Fatalf("%s has no table of alerts", path)
		}
		for _, name := range alertFields() {
			if !strings.Contains(alerts, "`"+name+"`") {
				t.Errorf("%s: alerts: no word of %s", path, name)
			}
		}
		var got []string
		for _, m := range row.FindAllStringSubmatch(records, -1) {
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

// alertFields are those of an alert, and of the earlier mail in it. The schema is the records'.
func alertFields() (names []string) {
	for _, typ := range []reflect.Type{reflect.TypeFor[Alert](), reflect.TypeFor[First]()} {
		for _, f := range reflect.VisibleFields(typ) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "schema" && name != "event" {
				names = append(names, name)
			}
		}
	}
	return names
}
