package oleparse

import (
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// Each host program keeps its project somewhere else.
func TestProjectsOfEveryHostAreRead(t *testing.T) {
	nodes := project().Nodes()
	empty := func(names ...string) (list []fixture.Node) {
		for _, n := range names {
			list = append(list, fixture.Stream(n, make([]byte, 512)))
		}
		return list
	}
	for _, tc := range []struct {
		name, kind, path string
		file             []byte
	}{
		{"Word", "doc", "Macros", fixture.OLE(append(empty("WordDocument"), fixture.Storage("Macros", nodes...))...)},
		{"Excel", "xls", "_VBA_PROJECT_CUR", fixture.OLE(append([]fixture.Node{fixture.Stream("Workbook", fixture.BIFF())}, fixture.Storage("_VBA_PROJECT_CUR", nodes...))...)},
		{"Excel 5 and 97 in one file", "xls", "_VBA_PROJECT_CUR", fixture.OLE(fixture.Stream("Workbook", fixture.BIFF()), fixture.Stream("Book", fixture.BIFF()),
			fixture.Storage("_VBA_PROJECT_CUR", nodes...))},
		{"Publisher", "pub", "VBA", fixture.OLE(append(empty("Contents"), fixture.Storage("Quill", empty("QuillSub")...), fixture.Storage("VBA", nodes...))...)},
		{"Visio", "vsd", "VBA", fixture.OLE(append(empty("VisioDocument"), fixture.Storage("VBA", nodes...))...)},
		{"Project", "ole", "VBA", fixture.OLE(append(empty("Props"), fixture.Storage("VBA", nodes...))...)},
		{"Outlook's VbaProject.OTM", "ole", "OutlookVbaData", fixture.OLE(fixture.Storage("OutlookVbaData", nodes...))},
		{"add-in of VB", "ole", "", fixture.OLE(nodes...)},
	} {
		d := readBytes(t, tc.file)
		if len(d.Projects) != 1 || d.Kind != tc.kind || d.Projects[0].Path != tc.path || len(modulesOf(d)) != 2 || d.Unread() {
			t.Errorf("%s: %q, %+v, %v", tc.name, d.Kind, d.Projects, d.Problems)
		}
	}
}

func TestProjectsOfEveryPackageAreRead(t *testing.T) {
	for _, tc := range []struct{ kind, main, part, contentType string }{
		{"docm", "/word/document.xml", "word/vbaProject.bin", "application/vnd.ms-word.document.macroEnabled.main+xml"},
		{"dotm", "/word/document.xml", "word/vbaProject.bin", "application/vnd.ms-word.template.macroEnabledTemplate.main+xml"},
		{"xlsm", "/xl/workbook.xml", "xl/vbaProject.bin", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"},
		{"xltm", "/xl/workbook.xml", "xl/vbaProject.bin", "application/vnd.ms-excel.template.macroEnabled.main+xml"},
		{"xlam", "/xl/workbook.xml", "xl/vbaProject.bin", "application/vnd.ms-excel.addin.macroEnabled.main+xml"},
		{"pptm", "/ppt/presentation.xml", "ppt/vbaProject.bin", "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"},
		{"potm", "/ppt/presentation.xml", "ppt/vbaProject.bin", "application/vnd.ms-powerpoint.template.macroEnabled.main+xml"},
		{"ppsm", "/ppt/presentation.xml", "ppt/vbaProject.bin", "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml"},
		{"ppam", "/ppt/presentation.xml", "ppt/vbaProject.bin", "application/vnd.ms-powerpoint.addin.macroEnabled.main+xml"},
		{"vsdm", "/visio/document.xml", "visio/vbaProject.bin", "application/vnd.ms-visio.drawing.macroEnabled.main+xml"},
		{"docx", "/word/document.xml", "word/vbaProject.bin", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"},
	} {
		parts := append(fixture.OPC(tc.main, tc.contentType), fixture.Part{Name: tc.main[1:], Data: "<x/>"},
			fixture.Part{Name: tc.part, Data: string(fixture.VBABin("Module1", ""))}, fixture.Part{Name: "second/vbaProject.bin", Data: string(fixture.VBABin("Module2", ""))})
		d := readParts(t, parts)
		if len(d.Projects) != 2 || d.Kind != tc.kind || d.Projects[0].Path != tc.part || len(modulesOf(d)) != 2 || d.Unread() {
			t.Errorf("%s: %q, %d projects, %v", tc.kind, d.Kind, len(d.Projects), d.Problems)
		}
	}
}

func TestProjectsOfDocumentsInsideDocumentsAreRead(t *testing.T) {
	inner := fixture.DocVBA("Sub Inner()\nEnd Sub\n")
	deck := fixture.PPTObject(fixture.OLE(fixture.Stream("PowerPoint Document", fixture.PPTObject(inner, false))), true)
	d := readBytes(t, fixture.OLE(fixture.Stream("PowerPoint Document", deck), fixture.Storage("Macros", project().Nodes()...)))
	got := strings.Join(moduleNames(d), " ")
	if len(d.Projects) != 2 || got != "ThisDocument Module1 ThisDocument" || d.Unread() {
		t.Errorf("%d projects, %s, %v", len(d.Projects), got, d.Problems)
	}
}
