package script

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"io"
	"strings"
	"unicode/utf8"
)

// What hides a file in a text, and how to see that it is one.

const inflateMax = 16 << 20 // bytes of a compressed payload; a larger one is cut

// inflated undoes zlib or raw deflate where the script has the means (RFC 1950, 1951).
func (x *extraction) inflated(b []byte) ([]byte, bool) {
	means := false
	for _, w := range []string{"inflate", "inflatesync", "inflateraw", "unzlib", "unzlibsync", "decompress", "decompresssync", "decompressionstream", "pako", "fflate"} {
		means = means || x.f.has(w)
	}
	if !means {
		return nil, false
	}
	var r io.Reader = flate.NewReader(bytes.NewReader(b))
	if z, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
		r = z
	}
	c, _ := io.ReadAll(io.LimitReader(r, inflateMax)) // what came before an error counts
	return c, len(c) >= payloadMin && magicOf(c)
}

// hostWords reports whether text is a script that Windows runs, or a file that leads it to an address.
func hostWords(t string) bool {
	low := strings.ToLower(t[:min(len(t), 4096)])
	for _, w := range []string{"activexobject", "wscript.", "createobject(", "<hta:application", "@echo off", "[internetshortcut]", "powershell", "#@~^"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

const keysMax = 32 // texts of a script that are tried as its key

// keys are the keys worth a try: the byte that makes a known beginning of the first, and the script's short texts.
func (x *extraction) keys(b []byte) [][]byte {
	var keys [][]byte
	for _, m := range magicBytes {
		if k := b[0] ^ m[0]; k != 0 && len(b) > 1 && b[1]^m[1] == k {
			keys = append(keys, []byte{k})
		}
	}
	for _, s := range x.f.strings {
		if len(keys) >= keysMax {
			break
		}
		if len(s) > 1 && len(s) <= 64 && !strings.ContainsAny(s, "<> ") {
			keys = append(keys, []byte(s))
		}
	}
	return keys
}

func xor(b, key []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] ^ key[i%len(key)]
	}
	return out
}

// magicBytes begin the files that attackers carry.
var magicBytes = [...]string{"PK\x03\x04", "MZ", "\xD0\xCF\x11\xE0", "7z\xBC\xAF", "Rar!", "%PDF-", "MSCF", "L\x00\x00\x00\x01\x14\x02", "\x1F\x8B\x08", "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D", "{\\rtf",
	"\x89PNG", "\xFF\xD8\xFF", "GIF8", "ITSF", "\x7FELF", "#@~^", "[InternetShortcut]", "conectix", "vhdxfile", "wOFF", "wOF2"}

const isoMark = 0x8001 // ECMA-119 6.2.1, 8.1.2

// magicOf reports whether b begins as a file of a known kind.
func magicOf(b []byte) bool {
	for _, m := range magicBytes {
		if bytes.HasPrefix(b, []byte(m)) && (m != "MZ" || len(b) > 512 || bytes.Contains(b, []byte("PE\x00\x00"))) {
			return true
		}
	}
	return len(b) > isoMark+5 && (string(b[isoMark:isoMark+5]) == "CD001" || string(b[isoMark:isoMark+5]) == "BEA01")
}

// isPage reports whether text is markup with a script, or a script that hands something over.
func isPage(t string) bool {
	if len(t) < 40 {
		return false
	}
	return indexFold(t, "<script") >= 0 || indexFold(t, "<iframe") >= 0 || strings.Contains(t, "createObjectURL") || strings.Contains(t, "document.write") || indexFold(t, "<a ") >= 0 && strings.Contains(t, "data:")
}

// isPage tells what the script writes into its page, or runs, from a script for Windows that it hands over.
func (x *extraction) isPage(t string) bool {
	return isPage(t) && (!x.hands || !hostWords(t) || strings.Contains(t, "createObjectURL"))
}

func fromReversed(t string) ([]byte, bool) { return fromBase64(string(reversed([]byte(t)))) }

func fromPercent(t string) ([]byte, bool) {
	if strings.Count(t, "%")*6 < len(t) {
		return nil, false
	}
	return unescape(t), true
}

// fromNumbers reads numbers from 0 to 255 that commas or blanks part, in brackets or without.
func fromNumbers(t string) ([]byte, bool) {
	t = strings.TrimSuffix(strings.TrimPrefix(t, "["), "]")
	var b []byte
	n, digits := 0, 0
	for i := 0; i <= len(t); i++ {
		c := byte(',')
		if i < len(t) {
			c = t[i]
		}
		switch {
		case '0' <= c && c <= '9' && digits < 3:
			n, digits = n*10+int(c-'0'), digits+1
		case digits > 0 && n < 256 && (c == ',' || c == ' ' || c == ';' || c == '|' || c == '-' || c == '.'):
			b = append(b, byte(n))
			n, digits = 0, 0
		case digits > 0 || c != ' ':
			return nil, false
		}
	}
	return b, len(b) >= arrayMin
}

// latin1 is a text of characters below 256 as bytes. Folding makes bytes of them; those that stand in the page are in UTF-8.
func latin1(t string) []byte {
	if !utf8.ValidString(t) {
		return []byte(t)
	}
	b := make([]byte, 0, len(t))
	for _, c := range t {
		b = append(b, byte(c))
	}
	return b
}
