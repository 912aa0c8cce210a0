package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// leaves returns every key's place, by its path.
func (c *Config) leaves() map[string]leaf {
	out := map[string]leaf{}
	walk(reflect.ValueOf(c).Elem(), "", func(key string, l leaf) { out[key] = l })
	return out
}

// walk visits the keys in the order of the file.
func walk(v reflect.Value, prefix string, visit func(key string, l leaf)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := f.Tag.Get("yaml")
		if name == "" {
			continue
		}
		if isSection(f.Type) {
			walk(v.Field(i), prefix+name+".", visit)
			continue
		}
		visit(prefix+name, leaf{v: v.Field(i), oneof: strings.Fields(f.Tag.Get("oneof"))})
	}
}

func isSection(t reflect.Type) bool {
	_, text := reflect.New(t).Interface().(encoding.TextUnmarshaler)
	return t.Kind() == reflect.Struct && !text
}

// text is the value as YAML, on one line.
func (l leaf) text() string {
	if l.v.Kind() == reflect.Slice {
		items := make([]string, l.v.Len())
		for i := range items {
			text := yamlText
			if isSection(l.v.Type().Elem()) {
				text = itemText
			}
			items[i] = text(l.v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return yamlText(l.v)
}

// itemText is an element of a list of sections, without the keys that have no value.
func itemText(v reflect.Value) string {
	var fields []string
	walk(v, "", func(key string, l leaf) {
		if !l.v.IsZero() {
			fields = append(fields, key+": "+l.text())
		}
	})
	return "{" + strings.Join(fields, ", ") + "}"
}

func yamlText(v reflect.Value) string {
	s := ""
	switch p := v.Interface().(type) {
	case bool, int:
		return fmt.Sprint(p)
	case time.Duration:
		s = formatDuration(p)
	case string:
		s = p
	case fmt.Stringer: // Size, FileMode, Address, netip.Prefix
		s = p.String()
	default:
		panic(fmt.Sprintf("config: no text form for %s", v.Type()))
	}
	return quote(s)
}

// quote quotes a text where YAML would read it as something else, inside a flow list too, or where other YAML readers stumble ("::1").
func quote(s string) string {
	var back []string
	err := yaml.Unmarshal([]byte("["+s+"]"), &back)
	if err == nil && len(back) == 1 && back[0] == s && !strings.HasPrefix(s, ":") && !strings.ContainsAny(s, "\n\"'#") && !looksTyped(s) {
		return s
	}
	b, err := yaml.MarshalWithOptions(s, yaml.JSON())
	if err != nil { // a string always has a JSON form
		panic(err)
	}
	return strings.TrimSpace(string(b))
}

// looksTyped reports whether plain s would be a number, a truth value or null.
func looksTyped(s string) bool {
	var v any
	err := yaml.Unmarshal([]byte(s), &v)
	_, isText := v.(string)
	return err != nil || !isText
}

// Marshal writes the values in force as a file that Load reads back. With a language ("en", "ja") each key has its meaning above it.
func (c *Config) Marshal(lang string) []byte {
	var about func(key string) []string
	if lang != "" {
		about = func(key string) []string { return []string{Explain(key, lang)} }
	}
	return c.write(about, func(string) bool { return false })
}

// write writes every key: the comment lines of about above it, commented out where the key is only shown.
func (c *Config) write(about func(key string) []string, shown func(key string) bool) []byte {
	var b strings.Builder
	section := ""
	walk(reflect.ValueOf(c).Elem(), "", func(key string, l leaf) {
		name, indent := key, ""
		if s, n, nested := strings.Cut(key, "."); nested {
			if name, indent = n, "  "; s != section {
				fmt.Fprintf(&b, "%s:\n", s)
				section = s
			}
		}
		if about != nil {
			for _, line := range about(key) {
				fmt.Fprintf(&b, "%s# %s\n", indent, line)
			}
		}
		mark := ""
		if shown(key) {
			mark = "#"
		}
		fmt.Fprintf(&b, "%s%s%s: %s\n", indent, mark, name, l.text())
	})
	return []byte(b.String())
}

// Change is a key with two values, as they stand in a file.
type Change struct {
	Key      string
	Old, New string
	Restart  bool // the new value takes effect only at a restart
}

// Diff returns the keys in which b differs from a, in the order of the file.
func Diff(a, b *Config) []Change {
	var out []Change
	old := a.leaves()
	walk(reflect.ValueOf(b).Elem(), "", func(key string, l leaf) {
		if o, n := old[key].text(), l.text(); o != n {
			out = append(out, Change{Key: key, Old: o, New: n, Restart: keys[key].restart})
		}
	})
	return out
}
