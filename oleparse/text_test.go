package oleparse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

func TestTextOfCompoundFilesEndsAtItsLimit(t *testing.T) {
	var b bytes.Buffer
	r := &reading{o: Options{Text: &b}, doc: &Document{}}
	for range 10 {
		r.text(strings.Repeat("x", textMax/8))
	}
	if n := b.Len(); n < textMax || n > textMax+textMax/8+10 {
		t.Errorf("%d bytes", n)
	}
	silent := &reading{doc: &Document{}}
	silent.text("x")
	if silent.texts != 0 || silent.err != nil {
		t.Errorf("%+v", silent)
	}
}

func TestStringsOfAMessageAreInItsCodePage(t *testing.T) {
	body := func(numbers map[int]int) fixture.Node {
		return fixture.Stream("__properties_version1.0", fixture.MsgNumbers(32, numbers))
	}
	for name, tc := range map[string]struct {
		numbers map[int]int
		want    string
	}{
		"message's":        {map[int]int{tagPage: 932, tagLocale: 0x0419}, "テ"},
		"language's":       {map[int]int{tagLocale: 0x0411, tagInternetPage: 1251}, "テ"},
		"Internet's":       {map[int]int{tagInternetPage: 932}, "テ"},
		"UTF-16 is none":   {map[int]int{tagPage: utf16Page, tagInternetPage: 932}, "テ"},
		"unknown is none":  {map[int]int{tagPage: 4711, tagLocale: 0x0411}, "テ"},
		"none":             {nil, "ƒe"},
		"negative is none": {map[int]int{tagPage: -1}, "ƒe"},
	} {
		_, got := textOf(t, fixture.OLE(body(tc.numbers), fixture.Stream("__substg1.0_1000001E", []byte("\x83\x65\x00"))))
		if got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestRecipientsAreNoMessages(t *testing.T) {
	recipient := fixture.Storage("__recip_version1.0_#00000000", fixture.Stream("__properties_version1.0", make([]byte, 8)),
		fixture.Stream("__substg1.0_1000001F", fixture.UTF16("no body")))
	if _, got := textOf(t, fixture.OLE(fixture.Stream("__properties_version1.0", make([]byte, 32)), recipient)); got != "" {
		t.Errorf("%q", got)
	}
}

func TestAttachmentsAreReadWhereTheirMessageIsDamaged(t *testing.T) {
	data := fixture.Stream("__substg1.0_37010102", []byte("x"))
	for name, nodes := range map[string][]fixture.Node{
		"no properties":    {fixture.Storage("__attach_version1.0_#00000000", data)},
		"other spelling":   {fixture.Storage("__ATTACH_VERSION1.0_#FFFFFFFF", data)},
		"storage in place": {fixture.Storage("__attach_version1.0_#00000000", data, fixture.Storage("__substg1.0_3701000D"))},
	} {
		d := readBytes(t, fixture.OLE(append(nodes, fixture.Stream("__properties_version1.0", nil))...))
		if got := filesOf(t, d); len(got) != 1 || !strings.HasSuffix(got[0], "|attachment|x") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// torn is a file that cannot be read any more from some point of time on.
type torn struct {
	*bytes.Reader
	err error
}

func (f *torn) ReadAt(b []byte, off int64) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.Reader.ReadAt(b, off)
}

func TestAFileOfADocumentThatCannotBeReadAnyMoreIsAnError(t *testing.T) {
	file := fixture.DocWith(fixture.PackageObject("_1", fixture.Named("a", bytes.Repeat([]byte("x"), 9000))))
	r := &torn{Reader: bytes.NewReader(file)}
	d, err := ReadOLE(context.Background(), r, int64(len(file)), Options{})
	if err != nil || len(d.Files) != 1 {
		t.Fatalf("%v, %d files", err, len(d.Files))
	}
	open, err := d.Files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	r.err = io.ErrClosedPipe
	if _, err := io.ReadAll(open); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("read: %v", err)
	}
	if _, err := d.Files[0].Open(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("open: %v", err)
	}
}

func TestAFileOfADocumentObeysTheContextOfTheRead(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	file := fixture.DocWith(fixture.PackageObject("_1", fixture.Named("a", bytes.Repeat([]byte("x"), 9000))))
	d, err := ReadOLE(ctx, bytes.NewReader(file), int64(len(file)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	open, err := d.Files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(open); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWhatACallerReadsOfFilesEndsWithTheBudget(t *testing.T) {
	var nodes []fixture.Node
	for i := range 40 {
		nodes = append(nodes, fixture.Stream(fmt.Sprint("s", i), bytes.Repeat([]byte("x"), 200000)))
	}
	file := fixture.DocWith(fixture.Storage("_1", nodes...))
	d := readBytes(t, file)
	var read int64
	for range 3 { // a caller that reads everything again and again
		for _, f := range d.Files {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			n, _ := io.Copy(io.Discard, r)
			read += n
		}
	}
	if most := int64(readsPerByte*len(file) + readsAtLeast); read > most {
		t.Errorf("%d bytes of %d", read, most)
	}
}

func TestNamesOfObjectsThatDoNotExistAreForgotten(t *testing.T) {
	shape := fixture.PPTShape(0, 5, "x")
	d := readBytes(t, fixture.OLE(fixture.Stream("PowerPoint Document", shape))) // no Current User
	if len(d.Objects) > 0 || len(d.Problems) > 0 {
		t.Errorf("%v %v", d.Objects, d.Problems)
	}
	var many [][]byte
	for range shapeObjectsMax + 5 {
		many = append(many, shape)
	}
	if d := readBytes(t, fixture.PPTShow(many, map[uint32]int{5: 0})); len(d.Problems) > 0 {
		t.Errorf("%v", d.Problems)
	}
}

func TestUnknownStructuresAreNotReadForNobody(t *testing.T) {
	d := readBytes(t, fixture.OLE(fixture.Stream("PP40", []byte("a longer text")),
		fixture.Storage("Quill", fixture.Storage("QuillSub", fixture.Stream("CONTENTS", fixture.UTF16("a longer text"))))))
	if len(d.Problems) > 0 || len(d.Files) > 0 {
		t.Errorf("%v %v", d.Problems, d.Files)
	}
}
