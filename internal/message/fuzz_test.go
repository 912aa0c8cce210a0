package message_test

import (
	"testing"

	"github.com/emersion/go-message/mail"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// fuzzLimits are small, so that a fuzzer reaches them.
var fuzzLimits = message.Limits{Depth: 8, Parts: 40, Header: 4096, Text: 512, Memory: 2048}

// FuzzWalk: chunking changes nothing, what is decoded is linear in what came in, every part has a path of its own kind, and no limit is silent.
func FuzzWalk(f *testing.F) {
	for _, s := range attachmentShapes() {
		f.Add([]byte(s.mail))
	}
	for _, s := range encodingShapes() {
		f.Add([]byte("Content-Transfer-Encoding: " + s.cte + "\r\n\r\n" + clipString(s.body)))
	}
	f.Add(fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("x"), fixture.FilePart("請求書.doc", "application/msword", doc)).Bytes())
	limits := fuzzLimits
	f.Fuzz(func(t *testing.T, mail []byte) {
		if len(mail) > 16<<10 {
			return
		}
		limits.SpoolDir = t.TempDir()
		r := sameInChunks(t, mail, limits)
		if most := 64*int64(len(mail)) + 1<<10; r.decoded > most {
			t.Errorf("%d bytes decoded from %d", r.decoded, len(mail))
		}
		if len(r.parts) > limits.Parts {
			t.Errorf("%d parts", len(r.parts))
		}
		for _, p := range r.parts {
			if p.Path == "" || len(p.Text) > limits.Text {
				t.Errorf("part %+v", p)
			}
		}
		for _, f := range r.findings {
			if f.Kind != finding.MailMalformed && f.Kind != finding.LimitDepth && f.Kind != finding.LimitFiles && f.Kind != finding.LimitSize && f.Kind != finding.ScanIncomplete {
				t.Errorf("finding %+v", f)
			}
		}
	})
}

func clipString(s string) string { return s[:min(len(s), 2000)] }

// FuzzAddresses: a value that the quick reader takes is read by the strict one in the same way.
func FuzzAddresses(f *testing.F) {
	for _, v := range []string{
		"a@example.com", "Taro Sato <a@example.com>", `"Sato, Taro" <a.b@mail.example.com>`, "<a@b>", "a  b <a@b>", "a@b.", ".a@b", "a..b@c", `"" <a@b>`,
		`" a " <a@b>`, "a.b <c@d>", "A@B@c", "a b@c", "a@b, c@d", "undisclosed-recipients:;", `"a" b <c@d>`, "x<a@b>", "a@[1.2.3.4]",
	} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		quick, ok := message.SimpleMailbox(v)
		if !ok {
			return
		}
		strict, err := mail.ParseAddressList(v)
		if err != nil || len(strict) != 1 || strict[0].Name != quick.Name || strict[0].Address != quick.Addr {
			t.Errorf("%q read as %+v, strictly as %v, %v", v, quick, strict, err)
		}
	})
}
