package message

import (
	"strings"
	"unicode/utf16"
)

// decodeUTF7 decodes RFC 2152: "+" opens modified base64 of UTF-16, "-" or any other character closes it. What is broken is skipped.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			if b[i] < 0x80 {
				out.WriteByte(b[i])
			} else {
				out.WriteRune('\uFFFD')
			}
			continue
		}
		end := i + 1
		for end < len(b) && base64Value[b[end]] < 64 {
			end++
		}
		switch {
		case end == i+1 && end < len(b) && b[end] == '-': // "+-" is "+"
			out.WriteByte('+')
		case end == i+1:
			out.WriteByte('+')
			continue
		default:
			out.WriteString(utf7Run(b[i+1 : end]))
		}
		i = end - 1
		if end < len(b) && b[end] == '-' {
			i = end
		}
	}
	return out.String()
}

func utf7Run(b []byte) string {
	raw := decodeBase64(string(b))
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units))
}
