package htmlscan

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

func dump(s *Scanner) string {
	var b strings.Builder
	for k := s.Next(); k != EOF; k = s.Next() {
		switch k {
		case Start:
			fmt.Fprintf(&b, "<%s", s.Name())
			for _, a := range s.Attrs() {
				fmt.Fprintf(&b, " %s=%q", a.Name, a.Value)
			}
			b.WriteString(">")
		case End:
			fmt.Fprintf(&b, "</%s>", s.Name())
		case Text:
			b.Write(s.Text())
		}
	}
	return b.String()
}

func TestTokens(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"tags and text", "<P>a<b>c</B ></p>", "<p>a<b>c</b></p>"},
		{"attributes", `<a HREF = "x>y" b='"' c=d e f/>`, `<a href="x>y" b="\"" c="d" e="" f="">`},
		{"a prefix", "<x:y w:z=1>", `<x:y w:z="1">`},
		{"an apostrophe in a tag is no quote", "<a b' >c", `<a b'="">c`},
		{"comments are left out", "a<!-- <b> -- > -->c<!-->d", "acd"},
		{"a comment of three dashes", "a<!--x--->c", "ac"},
		{"conditional comments are content", "a<!--[if supportFields]><b>c</b><![endif]-->d", "a<b>c</b>d"},
		{"revealed conditions too", "a<![if !vml]>b<![endif]>c", "abc"},
		{"declarations are left out", "<!DOCTYPE html><?xml version='1.0'?>a", "a"},
		{"scripts are left out", "<script>if (a<b) '</b>'</SCRIPT>c", "<script></script>c"},
		{"style sheets are left out", "<style><!-- a --></style>c", "<style></style>c"},
		{"a sign is no tag", "1 < 2 <3", "1 < 2 <3"},
		{"a tag without an end", "a<b c", "a"},
		{"a comment without an end", "a<!-- b", "a"},
		{"a sign at the end", "a<", "a"},
		{"references stay", "a&lt;b", "a&lt;b"},
	} {
		for _, r := range []*Scanner{New(strings.NewReader(tt.in)), New(iotest.OneByteReader(strings.NewReader(tt.in)))} {
			if got := dump(r); got != tt.want || r.Err() != nil {
				t.Errorf("%s: %s, error %v", tt.name, got, r.Err())
			}
		}
	}
}

func TestAReferenceIsNotCutByThePieces(t *testing.T) {
	for n := bufferSize - 8; n <= bufferSize; n++ {
		s := New(strings.NewReader(strings.Repeat("x", n) + "&#68;y"))
		whole := false
		for s.Next() == Text {
			whole = whole || strings.Contains(string(s.Text()), "&#68;")
		}
		if !whole {
			t.Errorf("cut behind %d bytes", n)
		}
	}
}

func TestTagsAreKeptInBounds(t *testing.T) {
	s := New(strings.NewReader("<a b=\"" + strings.Repeat("x", 1<<20) + "\"" + " c" + ">text<d" + strings.Repeat(" e=1", 1000) + ">"))
	if s.Next() != Start || len(s.tag) > tagMax || s.Next() != Text || string(s.Text()) != "text" {
		t.Errorf("a tag of %d bytes, then %q", len(s.tag), s.Text())
	}
	if s.Next(); len(s.Attrs()) != attrsMax {
		t.Errorf("%d attributes", len(s.Attrs()))
	}
}

func TestTheReadersErrorIsReported(t *testing.T) {
	want := errors.New("broken")
	s := New(iotest.ErrReader(want))
	if s.Next() != EOF || !errors.Is(s.Err(), want) {
		t.Errorf("error %v", s.Err())
	}
}

// Every token takes something off the input, and no text holds the beginning of a tag.
func FuzzScanner(f *testing.F) {
	f.Add("<p style='mso-element:field-begin'>a<!--[if x]>b<![endif]-->c<script>d</script>&amp;</p>")
	f.Add("<a b=\"c\" d='e' f=g h><!-- i --><?j?><!k>1 < 2")
	f.Fuzz(func(t *testing.T, in string) {
		s := New(strings.NewReader(in))
		n := 0
		for k := s.Next(); k != EOF; k = s.Next() {
			if n++; n > len(in) {
				t.Fatalf("more tokens than bytes in %q", in)
			}
			if k == Text && len(s.Text()) > 1 && strings.Contains(string(s.Text()), "<") {
				t.Fatalf("text %q", s.Text())
			}
			for _, a := range s.Attrs() {
				if a.Name == "" {
					t.Fatalf("attribute without a name in %q", in)
				}
			}
		}
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
	})
}
