package script

import (
	"strings"
	"testing"
)

// TestWhatGrowsIsBounded holds the limit of folding for texts that double themselves, nest or repeat.
func TestWhatGrowsIsBounded(t *testing.T) {
	const size = 64 << 10
	for _, piece := range []string{
		`(/[`, `"aaaaaaaa"+`, `a=a+"xxxxxxxx";`, `a+="xxxxxxxx";`, `[1,`, `a.b(`, `"a",`, `x=a=`, `'`, "`", `/*`, `a.replace(/a/g,"aaaaaaaa").`, `eval(`,
		`x=[x,x];`, `a="aaaa";a=a.split("a").join(a);`, `a=unescape("%41")+a;`, `b=a;a=b+b+"x";`, `a=a.replace("x","xx")+"x";`,
	} {
		src := `a="x";` + strings.Repeat(piece, size/len(piece))
		made := 0
		for _, s := range fold(t.Context(), src, JScript).strings {
			made += len(s)
		}
		if made > 4*len(src)+2*foldSlack {
			t.Errorf("%q: %d bytes of text from %d", piece, made, len(src))
		}
	}
}

func TestDeepNestingEnds(t *testing.T) {
	for _, piece := range []string{"(", "[", "a(", "a=", "-", "a.b(", "a['b'][", "{"} {
		if f := fold(t.Context(), strings.Repeat(piece, 1<<18), JScript); len(f.strings) > 1 {
			t.Errorf("%q: %q", piece, f.strings)
		}
	}
}

func TestManyElementsGoOnInTheLast(t *testing.T) {
	f := fold(t.Context(), `x=[`+strings.Repeat(`"ab",`, listMax+10)+`].join("")`, JScript)
	if len(f.strings) == 0 || len(f.strings[0]) != 2*(listMax+10) {
		t.Errorf("%d texts, the first of %d", len(f.strings), len(append(f.strings, "")[0]))
	}
}

// TestElementsWithoutAnEnd would run for minutes if each of them were searched for its end.
func TestElementsWithoutAnEnd(t *testing.T) {
	for _, piece := range []string{"<title>", "<iframe><noscript><xmp>", "<!--", "<textarea><title>", `<iframe srcdoc="<script>1">`} {
		m := Parse(strings.Repeat(piece, (1<<19)/len(piece)))
		if len(m.Frames) > framesMax || len(m.Sections) > 0 {
			t.Errorf("%q: %d frames, %d scripts", piece, len(m.Frames), len(m.Sections))
		}
	}
}
