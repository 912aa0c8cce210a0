package oleparse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/vba"
)

// Classes of controls as the file has them: the first field, then what we do not look at.
func controlClass(first uint32) (id [16]byte) {
	for i := range 4 {
		id[i] = byte(first >> (8 * i))
	}
	return id
}

const (
	textBoxClass = 0x8BD21D10
	labelClass   = 0x978C9E23
	buttonClass  = 0xD7053240
)

var (
	textBox = fixture.VBAControl{Class: fixture.ControlTextBox, Value: "cmd /c calc.exe"}
	wanted  = []vba.Control{{Path: "TextBox1", Texts: map[string]string{"value": "cmd /c calc.exe", "text": "cmd /c calc.exe", "groupname": "group"}}}
)

func wordControl(class uint32, name string, saved []byte) fixture.Node {
	n := fixture.Storage("_1", fixture.Stream("\x03OCXNAME", fixture.UTF16(name+"\x00\x00")), fixture.Stream("contents", saved))
	n.CLSID = controlClass(class)
	return n
}

func TestControlsOnAWordDocumentHaveTheirTexts(t *testing.T) {
	label := fixture.VBAControl{Class: fixture.ControlLabel, Caption: "看板"}
	for _, tc := range []struct {
		name string
		node fixture.Node
		want []vba.Control
	}{
		{"text box", wordControl(textBoxClass, "TextBox1", textBox.Saved()), wanted},
		{"label", wordControl(labelClass, "L", label.Saved()), []vba.Control{{Path: "L", Texts: map[string]string{"caption": "看板"}}}},
		{"class we do not know", wordControl(0x12345678, "TextBox1", textBox.Saved()), nil},
		{"cut", wordControl(textBoxClass, "TextBox1", textBox.Saved()[:20]), nil},
		{"no text", wordControl(buttonClass, "B", fixture.VBAControl{Class: fixture.ControlButton}.Saved()), nil},
	} {
		d := readBytes(t, fixture.DocWith(tc.node))
		if diff := cmp.Diff(tc.want, d.Texts); diff != "" || d.Unread() {
			t.Errorf("%s: %s %v", tc.name, diff, d.Problems)
		}
	}
}

func TestControlsInAPackageHaveTheirTexts(t *testing.T) {
	class := controlClass(textBoxClass)
	root := fixture.OLE(fixture.Stream("contents", textBox.Saved()))
	copy(root[entryAt(t, root, "Root Entry")+80:], class[:])
	for name, saved := range map[string][]byte{"a storage": root, "a stream": append(class[:], textBox.Saved()...)} {
		ocx := fixture.Part{Name: "word/activeX/activeX1.xml", Data: `<ax:ocx ax:classid="{8BD21D10-EC42-11CE-9E0D-00AA006002F3}" r:id="rId1"/>`}
		body := `<w:p><w:object><w:control r:id="rId5" w:name="TextBox1"/></w:object></w:p>`
		d := readParts(t, fixture.WordParts(body, fixture.Rels("word/document.xml", fixture.Rel{ID: "rId5", Type: "control", Target: "activeX/activeX1.xml"}), ocx,
			fixture.Part{Name: "word/activeX/activeX1.bin", Data: string(saved)},
			fixture.Rels(ocx.Name, fixture.Rel{ID: "rId1", Type: "activeXControlBinary", Target: "activeX1.bin"})))
		if diff := cmp.Diff(wanted, d.Texts); diff != "" || d.Unread() {
			t.Errorf("%s: %s %v", name, diff, d.Problems)
		}
	}
}

func TestWhatCodeTakesFromAControlIsSeen(t *testing.T) {
	for _, expression := range []string{"TextBox1.Text", "TextBox1.Value", "ThisDocument.TextBox1.Value", "Me.TextBox1.Value", "ActiveDocument.TextBox1.Text"} {
		p := fixture.VBAProject{Modules: []fixture.VBAModule{fixture.VBAModuleOf("ThisDocument", "Sub AutoOpen()\n Shell "+expression+"\nEnd Sub\n")}}
		d := readBytes(t, fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0)), fixture.Storage("Macros", p.Nodes()...),
			fixture.Storage("ObjectPool", wordControl(textBoxClass, "TextBox1", textBox.Saved()))))
		found := ""
		for _, e := range d.Projects[0].Report.Evidence {
			found += e.Text + "\n"
		}
		if !strings.Contains(found, "calc.exe") {
			t.Errorf("%s: %q", expression, found)
		}
	}
}

func TestWhatCodeTakesFromAFormIsSeen(t *testing.T) {
	for _, expression := range []string{"UserForm1.TextBox1.Text", "UserForm1.TextBox1.Value", "UserForm1.TextBox1.Tag", "UserForm1.Frame1.ControlTipText", "UserForm1.Caption"} {
		p := fixture.VBAProject{Modules: []fixture.VBAModule{fixture.VBAModuleOf("ThisDocument", "Sub AutoOpen()\n Shell "+expression+"\nEnd Sub\n")},
			Forms: []fixture.VBAControl{{Name: "UserForm1", Caption: "cmd /c calc.exe", Kids: []fixture.VBAControl{
				{Name: "TextBox1", Class: fixture.ControlTextBox, Value: "cmd /c calc.exe", Tag: "cmd /c calc.exe"},
				{Name: "Frame1", Class: fixture.ControlFrame, Tip: "cmd /c calc.exe", Kids: []fixture.VBAControl{}}}}}}
		d := readBytes(t, fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0)), fixture.Storage("Macros", p.Nodes()...)))
		found := ""
		for _, e := range d.Projects[0].Report.Evidence {
			found += e.Text + "\n"
		}
		if !strings.Contains(found, "calc.exe") {
			t.Errorf("%s: %q", expression, found)
		}
	}
}
