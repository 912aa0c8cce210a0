package pdf

import (
	"bytes"
	golzw "compress/lzw"
	go85 "encoding/ascii85"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/internal/fixture"
)

// dict is an object of names and numbers.
func dict(pairs ...any) *object {
	o := &object{kind: isDict}
	for i := 0; i < len(pairs); i += 2 {
		o.list = append(o.list, object{kind: isName, text: pairs[i].(string)}, object{kind: isNumber, n: int64(pairs[i+1].(int))})
	}
	return o
}

func lzwOf(data []byte) []byte {
	var b bytes.Buffer
	w := golzw.NewWriter(&b, golzw.MSB, 8)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// filters are streams of each kind, and what they hold.
func filters() []struct {
	name, filter string
	params       *object
	data         []byte
	want         string
} {
	long := strings.Repeat("all work and no play ", 3000)
	return []struct {
		name, filter string
		params       *object
		data         []byte
		want         string
	}{
		{"deflate", "FlateDecode", dict(), fixture.Deflated([]byte(long)), long},
		{"deflate behind line ends", "Fl", dict(), append([]byte("\r\n\n"), fixture.Deflated([]byte(long))...), long},
		{"deflate without its header", "Fl", dict(), fixture.Deflated([]byte(long))[2:], long},
		{"LZW up to codes of 12 bits", "LZWDecode", dict("EarlyChange", 0), lzwOf([]byte(long)), long},
		{"hexadecimal", "AHx", dict(), []byte("48 65\n6c6C 6f7>ignored"), "Hellop"},
		{"hexadecimal, other characters", "AHx", dict(), []byte("4x8!6-5>"), "He"},
		{"base 85", "A85", dict(), []byte("87cUR\nz D]i,\"Ebo7~>87cUR"), "Hell\x00\x00\x00\x00o World"},
		{"runs", "RL", dict(), []byte("\x04Hello\xFEx\x80ignored"), "Helloxxx"},
		{"runs cut in a literal", "RL", dict(), []byte("\x7FHello"), "Hello"},
		{"runs cut before the byte", "RL", dict(), []byte("\x00H\xFE"), "H"},
		{"PNG, left", "Fl", dict("Predictor", 11, "Columns", 3), fixture.Deflated([]byte("\x01a\x01\x01\x01b\x01\x01")), "abcbcd"},
		{"PNG, up", "Fl", dict("Predictor", 15, "Columns", 3), fixture.Deflated([]byte("\x00abc\x02\x01\x01\x01")), "abcbcd"},
		{"PNG, average", "Fl", dict("Predictor", 13, "Columns", 2), fixture.Deflated([]byte("\x00dd\x03\x02\x02")), "dd4N"},
		{"PNG, Paeth", "Fl", dict("Predictor", 14, "Columns", 3), fixture.Deflated([]byte("\x04\x0A\x0A\x0A\x04\x01\x01\xF6")), "\x0A\x14\x1E\x0B\x15\x14"},
		{"PNG, a row cut", "Fl", dict("Predictor", 12, "Columns", 4), fixture.Deflated([]byte("\x00abcd\x02\x01\x01")), "abcdbc"},
		{"PNG of pixels", "Fl", dict("Predictor", 11, "Columns", 2, "Colors", 3), fixture.Deflated([]byte("\x01abc\x01\x01\x01")), "abcbcd"},
		{"TIFF", "Fl", dict("Predictor", 2, "Columns", 3), fixture.Deflated([]byte("a\x01\x01b\x01\x01")), "abcbcd"},
		{"a predictor of numbers beyond all", "Fl", dict("Predictor", 99, "Columns", 1<<40, "Colors", 1<<40, "BitsPerComponent", 1<<40), fixture.Deflated([]byte("\x00abc")), "abc"},
		{"a predictor of numbers below zero", "Fl", dict("Predictor", -1, "Columns", -1), fixture.Deflated([]byte("abc")), "abc"},
		{"the crypt filter", "Crypt", dict(), []byte("abc"), "abc"},
	}
}

func TestFilters(t *testing.T) {
	for _, tt := range filters() {
		for name, in := range map[string]io.Reader{"": bytes.NewReader(tt.data), ", byte by byte": iotest.OneByteReader(bytes.NewReader(tt.data))} {
			got, err := io.ReadAll(filter(tt.filter, in, tt.params))
			if err != nil || string(got) != tt.want {
				t.Errorf("%s%s: %.60q (%d bytes), %v", tt.name, name, got, len(got), err)
			}
		}
		got, err := io.ReadAll(iotest.OneByteReader(filter(tt.filter, bytes.NewReader(tt.data), tt.params)))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s, asked for single bytes: %.60q, %v", tt.name, got, err)
		}
	}
}

// TestFiltersGiveWhatThereIs: data cut anywhere gives the beginning, without an error.
func TestFiltersGiveWhatThereIs(t *testing.T) {
	for _, tt := range filters() {
		for n := range tt.data {
			got, err := io.ReadAll(filter(tt.filter, bytes.NewReader(tt.data[:n]), tt.params))
			rough := tt.filter == "A85" || tt.filter == "AHx" // the last group is filled up
			if err != nil || !strings.HasPrefix(tt.want, string(got)) && !rough {
				t.Fatalf("%s, %d bytes: %.60q, %v", tt.name, n, got, err)
			}
		}
	}
}

func TestErrorsOfTheReaderGoThroughFilters(t *testing.T) {
	broken := errors.New("disk")
	for _, tt := range filters() {
		for n := range min(len(tt.data), 4) {
			in := io.MultiReader(bytes.NewReader(tt.data[:n]), iotest.ErrReader(broken))
			if _, err := io.ReadAll(filter(tt.filter, in, tt.params)); !errors.Is(err, broken) && !over(tt.data[:n]) {
				t.Errorf("%s, %d bytes: %v", tt.name, n, err)
			}
		}
	}
}

// over: the data told its end.
func over(b []byte) bool { return bytes.ContainsAny(b, ">~") }

// lzwCodes9 packs codes of nine bits.
func lzwCodes9(codes ...int) []byte {
	var out []byte
	var bits uint32
	have := 0
	for _, c := range codes {
		bits, have = bits<<9|uint32(c), have+9
		for ; have >= 8; have -= 8 {
			out = append(out, byte(bits>>(have-8)))
		}
	}
	return append(out, byte(bits<<(8-have)))
}

func TestLZWOfHostileCodes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		codes []int
		want  string
	}{
		{"a string of itself", []int{lzwClear, 'a', 258, lzwEnd}, "aaa"},
		{"without a beginning", []int{'a', 'b', lzwEnd}, "ab"},
		{"a string before any", []int{lzwClear, 258}, ""},
		{"a string that is not there yet", []int{lzwClear, 'a', 259}, "a"},
		{"a string of before the clearing", []int{lzwClear, 'a', 'b', lzwClear, 258}, "ab"},
		{"cleared again and again", []int{lzwClear, lzwClear, 'a', lzwClear, 'b', lzwEnd, 'c'}, "ab"},
	} {
		got, err := io.ReadAll(newLZW(bytes.NewReader(lzwCodes9(tt.codes...)), 1))
		if err != nil || strings.TrimRight(string(got), "\x00") != tt.want {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}

func TestPicturesAreNotDecoded(t *testing.T) {
	for _, name := range []string{"DCTDecode", "CCITTFaxDecode", "JBIG2Decode", "JPXDecode", "", "NoSuchDecode"} {
		if filter(name, bytes.NewReader(nil), dict()) != nil {
			t.Errorf("%s is decoded", name)
		}
	}
}

func TestTextStrings(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "\xFE\xFF\x00a": "a", "\xFF\xFEa\x00": "a", "\xFE\xFF\x00a\x00": "a", "\xEF\xBB\xBFä": "ä", "ä": "ä", "\xE4": "ä", "": "",
		"\xFE\xFF\xD8\x3D\xDE\x00": "😀", "\xFE\xFF\xD8\x3D": "\uFFFD",
	} {
		if got := textString([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTokens(t *testing.T) {
	for in, want := range map[string]token{
		"12": {kind: tokenNumber, n: 12}, "-12.9": {kind: tokenNumber, n: -12}, "+.5": {kind: tokenNumber}, "--5": {kind: tokenNumber, n: -5},
		"99999999999999999999999": {kind: tokenNumber, n: 9999999999999999}, "/Na#6De": {kind: tokenName, text: "Name"}, "/#": {kind: tokenName, text: "#"},
		"/#4": {kind: tokenName, text: "#4"}, "/": {kind: tokenName}, "true": {kind: tokenWord, text: "true"}, ">": {kind: tokenWord}, "}": {kind: tokenWord},
		"<>": {kind: tokenString}, "<4": {kind: tokenString, text: "@"}, "(\\": {kind: tokenString}, "(a(b)c": {kind: tokenString, text: "a(b)c"},
		"(\\4001)": {kind: tokenString, text: "\x001"}, "% comment": {}, "": {}, "/" + strings.Repeat("x", 600): {kind: tokenName, text: strings.Repeat("x", nameMax)},
		strings.Repeat("x", 600): {kind: tokenWord, text: strings.Repeat("x", nameMax)},
	} {
		left := int64(1 << 20)
		l := &lexer{src: memory(t.Context(), []byte(in), &left)}
		got := l.next()
		if got.at = 0; got != want {
			t.Errorf("%.40q: %+v, want %+v", in, got, want)
		}
	}
}

// FuzzFilters holds base 85, hexadecimal and LZW against the standard library: what it decodes without an error, we decode in the same way, where the data
// says its end as PDF does.
func FuzzFilters(f *testing.F) {
	for _, tt := range filters() {
		f.Add(tt.data[:min(len(tt.data), 1000)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 16<<10 || over(b) {
			return
		}
		plain := bytes.Join(bytes.Fields(b), nil)
		for _, tt := range []struct {
			name   string
			data   []byte
			params *object
			theirs io.Reader
		}{
			{"A85", append(bytes.Clone(b), "~>"...), dict(), go85.NewDecoder(bytes.NewReader(b))},
			{"AHx", append(bytes.Clone(b), '>'), dict(), hex.NewDecoder(bytes.NewReader(plain))},
			{"LZWDecode", b, dict("EarlyChange", 0), golzw.NewReader(bytes.NewReader(b), golzw.MSB, 8)},
		} {
			want, err := io.ReadAll(io.LimitReader(tt.theirs, 1<<20))
			got, ours := io.ReadAll(io.LimitReader(filter(tt.name, bytes.NewReader(tt.data), tt.params), 1<<20))
			if err == nil && (ours != nil || !bytes.Equal(got, want)) {
				t.Errorf("%s of %q: %q and %v, the standard library has %q", tt.name, tt.data, got, ours, want)
			}
		}
	})
}
