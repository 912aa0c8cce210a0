package script

import "strings"

// Microsoft's Script Encoder (the content of .vbe and .jse, "VBScript.Encode"): a substitution by three alphabets, which take turns in an order of 64.
// Microsoft never described it; the alphabets are those that every decoder since 2000 has.
const (
	encodedStart = "#@~^" // then the length in base64, "=="
	encodedEnd   = "==^#~@"
	turns        = "0120121221210212021200122102122100212120200120210212001220012021"
)

// alphabets are the characters that a tab and the bytes 0x20 to 0x7F stand for.
var alphabets = [3]string{
	"W.GzVBj/&IA42[vrC89pEhqO\x09bD#uJ~J^@wJa]\"KoN;LPg*}tT+-,0nkf5%!dMRc?{x)(sY3\x7FmUS|:_eFX1ilZH'\\=$y7`Q 6",
	"n-uR`q^I\\b})6 |z\x7Fkc3+hQfv1dTCL:L~LE,*t'7DyY/o&rj9{?8wgSG4x]0#Z[lHUpi.L!$NP\x09Vs5aKX;W\"mM%(FJ2A=_OBe",
	"{20!)[83=X:5e9\\VsfNEkbYx^}JmqA`AS@B'Hru17MR\"TjGd- \x7F.L]~loytC&v%$+(#A4\x09*D?w;UiacPgQIOFh|6pnz/_KZ,W",
}

// Encoded reports whether text holds an encoded script.
func Encoded(text string) bool { return strings.Contains(text, encodedStart) }

const (
	encodedHead = len(encodedStart) + len("AAAAAA==")
	checkSum    = len("AAAAAA") // in base64, before the end mark
)

// Decode replaces the encoded scripts in text by what they say. The end mark counts, not the length: where it is missing the rest is the script.
func Decode(text string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, encodedStart)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		body := after[min(len(after), encodedHead-len(encodedStart)):]
		body, text, ok = strings.Cut(body, encodedEnd)
		if ok {
			body = body[:max(0, len(body)-checkSum)]
		}
		decode(&b, body)
	}
}

// decode writes what one encoded script says. Every character of ASCII takes a turn; "@" and a sign stand for what must not appear.
func decode(b *strings.Builder, body string) {
	turn := 0
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c >= 0x80 {
			b.WriteByte(c)
			continue
		}
		alphabet := alphabets[turns[turn%len(turns)]-'0']
		turn++
		switch {
		case c == '@' && i+1 < len(body) && strings.IndexByte("&#*!$", body[i+1]) >= 0:
			i++
			b.WriteByte("\n\r><@"[strings.IndexByte("&#*!$", body[i])])
		case c == '\t':
			b.WriteByte(alphabet[0])
		case c >= ' ' && c != '<' && c != '>' && c != '@':
			b.WriteByte(alphabet[c-' '+1])
		default:
			b.WriteByte(c)
		}
	}
}
