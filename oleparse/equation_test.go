package oleparse

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// mtef is the stream of an equation with these records behind the header of Equation Editor 3.
func mtef(records ...string) []byte {
	return append(fixture.EquationNative()[:28], "\x03\x01\x01\x03\x00"+strings.Join(records, "")...)
}

func TestAnEquationThatTheEditorCouldNotHaveWrittenIsAFault(t *testing.T) {
	const full, line, end, x = "\x0A", "\x01", "\x00", "\x02\x83x\x00"
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"one letter", mtef(full, line, x, end, end), ""},
		{"nudged letter, fraction, matrix of its own", mtef(full, line, "\x82\x7F\x81\x83x\x00", "\x92\x80\x80\x00\x01\x00\x01\x83x\x00", "\x03\x0E\x00\x00", line, x, end, line, x, end, end,
			"\x05\x00\x01\x01\x02\x02\x00\x00", line, x, end, end, end, end), ""},
		{"letter with a dot, null line, pile with a ruler, sizes", mtef(full, "\x11", line, "\x22\x83x\x00\x06\x02\x00", end, "\x24\x01\x01\x07\x02\x00\x10\x00\x01\x20\x00", line, x, end, end,
			"\x09\x65\x80\x01", "\x09\x64\x01\x00\x01", "\x09\x01\x80", "\x0B\x0C\x0D\x0E", end), ""},
		{"font of an ordinary name", mtef("\x08\x81\x00"+strings.Repeat("A", 31)+"\x00", full, line, x, end, end), ""},
		{"bytes behind the last END", mtef(full, line, x, end, end, "\x08\x00\x00", strings.Repeat("A", 100)), ""},
		{"records that break off", mtef(full, line, "\x02"), ""},
		{"empty stream", nil, ""},
		{"letters of version 2", append(fixture.EquationNative()[:28], "\x02\x00\x01\x01\x00"+full+line+"\x12\x83F\x02\x86=\x12\x83I\x00\x00"...), ""},
		{"font name in version 2", append(fixture.EquationNative()[:28], "\x02\x00\x01\x01\x00\x08\x00\x00"+strings.Repeat("A", 90)...), "an equation with a font name of 90 bytes"},
		{"font name of 44 bytes", mtef(full, line, "\x08\x5A\x5A"+strings.Repeat("A", 44)+"\x00"), "an equation with a font name of 44 bytes"},
		{"font name without an end", mtef(full, line, "\x08\x5A\x5A"+strings.Repeat("\x90", 200)), "an equation with a font name of 200 bytes"},
		{"matrix of 200 columns", mtef(full, line, "\x05\x00\x00\x00\x01\xC8"), "an equation with a matrix of 1 times 200"},
		{"ruler that is none", mtef(full, "\x21\x02"), "an equation whose ruler is none"},
		{"unknown version", append(fixture.EquationNative()[:28], "\x77\x01\x01\x03\x00"...), "an equation of no known version"},
		{"header of another length", append([]byte{9, 0}, mtef(full)[2:]...), "an equation's header of 9 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := nativeFault(tt.data); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFaultsAreThoseOfEquationsOnly(t *testing.T) {
	equation3 := fixture.OfficeCLSID(0x0002CE02)
	long := mtef("\x08\x5A\x5A" + strings.Repeat("A", 44))
	for _, tt := range []struct {
		name, want string
		nodes      []fixture.Node
	}{
		{"honest", "", []fixture.Node{fixture.Stream("Equation Native", mtef("\x0A\x01\x00\x00"))}},
		{"in an object of a document", "an equation with a font name of 44 bytes", []fixture.Node{fixture.Stream("Equation Native", long)}},
		{"converted from OLE 1.0", "", []fixture.Node{fixture.Stream("\x01Ole10Native", []byte("\x0E\x00\x00\x00\x02\x00\x01\x01\x00\x0A\x01\x12\x83F\x12\x83I\x00\x00"))}},
		{"converted with its header", "", []fixture.Node{fixture.Stream("\x01Ole10Native", append([]byte("\x26\x00\x00\x00"), mtef("\x0A\x01\x00\x00")...))}},
		{"other data in its place", "an equation of no known version", []fixture.Node{fixture.Stream("\x01oLe10nAtIvE", []byte("\x08\x00\x00\x00shell"))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nodes := append(tt.nodes, fixture.Stream("\x01CompObj", fixture.CompObj(equation3, "Microsoft Equation 3.0", "Equation.3")))
			data := fixture.DocWith(fixture.Storage("_1", nodes...))
			d, err := ReadOLE(context.Background(), bytes.NewReader(data), int64(len(data)), Options{})
			if err != nil || len(d.Objects) != 1 || d.Objects[0].Fault != tt.want {
				t.Errorf("%v, %+v", err, d.Objects)
			}
		})
	}
	bare := fixture.OLE(fixture.Stream("Equation Native", long))
	if d, err := ReadOLE(context.Background(), bytes.NewReader(bare), int64(len(bare)), Options{}); err != nil || len(d.Objects) != 1 || d.Objects[0].Fault == "" {
		t.Errorf("an object's file by itself: %v, %+v", err, d.Objects)
	}
	data := fixture.DocWith(fixture.Storage("_1", fixture.Stream("\x01Ole10Native", []byte("\x08\x00\x00\x00bits")), fixture.Stream("\x01CompObj", fixture.CompObj([16]byte{1}, "Paint", "PBrush"))))
	d, err := ReadOLE(context.Background(), bytes.NewReader(data), int64(len(data)), Options{})
	if err != nil || len(d.Objects) != 1 || d.Objects[0].Fault != "" {
		t.Errorf("a picture: %v, %+v", err, d.Objects)
	}
}

func FuzzEquation(f *testing.F) {
	f.Add(mtef("\x0A\x01\x02\x83x\x00\x00\x00"))
	f.Add(mtef("\x08\x5A\x5A" + strings.Repeat("A", 44)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if fault := nativeFault(data); len(fault) > 60 {
			t.Errorf("%q", fault)
		}
	})
}
