package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestParseSeven: headers by hand, each wrong in one place.
func TestParseSeven(t *testing.T) {
	const (
		pack   = "\x06\x00\x01\x09\x05\x00"                 // one stream of five bytes
		unpack = "\x07\x0B\x01\x00\x01\x01\x00\x0C\x05\x00" // one folder, copied
		names  = "\x11\x05\x00a\x00\x00\x00"
	)
	for _, tt := range []struct {
		name   string
		header string
		class  Class // 0 for none
		files  int
	}{
		{"one file", "\x01\x04" + pack + unpack + "\x00\x05\x01" + names + "\x00\x00", 0, 1},
		{"nothing", "\x01\x00", 0, 0},
		{"unknown property of files", "\x01\x05\x01\x0E\x01\x80\x7F\x02xx" + names + "\x00\x00", 0, 1},
		{"padding", "\x01\x05\x01\x0E\x01\x80\x19\x03\x00\x00\x00" + names + "\x00\x00", 0, 1},
		{"folder of two files", "\x01\x04" + pack + unpack + "\x08\x0D\x02\x09\x03\x0A\x01AAAABBBB\x00\x00\x05\x02\x11\x09\x00a\x00\x00\x00b\x00\x00\x00\x00\x00", 0, 2},
		{"properties of the archive", "\x01\x02\x30\x01x\x00\x00", 0, 0},
		{"streams beside", "\x01\x03" + pack + unpack + "\x00\x00", 0, 0},
		{"checksums and more of packed streams", "\x01\x04\x06\x00\x01\x09\x05\x0A\x01AAAA\x7F\x01x\x00" + unpack + "\x00\x05\x01" + names + "\x00\x00", 0, 1},
		{"a checksum and more of the folder", "\x01\x04" + pack + unpack[:9] + "\x0A\x01AAAA\x7F\x01x\x00\x00\x05\x01" + names + "\x00\x00", 0, 1},
		{"a property before the numbers of streams", "\x01\x04" + pack + unpack + "\x08\x7F\x01x\x0D\x01\x00\x00\x05\x01" + names + "\x00\x00", 0, 1},
		{"a property behind the sizes", "\x01\x04" + pack + unpack + "\x08\x0D\x01\x7F\x01x\x00\x00\x05\x01" + names + "\x00\x00", 0, 1},
		{"to be deleted", "\x01\x05\x01\x0E\x01\x80\x10\x01\x80" + names + "\x00\x00", 0, 1},
		{"some attributes", "\x01\x05\x02\x0E\x01\xC0\x15\x07\x00\x40\x00\x20\x00\x00\x00\x00\x00", 0, 2},
		{"four packed streams of one coder", "\x01\x04\x06\x00\x04\x09\x01\x01\x01\x01\x00\x07\x0B\x01\x00\x01\x14\x03\x03\x01\x1B\x04\x01" +
			"\x03\x01\x02\x00\x0C\x05\x00\x00\x00", 0, 0},

		{"neither header nor encoded", "\x02\x00", Damaged, 0},
		{"something behind it", "\x01\x00\x00", Damaged, 0},
		{"cut", "\x01\x04" + pack + unpack[:6], Damaged, 0},
		{"more files than streams", "\x01\x05\x01" + names + "\x00\x00", Damaged, 0},
		{"a file larger than its folder", "\x01\x04" + pack + unpack + "\x08\x0D\x02\x09\x06\x00\x00\x00", Damaged, 0},
		{"no packed stream for the folder", "\x01\x04" + unpack + "\x00\x00", Damaged, 0},
		{"no coders", "\x01\x04" + pack + "\x07\x0B\x01\x00\x00\x0C\x00\x00\x00", Damaged, 0},
		{"a coder of two outputs", "\x01\x04" + pack + "\x07\x0B\x01\x00\x01\x11\x00\x01\x02\x0C\x05\x00\x00\x00", Damaged, 0},
		{"a coder that feeds itself", "\x01\x04" + pack + "\x07\x0B\x01\x00\x02\x01\x00\x01\x00\x05\x00\x0C\x05\x05\x00\x00\x00", Damaged, 0},
		{"two encoded folders", "\x17" + "\x06\x00\x02\x09\x05\x05\x00\x07\x0B\x02\x00\x01\x01\x00\x01\x01\x00\x0C\x05\x05\x00\x00", Damaged, 0},
		{"more than one stream, one of them twice", "\x01\x04\x06\x00\x02\x09\x01\x01\x00\x07\x0B\x01\x00\x01\x11\x00\x02\x01\x00\x00\x0C\x05\x00\x00\x00", Damaged, 0},
		{"a stream for an input that is none", "\x01\x04\x06\x00\x02\x09\x01\x01\x00\x07\x0B\x01\x00\x01\x11\x00\x02\x01\x00\x02\x0C\x05\x00\x00\x00", Damaged, 0},
		{"flags of coders that do not exist", "\x01\x04" + pack + "\x07\x0B\x01\x00\x01\x81\x00\x0C\x05\x00\x00\x00", Damaged, 0},
		{"a coder of a thousand inputs", "\x01\x04" + pack + "\x07\x0B\x01\x00\x01\x11\x00\x83\xE8\x01\x0C\x05\x00\x00\x00", Damaged, 0},
		{"no folders", "\x01\x04" + pack + "\x07\x0C\x01\x00\x00\x00", Damaged, 0},
		{"no sizes of folders", "\x01\x04" + pack + unpack[:7] + "\x00\x00\x00", Damaged, 0},
		{"no end of streams", "\x01\x04" + pack + unpack + "\x7F\x00\x00", Damaged, 0},
		{"no end of the header", "\x01\x04" + pack + unpack + "\x00\x05\x01" + names + "\x00\x7F", Damaged, 0},
		{"names cut", "\x01\x05\x02\x0E\x01\xC0" + names + "\x00\x00", Damaged, 0},
		{"folders elsewhere", "\x01\x04" + pack + "\x07\x0B\x01\x01\x00", Unsupported, 0},
		{"names elsewhere", "\x01\x05\x01\x0E\x01\x80\x11\x02\x01\x00\x00\x00", Unsupported, 0},
		{"a million files", "\x01\x05\xE0\x40\x42\x0F" + names + "\x00\x00", TooLarge, 0},
		{"a million folders", "\x01\x04" + pack + "\x07\x0B\xE0\x40\x42\x0F\x00", TooLarge, 0},
		{"a million packed streams", "\x01\x04\x06\x00\xE0\x40\x42\x0F", TooLarge, 0},
		{"forty coders", "\x01\x04" + pack + "\x07\x0B\x01\x00\x28", TooLarge, 0},
		{"a million files of a folder", "\x01\x04" + pack + unpack + "\x08\x0D\xE0\x40\x42\x0F\x00\x00\x00", TooLarge, 0},
		{"endless properties of the archive", "\x01\x02" + strings.Repeat("\x30\x00", 2*maxAttrs) + "\x00\x00", Damaged, 0},
		{"endless properties of packed streams", "\x01\x04\x06\x00\x01" + strings.Repeat("\x7F\x00", 2*maxAttrs) + "\x00", Damaged, 0},
		{"endless properties of folders", "\x01\x04" + pack + unpack[:9] + strings.Repeat("\x7F\x00", 2*maxAttrs) + "\x00\x00\x00", Damaged, 0},
		{"endless properties before the numbers of streams", "\x01\x04" + pack + unpack + "\x08" + strings.Repeat("\x7F\x00", 2*maxAttrs) + "\x00\x00\x00", Damaged, 0},
		{"endless properties behind them", "\x01\x04" + pack + unpack + "\x08\x0D\x01" + strings.Repeat("\x7F\x00", 2*maxAttrs) + "\x00\x00\x00", Damaged, 0},
		{"endless properties of files", "\x01\x05\x00" + strings.Repeat("\x19\x00", 2*maxAttrs) + "\x00\x00", Damaged, 0},
	} {
		h, _, err := parseSeven([]byte(tt.header))
		var e *Error
		switch {
		case tt.class == 0 && (err != nil || len(h.files) != tt.files):
			t.Errorf("%s: %d files, %v", tt.name, len(h.files), err)
		case tt.class != 0 && (!errors.As(err, &e) || e.Class != tt.class):
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestOrderOfCoders(t *testing.T) {
	one := sevenCoder{in: 1}
	for _, tt := range []struct {
		name   string
		coders []sevenCoder
		binds  []sevenBind
		want   string
	}{
		{"one", []sevenCoder{one}, nil, "0"},
		{"from the input on", []sevenCoder{one, one}, []sevenBind{{1, 0}}, "01"},
		{"from the output on", []sevenCoder{one, one}, []sevenBind{{0, 1}}, "10"},
		{"BCJ2", []sevenCoder{{in: 4}, one, one, one}, []sevenBind{{0, 1}, {1, 2}, {2, 3}}, "1230"},
		{"a circle", []sevenCoder{one, one}, []sevenBind{{0, 0}, {1, 1}}, ""},
		{"a circle beside", []sevenCoder{one, one, one}, []sevenBind{{1, 2}, {2, 1}}, ""},
		{"one feeds two", []sevenCoder{{in: 2}, one}, []sevenBind{{0, 1}, {1, 1}}, ""},
	} {
		f := &sevenFolder{coders: tt.coders, binds: tt.binds}
		list, ok := f.order()
		got := ""
		for _, n := range list {
			got += string(rune('0' + n))
		}
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s: %q, %v", tt.name, got, ok)
		}
	}
}

// TestHeadersForTheLibrary: what the library gets of a folder is read as that folder.
func TestHeadersForTheLibrary(t *testing.T) {
	bcj2 := sevenFolder{ // 7-Zip's own order: BCJ2 first, fed by two coders and two packed streams
		coders: []sevenCoder{{method: "\x03\x03\x01\x1B", in: 4}, {method: "\x21", properties: []byte{24}, in: 1}, {method: "\x21", properties: []byte{20}, in: 1}},
		binds:  []sevenBind{{0, 1}, {1, 2}}, packed: []uint64{4, 5, 2, 3}, sizes: []uint64{10, 20, 300, 4}, unpack: []uint64{1000, 500, 200}, sum: sevenSum{size: 1000},
	}
	order, ok := bcj2.order()
	if !ok {
		t.Fatal(order)
	}
	h, _, err := parseSeven(bcj2.header(order))
	if err != nil || len(h.folders) != 1 {
		t.Fatal(err)
	}
	f := h.folders[0]
	var fed []string // by each packed stream: the method and which of its inputs
	for _, in := range f.packed {
		coder := 0
		for in >= f.firstInput(coder)+f.coders[coder].in {
			coder++
		}
		fed = append(fed, fmt.Sprintf("%x/%d", f.coders[coder].method, in-f.firstInput(coder)))
	}
	if got := fmt.Sprint(fed, f.sizes, f.sum.size); got != "[21/0 21/0 0303011b/2 0303011b/3] [10 20 300 4] 1000" {
		t.Error(got)
	}
}

func TestFoldersBeyondTheEndAreCut(t *testing.T) {
	archive := io.NewSectionReader(bytes.NewReader(make([]byte, 100)), 0, 100)
	copied := []sevenCoder{{method: "\x00", in: 1}}
	for _, tt := range []struct {
		name  string
		f     sevenFolder
		class Class
	}{
		{"a stream larger than the file", sevenFolder{coders: copied, packed: []uint64{0}, sizes: []uint64{101}, unpack: []uint64{1}}, Cut},
		{"a stream of all bits", sevenFolder{coders: copied, packed: []uint64{0}, sizes: []uint64{1<<64 - 1}, unpack: []uint64{1}}, Cut},
		{"behind the end", sevenFolder{coders: copied, packed: []uint64{0}, at: 1 << 62, sizes: []uint64{1}, unpack: []uint64{1}}, Cut},
		{"over the end", sevenFolder{coders: copied, packed: []uint64{0}, at: 60, sizes: []uint64{41}, unpack: []uint64{1}}, Cut},
		{"a circle", sevenFolder{coders: append(copied, copied...), binds: []sevenBind{{0, 0}, {1, 1}}}, Damaged},
		{"a method that the library lacks", sevenFolder{coders: []sevenCoder{{method: "\x7F", in: 1}}, packed: []uint64{0}, sizes: []uint64{1}, unpack: []uint64{1}}, Damaged},
	} {
		if _, err := openFolder(archive, &tt.f); classOf(err) != tt.class {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestNumbersOfSeven(t *testing.T) {
	for _, tt := range []struct {
		b    string
		want uint64
	}{
		{"\x00", 0}, {"\x7F", 127}, {"\x80\x80", 128}, {"\xBF\xFF", 1<<14 - 1}, {"\xC0\x00\x40", 1 << 14}, {"\xFE\x01\x02\x03\x04\x05\x06\x07", 0x07060504030201},
		{"\xFF\x01\x02\x03\x04\x05\x06\x07\x08", 0x0807060504030201}, {"\xFF\x01", 1}, {"", 0},
	} {
		c := &sevenCursor{cursor: cursor{b: []byte(tt.b)}}
		if got := c.number(); got != tt.want || c.bad != (tt.b == "" || tt.b == "\xFF\x01") {
			t.Errorf("% x: %#x, bad %v", tt.b, got, c.bad)
		}
		again := &sevenCursor{cursor: cursor{b: appendNumber(nil, tt.want)}}
		if got := again.number(); got != tt.want {
			t.Errorf("%#x written and read: %#x", tt.want, got)
		}
	}
}
