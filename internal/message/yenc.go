package message

import "bytes"

// yEnc (the yEnc working group's draft 1.3): a file inside text, between lines that begin with "=ybegin" and "=yend". Sizes and check sums are not asked.

// yBegin reads "=ybegin line=128 size=123 name=file".
func yBegin(line []byte) (name string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("=ybegin "))
	if !ok {
		return "", false
	}
	_, after, ok := bytes.Cut(rest, []byte("name="))
	return string(bytes.Trim(after, " \t\"")), ok
}

// yStep takes a line inside a file, and returns nil at its end.
func yStep(line []byte, cur *leaf, done func(*leaf)) *leaf {
	cur.encoded += int64(len(line)) + 1
	switch {
	case bytes.HasPrefix(line, []byte("=yend")):
		done(cur)
		return nil
	case bytes.HasPrefix(line, []byte("=ypart ")):
		return cur
	}
	cur.out.write(yDecode(cur.out.room(len(line)), line))
	return cur
}

// yDecode appends the bytes of a line: each has 42 added, and one that may not stand in text has 64 more added behind a "=".
func yDecode(dst, line []byte) []byte {
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '=' && i+1 < len(line) {
			i++
			c = line[i] - 64
		}
		dst = append(dst, c-42)
	}
	return dst
}
