package inspect

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// attaching is a mail, or what is signed of one, with a document attached.
func attaching(name string, b []byte) []byte {
	m := fixture.Mail{Fields: []string{"MIME-Version: 1.0"}, Parts: []fixture.Mail{fixture.TextPart("the password is Wort4711"), fixture.FilePart(name, "application/octet-stream", b)}}
	return m.Bytes()
}

func TestSMIME(t *testing.T) {
	mail := attaching("a.doc", fixture.DocVBA(quiet))
	signed := fixture.CMS(fixture.CMSSigned, mail)
	for _, tt := range []struct {
		name           string
		file           []byte
		findings, tree []string
	}{
		{"signed", signed, []string{"vba.present 2"}, []string{" p7m", "2 doc"}},
		{"signed, in pieces", fixture.CMSStreamed(fixture.CMSSigned, mail, 1000), []string{"vba.present 2"}, []string{" p7m", "2 doc"}},
		{"compressed", fixture.CMS(fixture.CMSCompressed, fixture.Deflated(mail)), []string{"vba.present 2"}, []string{" p7m", "2 doc"}},
		{"in text", fixture.Armored("PKCS7", "", signed), []string{"vba.present 2"}, []string{" p7m", "2 doc"}},
		{"in base64", fixture.Base64(signed), []string{"vba.present 2"}, []string{" p7m", "2 doc"}},
		{"signed twice", fixture.CMS(fixture.CMSSigned, attaching("smime.p7m", signed)), []string{"vba.present 2!/2"}, []string{" p7m", "2 p7m", "2!/2 doc"}},
		{"encrypted", fixture.CMS(fixture.CMSEnveloped, []byte("x")), []string{"mail.encrypted"}, []string{" p7m encrypted"}},
		{"encrypted in what is signed", fixture.CMS(fixture.CMSSigned, attaching("smime.p7m", fixture.CMS(fixture.CMSAuthEnv, []byte("x")))),
			[]string{"mail.encrypted 2"}, []string{" p7m", "2 p7m encrypted"}},
		{"signature of what stands elsewhere", fixture.CMS(fixture.CMSSigned, nil), nil, []string{" data"}},
		{"document that is signed", fixture.CMS(fixture.CMSSigned, pdfWith("a.js", []byte("x"))), []string{"script.file file!/a.js", "pdf.embedded file!/a.js"},
			[]string{" p7m", "file pdf", "file!/a.js script"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := scanner(t, Options{}).Begin()
			if _, err := s.File(context.Background(), nil, "file.p7m", bytes.NewReader(tt.file), int64(len(tt.file))); err != nil {
				t.Fatal(err)
			}
			r := s.Result()
			if diff := cmp.Diff(tt.findings, lines(r)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.tree, tree(r)); diff != "" || r.Incomplete {
				t.Errorf("incomplete %v: %s", r.Incomplete, diff)
			}
		})
	}
}

func TestSignedTextIsTheMails(t *testing.T) {
	signed := fixture.CMS(fixture.CMSSigned, attaching("a.txt", []byte("x")))
	mail := fixture.Mail{Fields: []string{"From: a@example.com", "MIME-Version: 1.0", `Content-Type: application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"`},
		Encoding: "base64", Body: signed}
	for name, want := range map[string]int{"the mail itself": 1, "a mail in a mail": 0} {
		b := mail.Bytes()
		if want == 0 {
			b = attaching("a.eml", b)
			b = bytes.Replace(b, []byte("the password is Wort4711"), []byte("see below"), 1)
		}
		s := scanner(t, Options{}).Begin()
		w := message.NewWalker(nil, message.Limits{}, partHandler{s})
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Finish(context.Background()); err != nil {
			t.Fatal(err)
		}
		said := 0
		for _, f := range s.Result().Findings {
			if f.Kind == finding.MailPassword {
				said++
			}
		}
		if said != want {
			t.Errorf("%s: %d, want %d: %v", name, said, want, s.Result().Findings)
		}
	}
}

type partHandler struct{ s *Scan }

func (h partHandler) Part(p *message.Part) error {
	_, err := h.s.Part(context.Background(), p)
	return err
}

func (h partHandler) Finding(f finding.Finding) { h.s.Add(f) }

func TestPGP(t *testing.T) {
	doc := fixture.DocVBA(quiet)
	literal := fixture.PGPPacket(11, fixture.PGPLiteral("a.doc", doc))
	for _, tt := range []struct {
		name           string
		file           []byte
		findings, tree []string
	}{
		{"encrypted", fixture.PGPEncrypted(), []string{"mail.encrypted"}, []string{" pgp encrypted"}},
		{"encrypted, in text", fixture.Armored("PGP MESSAGE", "Version: x\r\n\r\n", fixture.PGPEncrypted()), []string{"mail.encrypted"}, []string{" pgp encrypted"}},
		{"literal", literal, []string{"vba.present a.doc"}, []string{" pgp", "a.doc doc"}},
		{"without a name", fixture.PGPPacket(11, fixture.PGPLiteral("", doc)), []string{"vba.present content"}, []string{" pgp", "content doc"}},
		{"compressed", fixture.PGPPacket(8, append([]byte{2}, fixture.Deflated(literal)...)), []string{"vba.present a.doc"}, []string{" pgp", "a.doc doc"}},
		{"in text that cannot be read", fixture.Armored("PGP MESSAGE", "\r\n", fixture.Noise(300)), []string{"mail.encrypted"}, []string{" pgp"}},
		{"signature", fixture.Armored("PGP SIGNATURE", "", []byte("x")), nil, []string{" text"}},
		{"public key", fixture.Armored("PGP PUBLIC KEY BLOCK", "", []byte("x")), nil, []string{" text"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, r := scanFile(t, Options{}, tt.file)
			if diff := cmp.Diff(tt.findings, lines(r)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.tree, tree(r)); diff != "" || r.Incomplete {
				t.Errorf("incomplete %v: %s", r.Incomplete, diff)
			}
		})
	}
}

func TestCompressedMailEndsAtTheBudget(t *testing.T) {
	b := fixture.CMS(fixture.CMSCompressed, fixture.Deflated(append([]byte("Content-Type: text/plain\r\n\r\n"), make([]byte, 8<<20)...)))
	_, r := scanFile(t, Options{Bytes: 1 << 20}, b)
	if !r.Incomplete || len(r.Findings) == 0 || r.Findings[0].Kind != finding.LimitSize {
		t.Errorf("incomplete %v, %v", r.Incomplete, lines(r))
	}
}
