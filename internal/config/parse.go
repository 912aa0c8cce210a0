package config

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// source is where the values came from.
type source struct {
	path  string
	lines []string
	at    map[string]Position // of each key the file gives
}

// Parse reads a file's bytes over the defaults; path is for messages.
func Parse(path string, b []byte) (*Config, error) {
	text := strings.TrimPrefix(string(b), "\ufeff") // YAML 1.2 5.2 allows a byte order mark
	c := Default()
	c.source = source{path: path, at: map[string]Position{}}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, &FileError{Path: path, Problems: []Problem{{EN: "the file is not UTF-8 text", JA: "ファイルが UTF-8 のテキストではありません"}}}
	}
	c.source.lines = strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	d := decoder{c: c, leaves: c.leaves()}
	d.file([]byte(text))
	if len(d.problems) > 0 {
		return nil, &FileError{Path: path, Problems: d.problems, lines: c.source.lines}
	}
	return c, nil
}

// decoder walks the syntax tree along the keys of Config. It goes on after a problem, so that one run shows all.
type decoder struct {
	c        *Config
	leaves   map[string]leaf
	problems []Problem
}

func (d *decoder) fail(key string, at Position, en, ja string) {
	d.problems = append(d.problems, Problem{Key: key, Pos: at, EN: en, JA: ja})
}

func (d *decoder) file(text []byte) {
	f, err := parse(text)
	if err != nil {
		d.syntax(err)
		return
	}
	documents := 0
	for _, doc := range f.Docs {
		switch doc.Body.(type) {
		case nil, *ast.CommentGroupNode:
			continue
		}
		if documents++; documents > 1 {
			d.fail("", position(doc.Body), "a second document: the file must be one", "二つ目の YAML 文書があります。文書は一つだけにしてください")
			return
		}
		d.mapping("", doc.Body)
	}
}

// parse keeps a fault of the YAML library from ending the process: a reload must survive any file.
func parse(text []byte) (f *ast.File, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("not understood: %v", v)
		}
	}()
	return parser.ParseBytes(text, 0) // a key given twice is an error of the parser (YAML 1.2 3.2.1.1)
}

// syntax reports the YAML library's error.
func (d *decoder) syntax(err error) {
	var at Position
	text := err.Error()
	if y := yaml.Error(nil); errors.As(err, &y) {
		text = y.GetMessage()
		at = tokenPosition(y.GetToken())
	}
	d.fail("", at, text, "YAML の書式エラー: "+text)
}

func tokenPosition(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{}
	}
	return Position{t.Position.Line, t.Position.Column}
}

func position(n ast.Node) Position {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return position(m.Values[0].Key)
	}
	return tokenPosition(n.GetToken())
}

// mapping reads a section; prefix is "" or "section.".
func (d *decoder) mapping(prefix string, n ast.Node) {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.fail(strings.TrimSuffix(prefix, "."), position(n), "want keys with values", "「キー: 値」の形で指定してください")
		return
	}
	for it := m.MapRange(); it.Next(); {
		d.entry(prefix, it.Key(), it.Value())
	}
}

func (d *decoder) entry(prefix string, k ast.MapKeyNode, v ast.Node) {
	name := k.GetToken().Value
	key, at := prefix+name, position(k)
	if d.section(key) && prefix == "" {
		if _, empty := v.(*ast.NullNode); !empty { // a section of which every key is commented out
			d.mapping(key+".", v)
		}
		return
	}
	l, known := d.leaves[key]
	if _, plain := k.(*ast.StringNode); !plain || !known {
		d.unknown(prefix, name, at)
		return
	}
	if _, empty := v.(*ast.NullNode); empty {
		d.fail(key, at, "the key has no value", "値がありません")
		return
	}
	d.c.source.at[key] = at
	if where, err := l.decode(v); err != nil {
		en, ja := inBoth(err)
		d.fail(key, position(where), en, ja)
	}
}

func (d *decoder) section(name string) bool {
	for key := range d.leaves {
		if strings.HasPrefix(key, name+".") {
			return true
		}
	}
	return false
}

// unknown reports a key that is none, with the one that was perhaps meant.
func (d *decoder) unknown(prefix, name string, at Position) {
	en, ja := fmt.Sprintf("unknown key %q", name), fmt.Sprintf("不明なキー %q です", name)
	if near := nearest(prefix+name, d.leaves); near != "" {
		en += fmt.Sprintf("; did you mean %s?", near)
		ja += fmt.Sprintf("(%s の誤りではありませんか)", near)
	}
	d.fail(strings.TrimSuffix(prefix, "."), at, en, ja)
}

// leaf is one key's place in a Config.
type leaf struct {
	v     reflect.Value
	oneof []string
}

// decode sets the leaf from a node. With an error comes the node it is about.
func (l leaf) decode(n ast.Node) (ast.Node, error) {
	if l.v.Kind() != reflect.Slice {
		text, err := scalar(n, l.v.Kind() == reflect.String)
		if err == nil {
			err = l.set(text)
		}
		return n, err
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return n, wants("a list such as [a, b]", "[a, b] のような一覧")
	}
	list := reflect.MakeSlice(l.v.Type(), 0, 4)
	for _, e := range seq.Values {
		item := reflect.New(l.v.Type().Elem()).Elem()
		if isSection(item.Type()) {
			if where, err := decodeItem(item, e); err != nil {
				return where, err
			}
			list = reflect.Append(list, item)
			continue
		}
		text, err := scalar(e, true)
		if err != nil {
			return e, err
		}
		if err := setText(item, text); err != nil {
			return e, err
		}
		list = reflect.Append(list, item)
	}
	l.v.Set(list)
	return n, nil
}

// decodeItem sets one element of a list of sections, in which a key that is left out has no value.
func decodeItem(item reflect.Value, n ast.Node) (ast.Node, error) {
	m, ok := n.(ast.MapNode)
	if !ok {
		return n, wants("keys with values, such as {name: a, file: /b}", "{name: a, file: /b} のようなキーと値")
	}
	leaves := map[string]leaf{}
	walk(item, "", func(key string, l leaf) { leaves[key] = l })
	for it := m.MapRange(); it.Next(); {
		name := it.Key().GetToken().Value
		l, known := leaves[name]
		if !known {
			return it.Key(), &valueError{fmt.Sprintf("unknown key %q", name), fmt.Sprintf("不明なキー %q です", name)}
		}
		text, err := scalar(it.Value(), l.v.Kind() == reflect.String)
		if err == nil {
			err = l.set(text)
		}
		if err != nil {
			return it.Value(), err
		}
	}
	return n, nil
}

// scalar returns the text of a plain value. Anchors, aliases and tags are none: one file says each thing once, where it stands.
func scalar(n ast.Node, quoted bool) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	}
	if quoted {
		return "", wants("a text", "文字列")
	}
	return "", wants("a single value", "一つの値")
}

// set sets the leaf from text; the elements of a list are separated by commas.
func (l leaf) set(text string) error {
	if l.v.Kind() == reflect.Slice {
		return l.setList(text)
	}
	if len(l.oneof) > 0 {
		for _, w := range l.oneof {
			if w == text {
				l.v.SetString(text)
				return nil
			}
		}
		return wants("one of "+strings.Join(l.oneof, ", "), strings.Join(l.oneof, "、")+" のいずれか")
	}
	return setText(l.v, text)
}

func (l leaf) setList(text string) error {
	if isSection(l.v.Type().Elem()) {
		return wants("a list of sections, in the file", "設定ファイルの中の一覧")
	}
	list := reflect.MakeSlice(l.v.Type(), 0, 4)
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		item := reflect.New(l.v.Type().Elem()).Elem()
		if err := setText(item, part); err != nil {
			return err
		}
		list = reflect.Append(list, item)
	}
	l.v.Set(list)
	return nil
}

// setText sets one value of any of the types that Config has.
func setText(v reflect.Value, text string) (err error) {
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = text
	case *bool:
		if text != "true" && text != "false" { // YAML 1.2 10.3.2; "yes" and "on" are strings
			return wants("true or false", "true または false")
		}
		*p = text == "true"
	case *int:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return wants("a whole number", "整数")
		}
		*p = int(n)
	case *time.Duration:
		*p, err = parseDuration(text)
	case *netip.Prefix:
		*p, err = parsePrefix(text)
	case interface{ UnmarshalText([]byte) error }:
		return p.UnmarshalText([]byte(text))
	default:
		panic(fmt.Sprintf("config: no text form for %s", v.Type())) // a field of a new type: every test fails here
	}
	return err
}
