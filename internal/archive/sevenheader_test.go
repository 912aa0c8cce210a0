package archive

import (
	"errors"
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
		{"names cut", "\x01\x05\x02\x0E\x01\xC0" + names + "\x00\x00", Damaged, 0},
		{"folders elsewhere", "\x01\x04" + pack + "\x07\x0B\x01\x01\x00", Unsupported, 0},
		{"names elsewhere", "\x01\x05\x01\x0E\x01\x80\x11\x02\x01\x00\x00\x00", Unsupported, 0},
		{"a million files", "\x01\x05\xE0\x40\x42\x0F" + names + "\x00\x00", TooLarge, 0},
		{"endless properties", "\x01\x05\x00" + strings.Repeat("\x19\x00", 2*maxAttrs) + "\x00\x00", Damaged, 0},
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
