package script

import (
	"strings"
	"testing"
)

// encode is the inverse of decode.
func encode(text string) string {
	var b strings.Builder
	b.WriteString("#@~^AAAAAA==")
	for i := 0; i < len(text); i++ {
		c := text[i]
		if at := strings.IndexByte("\n\r><@", c); at >= 0 {
			b.WriteString("@" + "&#*!$"[at:at+1])
			continue
		}
		at := strings.IndexByte(alphabets[turns[i%len(turns)]-'0'], c)
		switch {
		case at < 0:
			b.WriteByte(c)
		case at == 0:
			b.WriteByte('\t')
		default:
			b.WriteByte(byte(at) - 1 + ' ')
		}
	}
	return b.String() + "AAAAAA==^#~@"
}

func TestDecode(t *testing.T) {
	plain := "Set s = CreateObject(\"WScript.Shell\")\r\nIf 1 < 2 And 3 > 2 Then s.Run \"cmd /c ver\", 0 ' a@example.test\tend\r\n"
	for _, tt := range []struct{ name, in, want string }{
		{"a published example", "#@~^DgAAAA==\\ko$K6,JCmV^GJqAQAAA==^#~@", `MsgBox "Hallo"`},
		{"all that is special", encode(plain), plain},
		{"two, and text around them", "<script>" + encode("a=1") + "</script><script>" + encode("b=2") + "</script>", "<script>a=1</script><script>b=2</script>"},
		{"without an end", strings.TrimSuffix(encode("WScript.Echo 1"), "AAAAAA==^#~@"), "WScript.Echo 1"},
		{"none", "plain text", "plain text"},
		{"cut off in its head", "#@~^AA", ""},
	} {
		if got := Decode(tt.in); got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}
