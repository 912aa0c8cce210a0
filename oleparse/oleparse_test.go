package oleparse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

// readBytes reads a compound file held in memory; none of these tests expects an error.
func readBytes(t *testing.T, b []byte) *Document {
	t.Helper()
	return readWith(t, b, Options{})
}

func readWith(t *testing.T, b []byte, o Options) *Document {
	t.Helper()
	d, err := ReadOLE(context.Background(), bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatalf("ReadOLE: %v", err)
	}
	return d
}

// parts is a package held in memory.
type parts []fixture.Part

func (p parts) Names() []string {
	var names []string
	for _, x := range p {
		names = append(names, x.Name)
	}
	return names
}

func (p parts) Open(name string) (io.ReadCloser, error) {
	for _, x := range p {
		if x.Name == name {
			return io.NopCloser(strings.NewReader(x.Data)), nil
		}
	}
	return nil, fmt.Errorf("no part %q", name)
}

func readParts(t *testing.T, p []fixture.Part) *Document {
	t.Helper()
	d, err := ReadOOXML(context.Background(), parts(p), Options{})
	if err != nil {
		t.Fatalf("ReadOOXML: %v", err)
	}
	return d
}

// found is what a test compares of a module.
type found struct {
	Project, Name, Stream, Source string
}

func modulesOf(d *Document) []found {
	var all []found
	for _, p := range d.Projects {
		for _, m := range p.Modules {
			all = append(all, found{p.Path, m.Name, m.Stream, m.Source})
		}
	}
	return all
}

const harmless = "Attribute VB_Name = \"%s\"\n" + fixture.HarmlessMacro

func TestMacrosAreFoundInEveryKindOfDocument(t *testing.T) {
	word := fmt.Sprintf(harmless, "ThisDocument")
	book := fmt.Sprintf(harmless, "ThisWorkbook")
	for name, tc := range map[string]struct {
		doc  *Document
		kind string
		want found
	}{
		"doc":  {readBytes(t, fixture.DocVBA("")), "doc", found{"Macros", "ThisDocument", "Macros/VBA/ThisDocument", word}},
		"xls":  {readBytes(t, fixture.XLSVBA("")), "xls", found{"_VBA_PROJECT_CUR", "ThisWorkbook", "_VBA_PROJECT_CUR/VBA/ThisWorkbook", book}},
		"bin":  {readBytes(t, fixture.VBABin("ThisDocument", "")), "ole", found{"", "ThisDocument", "VBA/ThisDocument", word}},
		"docm": {readParts(t, fixture.DOCMParts("")), "docm", found{"word/vbaProject.bin", "ThisDocument", "word/vbaProject.bin/VBA/ThisDocument", word}},
		"xlsm": {readParts(t, fixture.XLSMParts("")), "xlsm", found{"xl/vbaProject.bin", "ThisWorkbook", "xl/vbaProject.bin/VBA/ThisWorkbook", book}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.doc.Kind != tc.kind {
				t.Errorf("kind %q, want %q", tc.doc.Kind, tc.kind)
			}
			if d := cmp.Diff([]found{tc.want}, modulesOf(tc.doc)); d != "" {
				t.Error(d)
			}
			if r := tc.doc.Projects[0].Report; len(r.Autoexec) != 1 || r.Autoexec[0].Keyword != "AutoOpen" || r.Autoexec[0].Module != tc.want.Stream || r.Suspicious {
				t.Errorf("report %+v", r)
			}
			if len(tc.doc.Problems) > 0 {
				t.Errorf("problems in a sound file: %v", tc.doc.Problems)
			}
		})
	}
}

func TestDocumentsWithoutMacrosHaveNoProjects(t *testing.T) {
	for name, d := range map[string]*Document{
		"doc":  readBytes(t, fixture.DocPlain()),
		"xls":  readBytes(t, fixture.XLSPlain()),
		"docx": readParts(t, fixture.DOCXParts()),
	} {
		if d.Kind != name || len(d.Projects) > 0 || len(d.Problems) > 0 || d.Encrypted {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestEncryptedDocumentsSayIt(t *testing.T) {
	for name, tc := range map[string]struct {
		file []byte
		kind string
	}{
		"FibBase.fEncrypted": {fixture.DocEncrypted(), "doc"},
		"FilePass":           {fixture.XLSEncrypted(), "xls"},
		"EncryptedPackage":   {fixture.OOXMLEncrypted(), "ole"},
	} {
		if d := readBytes(t, tc.file); !d.Encrypted || d.Kind != tc.kind {
			t.Errorf("%s: encrypted %v, kind %q", name, d.Encrypted, d.Kind)
		}
	}
}

var errDisk = errors.New("disk on fire")

type badReader struct{ io.ReaderAt }

func (b badReader) ReadAt(p []byte, off int64) (int, error) {
	if off >= 1024 {
		return 0, errDisk
	}
	return b.ReaderAt.ReadAt(p, off)
}

func TestTheReadersErrorIsReturnedAsAnError(t *testing.T) {
	b := fixture.DocVBA("")
	_, err := ReadOLE(context.Background(), badReader{bytes.NewReader(b)}, int64(len(b)), Options{})
	if !errors.Is(err, errDisk) {
		t.Errorf("error %v", err)
	}
}

func TestTheContextsEndIsReturnedAsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := fixture.DocVBA("")
	if _, err := ReadOLE(ctx, bytes.NewReader(b), int64(len(b)), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ReadOLE: %v", err)
	}
	if _, err := ReadOOXML(ctx, parts(fixture.DOCMParts("")), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ReadOOXML: %v", err)
	}
}
