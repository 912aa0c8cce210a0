package rtf_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/rtf"
)

// seen is one object with its content.
type seen struct {
	rtf.Object
	Content string
}

func read(t testing.TB, b []byte, o rtf.Options) (*rtf.Document, []seen, string) {
	t.Helper()
	var objects []seen
	var text strings.Builder
	o.Text = &text
	o.Object = func(ob *rtf.Object, r io.Reader) error {
		content, err := io.ReadAll(r)
		objects = append(objects, seen{*ob, string(content)})
		return err
	}
	doc, err := rtf.Read(context.Background(), bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatal(err)
	}
	return doc, objects, text.String()
}

const payload = "\x00\xFFthe payload of this object\x7F"

// TestObfuscatedObjects holds that the one payload is found behind everything that Word forgives.
func TestObfuscatedObjects(t *testing.T) {
	ole := fixture.OLE1("Payload", []byte(payload))
	h := hex.EncodeToString(ole)
	cut := 37 // inside the header, between two digits of a pair
	a, b := h[:cut], h[cut:]
	even, rest := h[:cut+1], h[cut+1:]
	raw := string(ole)
	for _, tt := range []struct{ name, file string }{
		{"plain", `{\rtf1{\object\objemb{\*\objdata ` + h + `}}}`},
		{"upper case digits", `{\rtf1{\object\objemb{\*\objdata ` + strings.ToUpper(h) + `}}}`},
		{"header {\\rt", `{\rt{\object\objemb{\*\objdata ` + h + `}}}`},
		{"header of any word", `{\rtanything{\object\objemb{\*\objdata ` + h + `}}}`},
		{"white space between digits", `{\rtf1{\object{\*\objdata ` + strings.Join(strings.Split(h, ""), " \t\r\n\v\f") + `}}}`},
		{"no \\object", `{\rtf1{\*\objdata ` + h + `}}`},
		{"no group of its own", `{\rtf1\objdata ` + h + `}`},
		{"no \\*", `{\rtf1{\object{\objdata ` + h + `}}}`},
		{"file that ends in the data", `{\rtf1{\object{\objdata ` + h},
		{"parameter on \\objdata", `{\rtf1{\object{\objdata12345 ` + h + `}}}`},
		{"endless parameter on \\objdata", `{\rtf1{\object{\objdata` + strings.Repeat("0", 200) + ` ` + h + `}}}`},
		{"letters that are no digits", `{\rtf1{\object{\objdata ` + a + `zZ#;,?` + b + `}}}`},
		{"control words between digits", `{\rtf1{\object{\objdata ` + a + `\par\fs20\unheardof-12 ` + b + `}}}`},
		{"control word with a lonely minus", `{\rtf1{\object{\objdata ` + a + `\unheardof-;` + b + `}}}`},
		{"control symbols between digits", `{\rtf1{\object{\objdata ` + a + `\~\-\_\|\:\.` + b + `}}}`},
		{"escape between pairs", `{\rtf1{\object{\objdata ` + even + `\'41\'zz` + rest + `}}}`},
		{"escape forgets a lonely digit", `{\rtf1{\object{\objdata ` + even + `7\'41` + rest + `}}}`},
		{"group of an ignored destination", `{\rtf1{\object{\objdata ` + a + `{\*\unheardof 4141}` + b + `}}}`},
		{"group of an ignored destination that is data to others", `{\rtf1{\object{\objdata ` + a + `{\*\unheardof ` + b[:10] + `}` + b[10:] + `}}}`},
		{"\\* where it means nothing", `{\rtf1{\object{\objdata ` + a + `\*\unheardof ` + b + `}}}`},
		{"blanks before \\*", "{\\rtf1{\\object{ \r\n\\*\\objdata " + a + "{ \n\\*\n\\unheardof 4141}" + b + `}}}`},
		{"group of a known destination", `{\rtf1{\object{\objdata ` + a + `{\author 4141}` + b + `}}}`},
		{"groups of destinations in each other", `{\rtf1{\object{\objdata ` + a + `{\*\x 41{\*\y 42{\info 43}44}45}` + b + `}}}`},
		{"group without a destination", `{\rtf1{\object{\objdata {{` + a + `}}{\par ` + b + `}}}}`},
		{"empty groups", `{\rtf1{\object{\objdata ` + a + `{}{{{}}}` + b + `}}}`},
		{"a word too long ends where Word stops", `{\rtf1{\object{\objdata ` + a + `\` + strings.Repeat("q", 253) + b + `}}}`},
		{"\\bin for all", `{\rtf1{\object{\objdata\bin` + fmt.Sprint(len(raw)) + ` ` + raw + `}}}`},
		{"\\bin with leading zeros", `{\rtf1{\object{\objdata\bin00000000000000000000` + fmt.Sprint(len(raw)) + ` ` + raw + `}}}`},
		{"\\bin for the tail", `{\rtf1{\object{\objdata ` + even + `\bin` + fmt.Sprint(len(raw)-len(even)/2) + ` ` + raw[len(even)/2:] + `}}}`},
		{"\\bin in the middle", `{\rtf1{\object{\objdata ` + even + `\bin2 ` + raw[len(even)/2:][:2] + rest[4:] + `}}}`},
		{"\\bin without a number", `{\rtf1{\object{\objdata ` + a + `\bin\bin0\bin-5 ` + b + `}}}`},
		{"\\bin beyond the end", `{\rtf1{\object{\objdata ` + a + `\bin99999999 ` + b + `}}}`},
		{"\\bin of braces before", `{\rtf1{\pict\bin3 {{{}{\object{\objdata ` + h + `}}}`},
		{"\\bin beyond the end outside", `{\rtf1\bin4294967295 {\object{\objdata ` + h + `}}}`},
		{"behind the last brace", `{\rtf1 a}}}}{\object{\objdata ` + h + `}}`},
		{"inside an ignored destination", `{\rtf1{\*\unheardof{\object{\*\objdata ` + h + `}}}}`},
		{"inside a picture", `{\rtf1{\pict 0102{\object{\*\objdata ` + h + `}}}}`},
		{"inside the font table", `{\rtf1{\fonttbl{\f0{\object{\*\objdata ` + h + `}}}}}`},
		{"behind ignored words", `{\rtf1{\*\footerr {\bin\binN}\footers{\object\objhtml}\.\objdata ` + h + `}}`},
		{"deep groups", `{\rtf1` + strings.Repeat("{", 60000) + `\objdata ` + h + strings.Repeat("}", 60001)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, objects, _ := read(t, []byte(tt.file), rtf.Options{})
			for _, o := range objects {
				if o.Content == payload && o.Class == "Payload" && o.Kind == rtf.KindEmbedded {
					if doc.Objects != 1 {
						t.Errorf("%d objects", doc.Objects)
					}
					return
				}
			}
			t.Errorf("not found in %+v", objects)
		})
	}
}

func TestObjectsInsideObjects(t *testing.T) {
	one, two, three := fixture.OLE1("One", []byte("first")), fixture.OLE1("Two", []byte("second")), fixture.OLE1("Three", []byte("third"))
	h := func(b []byte) string { return hex.EncodeToString(b) }
	file := `{\rtf1{\object{\objdata ` + h(one)[:20] + `{\object{\objdata ` + h(two)[:20] + `{\objdata ` + h(three) + `}` + h(two)[20:] + `}}` +
		h(one)[20:] + `\objdata ` + h(three) + `}}}`
	doc, objects, _ := read(t, []byte(file), rtf.Options{})
	var got []string
	for _, o := range objects {
		got = append(got, o.Class+" "+o.Content)
	}
	if diff := cmp.Diff([]string{"One first", "Two second", "Three third", "Three third"}, got); diff != "" || doc.Objects != 4 {
		t.Errorf("%d objects, %s", doc.Objects, diff)
	}
}

func TestCallbackErrorEndsTheRead(t *testing.T) {
	stop := errors.New("stop")
	b := fixture.RTF(fixture.RTFObject(fixture.OLE1("A", []byte("a"))) + fixture.RTFObject(fixture.OLE1("B", []byte("b"))))
	n := 0
	_, err := rtf.Read(context.Background(), bytes.NewReader(b), int64(len(b)), rtf.Options{Object: func(*rtf.Object, io.Reader) error { n++; return stop }})
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%v after %d objects", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := rtf.Read(ctx, bytes.NewReader(b), int64(len(b)), rtf.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a cancelled read", err)
	}
}
