package oleparse

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/vba"
)

// formDoc is a document whose project has these forms.
func formDoc(forms ...fixture.VBAControl) []byte {
	p := project()
	p.Forms = forms
	return fixture.OLE(fixture.Storage("Macros", p.Nodes()...))
}

// bigForm has a control of each kind we know, frames and pages inside each other, and a picture before its sites.
func bigForm() fixture.VBAControl {
	return fixture.VBAControl{Name: "UserForm1", Caption: `He said "run"`, Tag: "formtag", Picture: noise(3000), Kids: []fixture.VBAControl{
		{Name: "TextBox1", Class: fixture.ControlTextBox, Value: "powershell -enc AAAA", Tag: "t1", Tip: "a tip", Source: "A1"},
		{Name: "Label1", Class: fixture.ControlLabel, Caption: "請求書"},
		{Name: "Button1", Class: fixture.ControlButton, Caption: "größe"},
		{Name: "Frame1", Class: fixture.ControlFrame, Caption: "frame", Tag: "http://example.test/", Kids: []fixture.VBAControl{
			{Name: "Inner1", Class: fixture.ControlTextBox, Value: "inner", Caption: "both"}}},
		{Name: "MultiPage1", Class: fixture.ControlMultiPage, Kids: []fixture.VBAControl{
			{Class: fixture.ControlTabStrip, Items: []string{"First", "二"}, Tips: []string{"", "tip2"}, ItemTag: []string{"tag1", ""}},
			{Name: "Page1", Class: fixture.ControlForm, Kids: []fixture.VBAControl{}},
			{Name: "Page2", Class: fixture.ControlForm, Kids: []fixture.VBAControl{{Name: "Deep", Class: fixture.ControlLabel, Caption: "deep"}}}}},
		{Name: "Image1", Class: 12},
	}}
}

func TestTextsOfFormsAndTheirControlsAreRead(t *testing.T) {
	want := []vba.Control{
		{Path: "UserForm1", Texts: map[string]string{"caption": `He said "run"`, "tag": "formtag"}},
		{Path: "UserForm1.TextBox1", Texts: map[string]string{"value": "powershell -enc AAAA", "text": "powershell -enc AAAA", "tag": "t1", "controltiptext": "a tip", "controlsource": "A1",
			"groupname": "group"}},
		{Path: "UserForm1.Label1", Texts: map[string]string{"caption": "請求書"}},
		{Path: "UserForm1.Button1", Texts: map[string]string{"caption": "größe"}},
		{Path: "UserForm1.Frame1", Texts: map[string]string{"caption": "frame", "tag": "http://example.test/"}},
		{Path: "UserForm1.Inner1", Texts: map[string]string{"value": "inner", "text": "inner", "caption": "both", "groupname": "group"}},
		{Path: "UserForm1.MultiPage1", Texts: map[string]string{}},
		{Path: "UserForm1.Page1", Texts: map[string]string{"caption": "First", "tag": "tag1"}},
		{Path: "UserForm1.Page2", Texts: map[string]string{"caption": "二", "controltiptext": "tip2"}},
		{Path: "UserForm1.Deep", Texts: map[string]string{"caption": "deep"}},
		{Path: "UserForm1.Image1", Texts: map[string]string{}},
		{Path: "Form2", Texts: map[string]string{"caption": "second"}},
	}
	d := readBytes(t, formDoc(bigForm(), fixture.VBAControl{Name: "Form2", Caption: "second"}))
	if len(d.Problems) > 0 {
		t.Error(d.Problems)
	}
	got := append([]vba.Control{}, d.Projects[0].Forms...)
	if len(got) > 0 && got[0].Path == "Form2" { // siblings lie in the order of their tree
		got = append(got[1:], got[0])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestADamagedFormStillGivesItsTexts(t *testing.T) {
	for name, harm := range map[string]func(f, o []byte) ([]byte, []byte){
		"version of f":       func(f, o []byte) ([]byte, []byte) { f[1] = 9; return f, o },
		"f cut in its sites": func(f, o []byte) ([]byte, []byte) { return f[:len(f)-3], o },
		"version in o":       func(f, o []byte) ([]byte, []byte) { o[1] = 9; return f, o },
		"o cut":              func(f, o []byte) ([]byte, []byte) { return f, o[:len(o)-20] },
		"size of a string":   func(f, o []byte) ([]byte, []byte) { o[bytes.Index(o, []byte{20, 0, 0, 0x80})+1] = 0xFF; return f, o },
	} {
		form := fixture.VBAControl{Name: "UserForm1", Kids: []fixture.VBAControl{
			{Name: "TextBox1", Class: fixture.ControlTextBox, Value: "powershell -enc AAAA", Tag: "thetag"},
			{Name: "TextBox2", Class: fixture.ControlTextBox, Value: "x"}}}
		node := form.Node()
		var f, o *[]byte
		for i := range node.Kids {
			switch node.Kids[i].Name {
			case "f":
				f = &node.Kids[i].Data
			case "o":
				o = &node.Kids[i].Data
			}
		}
		*f, *o = harm(*f, *o)
		d := readBytes(t, fixture.OLE(fixture.Storage("Macros", append(project().Nodes(), node)...)))
		all := fmt.Sprint(d.Projects[0].Forms)
		if !strings.Contains(all, "powershell -enc AAAA") || !strings.Contains(all, "thetag") || len(d.Problems) == 0 || d.Unread() {
			t.Errorf("%s: %v, %v", name, d.Projects[0].Forms, d.Problems)
		}
	}
}

func TestAStorageThatIsNoFormIsNoForm(t *testing.T) {
	d := readBytes(t, fixture.OLE(append(project().Nodes(), fixture.Storage("Class", fixture.Stream("contents", noise(100))))...))
	if len(d.Projects[0].Forms) != 0 || len(d.Problems) != 0 {
		t.Errorf("%v, %v", d.Projects[0].Forms, d.Problems)
	}
}

func TestFormsInsideEachOtherEndAtTheirLimit(t *testing.T) {
	f := fixture.VBAControl{Name: "Frame", Class: fixture.ControlFrame, Kids: []fixture.VBAControl{}}
	for range 2 * formDepth {
		f = fixture.VBAControl{Name: "Frame", Class: fixture.ControlFrame, Kids: []fixture.VBAControl{f}}
	}
	d := readWith(t, formDoc(f), Options{Depth: 200})
	if n := len(d.Projects[0].Forms); n < formDepth || n > formDepth+2 || len(d.Problems) == 0 {
		t.Errorf("%d controls, %v", n, d.Problems)
	}
}

func TestControlsAndTextsOfFormsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 50000)
	f := fixture.VBAControl{Name: "UserForm1"}
	for i := range 100 {
		f.Kids = append(f.Kids, fixture.VBAControl{Name: fmt.Sprint("T", i), Class: fixture.ControlTextBox, Value: long})
	}
	total := 0
	d := readBytes(t, formDoc(f))
	for _, c := range d.Projects[0].Forms {
		for _, s := range c.Texts {
			total += len(s)
		}
	}
	if total > formTexts || total < formTexts-200000 {
		t.Errorf("%d bytes of texts", total)
	}
	sites := bytes.Repeat([]byte{0, 0, 4, 0, 0, 0, 0, 0}, 3*formControls)
	head := []byte{0, 0, 0, 0, 0, 0, 0, 0} // CountOfSites and CountOfBytes
	put32(head, 0, 3*formControls)
	depths := bytes.Repeat([]byte{0, 0x80 | 96, 1, 0}, 3*formControls/96)
	for i := range 3 * formControls / 96 {
		copy(depths[3*i:], []byte{0, 0x80 | 96, 1})
	}
	depths = depths[:3*formControls/96*3]
	all := append(append(head, depths...), sites...)
	if got, err := readSites(bufio.NewReader(bytes.NewReader(all)), false); err != nil || len(got) != formControls {
		t.Errorf("%d sites, %v", len(got), err)
	}
}

func TestPlainRuns(t *testing.T) {
	in := "\x00\x01abcd\x00\x02w\x00i\x00d\x00e\x00\x00\x00no\x00\x03tab\there\xFFabc"
	if diff := cmp.Diff([]string{"abcd", "wide", "tab\there"}, plainRuns([]byte(in))); diff != "" {
		t.Error(diff)
	}
}

func FuzzForms(f *testing.F) {
	node := bigForm().Node()
	var fs, os []byte
	for _, k := range node.Kids {
		switch k.Name {
		case "f":
			fs = k.Data
		case "o":
			os = k.Data
		}
	}
	f.Add(fs, os, []byte("VERSION 5.00\nCaption = \"x\"\nTag = \"y\""))
	f.Add(fs[:len(fs)/2], os[:10], []byte(nil))
	f.Fuzz(func(t *testing.T, fs, os, frame []byte) {
		if len(fs)+len(os)+len(frame) > 1<<20 {
			return
		}
		c, doc := openBytes(fixture.OLE(fixture.Storage("U", fixture.Stream("f", fs), fixture.Stream("o", os), fixture.Stream("\x03VBFrame", frame),
			fixture.Storage("i01", fixture.Stream("f", fs), fixture.Stream("o", os)))), Options{})
		forms, total := c.readForms(c.root, 1252), 0
		for _, v := range forms {
			if v.Path != "U" && !strings.HasPrefix(v.Path, "U.") {
				t.Fatalf("path %q", v.Path)
			}
			for _, s := range v.Texts {
				total += len(s)
			}
		}
		if len(forms) == 0 || len(forms) > formControls || total > formTexts+2*formFrame*3 || doc.Unread() {
			t.Fatalf("%d forms, %d bytes, %v", len(forms), total, doc.Problems)
		}
	})
}

func TestASiteBlockIsReadByItsOwnSize(t *testing.T) {
	r := bytes.NewReader([]byte{0, 0, 12, 0, 4, 0, 0, 0, 7, 0, 0, 0, 0xEE, 0xEE, 0xEE, 0xEE, 'n', 'e', 'x', 't'})
	p, err := readProps(r, 0, siteLayout)
	rest, _ := io.ReadAll(r)
	if err != nil || p.number["id"] != 7 || string(rest) != "next" {
		t.Errorf("%v, %v, %q", p, err, rest)
	}
}
