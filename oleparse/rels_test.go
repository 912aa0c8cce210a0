package oleparse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func TestOfficeGoesToAnotherMachine(t *testing.T) {
	for target, want := range map[string]bool{
		"http://example.com/t.dotm": true, "HTTPS://example.com": true, "  http://example.com/x": true, "ht\ntp://example.com/": true,
		"http:\\\\example.com\\x": true, "http%3A//example.com/": true, "ftp://example.com/x": true,
		`\\host\share\t.dotm`: true, "//host/share/t.dotm": true, `\\host@SSL\DavWWWRoot\t.dotm`: true, `\\?\UNC\host\share`: true, "%5C%5Chost%5Cshare": true,
		"file://host/share/t.dotm": true, "file:////host/share": true, `file:///\\host\share\t.dotm`: true, `file:\\host\share`: true,
		"mhtml:http://example.com/a!x-usc:http://example.com/a": true, "mhtml:file://host/a": true, "ms-word:ofe|u|http://example.com/": true,
		"ms-msdt:/id x": true, "x-usc:http://example.com/": true, "search-ms:query=x": true,

		"": false, "Normal.dotm": false, "t.dotm": false, "../t.dotm": false, "/Users/a/t.dotm": false, `C:\a\t.dotm`: false, "c:/a": false,
		`file:///C:\Program%20Files\a.DOT`: false, "file:///C:/a.dot": false, "file:///C|/a": false, "file://C:/a": false, "file:///home/a": false,
		"file://localhost/c$/a": false, "file:a.dot": false, "file:/a.dot": false, `\\?\C:\a`: false, `\\.\pipe\a`: false, `\\localhost\c$`: false,
		"www.example.com/a": false, "mailto:a@example.com": false, "urn:x//y": false, "#_top": false, "http:": false, "http://": false, ":": false,
		"תרשים%20ב": false, "NULL": false,
	} {
		if isRemote(target) != want {
			t.Errorf("%q: %v", target, !want)
		}
	}
}

func TestLinksComeFromRelationships(t *testing.T) {
	const remote = "http://example.com/x"
	for _, tc := range []struct {
		name string
		rel  fixture.Rel
		want []Link
	}{
		{"template", fixture.Rel{Type: "attachedTemplate", Target: remote, External: true}, []Link{{Type: LinkTemplate, Target: remote, Remote: true}}},
		{"local template", fixture.Rel{Type: "attachedTemplate", Target: "Normal.dotm", External: true}, []Link{{Type: LinkTemplate, Target: "Normal.dotm"}}},
		{"type in another case, with a slash behind", fixture.Rel{Type: "http://x/ATTACHEDTEMPLATE/", Target: remote, External: true},
			[]Link{{Type: LinkTemplate, Target: remote, Remote: true}}},
		{"strict type", fixture.Rel{Type: "http://purl.oclc.org/ooxml/officeDocument/relationships/attachedTemplate", Target: remote, External: true},
			[]Link{{Type: LinkTemplate, Target: remote, Remote: true}}},
		{"template that claims to be inside", fixture.Rel{Type: "attachedTemplate", Target: remote}, []Link{{Type: LinkTemplate, Target: remote, Remote: true}}},
		{"frame", fixture.Rel{Type: "frame", Target: remote, External: true}, []Link{{Type: LinkFrame, Target: remote, Remote: true}}},
		{"linked object", fixture.Rel{Type: "oleObject", Target: `mhtml:` + remote, External: true}, []Link{{Type: LinkOLE, Target: "mhtml:" + remote, Remote: true}}},
		{"subdocument", fixture.Rel{Type: "subDocument", Target: `\\h\s\a.doc`, External: true}, []Link{{Type: LinkOther, Target: `\\h\s\a.doc`, Remote: true}}},
		{"linked picture", fixture.Rel{Type: "image", Target: remote, External: true}, []Link{{Type: LinkOther, Target: remote, Remote: true}}},
		{"hyperlink", fixture.Rel{Type: "hyperlink", Target: remote, External: true}, nil},
		{"part of the package", fixture.Rel{Type: "image", Target: "media/a.png"}, nil},
		{"part outside the package", fixture.Rel{Type: "image", Target: "../../../../etc/passwd"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := readParts(t, fixture.WordParts("", fixture.Rels("word/document.xml", tc.rel)))
			for i := range tc.want {
				tc.want[i].Path = "word/_rels/document.xml.rels"
			}
			if diff := cmp.Diff(tc.want, d.Links); diff != "" || len(d.Problems) > 0 {
				t.Errorf("%v (-want +got):\n%s", d.Problems, diff)
			}
		})
	}
}

func TestRelationshipsAreReadWhateverTheyAreCalled(t *testing.T) {
	sound := fixture.Rels("word/settings.xml", fixture.Rel{Type: "attachedTemplate", Target: "http://example.com/x", External: true})
	for name, part := range map[string]fixture.Part{
		"usual":        sound,
		"backslashes":  {Name: `word\_rels\settings.xml.rels`, Data: sound.Data},
		"capitals":     {Name: "WORD/_RELS/SETTINGS.XML.RELS", Data: sound.Data},
		"escapes":      {Name: "word/%5Frels/settings.xml%2Erels", Data: sound.Data},
		"UTF-16":       utf16Part(sound),
		"cut":          {Name: sound.Name, Data: strings.TrimSuffix(sound.Data, "</Relationships>")},
		"other prefix": {Name: sound.Name, Data: strings.NewReplacer("<Relationship", "<x:Relationship", "</Relationship", "</x:Relationship").Replace(sound.Data)},
		"long comment": {Name: sound.Name, Data: "<!--" + strings.Repeat("x", 200_000) + "-->" + sound.Data},
		"of no part":   {Name: "word/_rels/nothing.xml.rels", Data: sound.Data},
	} {
		if d := readParts(t, fixture.WordParts("", part)); len(d.Links) != 1 || d.Links[0].Type != LinkTemplate {
			t.Errorf("%s: %v", name, d.Links)
		}
	}
}

func TestManyRelationshipsEndAtTheirLimit(t *testing.T) {
	var honest, many []fixture.Rel
	for i := range relsKept + 10 {
		honest = append(honest, fixture.Rel{ID: fmt.Sprint("r", i), Type: "hyperlink", Target: "http://example.com/", External: true})
		many = append(many, fixture.Rel{ID: fmt.Sprint("r", i), Type: "image", Target: fmt.Sprint("http://example.com/", i), External: true})
	}
	if d := readParts(t, fixture.WordParts("", fixture.Rels("word/document.xml", honest...))); len(d.Problems) > 0 {
		t.Errorf("hyperlinks of an honest workbook: %v", d.Problems)
	}
	d := readParts(t, fixture.WordParts("", fixture.Rels("word/document.xml", many...)))
	if !d.Unread() || len(d.Links) != linksMax {
		t.Errorf("%d links, unread %v", len(d.Links), d.Unread())
	}
}

func TestATemplateIsListedBehindManyLinks(t *testing.T) {
	var rels []fixture.Rel
	for i := range linksMax + 10 {
		rels = append(rels, fixture.Rel{ID: fmt.Sprint("r", i), Type: "image", Target: fmt.Sprint("http://example.com/", i), External: true})
	}
	rels = append(rels, fixture.Rel{ID: "t", Type: "attachedTemplate", Target: "http://example.com/t", External: true})
	d := readParts(t, fixture.WordParts("", fixture.Rels("word/document.xml", rels...)))
	if last := d.Links[len(d.Links)-1]; last.Type != LinkTemplate {
		t.Errorf("%+v", last)
	}
}
