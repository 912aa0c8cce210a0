package quarantine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"sekisho/rules"
)

// The file of a held message, version 1:
//
//	content   the raw message, byte for byte
//	trailer   the Item as JSON
//	footer    64 bytes, little-endian:
//	   0  SHA-256 of the content
//	  32  length of the content, 8 bytes
//	  40  length of the trailer, 4 bytes
//	  44  CRC-32C of the trailer
//	  48  version, 2 bytes; 2 bytes zero
//	  52  CRC-32C of bytes 0 to 51 of the footer
//	  56  magic, "SEKISHO\n"
//
// The footer stands at the end because the content is already in the spool file when the verdict is known.
const (
	footerLen     = 64
	footerVersion = 1
	footerMagic   = "SEKISHO\n"
)

// maxTrailer bounds a trailer: an envelope of 50,000 recipients of 320 bytes, the most an MTA is ever set to take, with room to spare.
const maxTrailer = 32 << 20

// What of a message is shown, not needed, is cut before it is stored, so that a hostile header cannot make a large row.
const (
	maxText        = 1000 // bytes of a subject, a From, a Message-ID, a file name: more than a screen shows
	maxAttachments = 500  // rows a reviewer could ever read
	maxWhy         = 500  // findings a reviewer could ever read
	maxEarlier     = 20   // earlier mails a reviewer could ever look after
	maxWarned      = 100  // recipients of one of them; the audit log has all
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// trailer is what the JSON holds: the Item, and the envelope's bytes where they are not UTF-8 and JSON would change them.
type trailer struct {
	Item
	MailFromBytes []byte   `json:"mail_from_bytes,omitempty"`
	RcptBytes     [][]byte `json:"rcpt_bytes,omitempty"`
}

// marshalItem writes an Item so that unmarshalItem gives it back byte for byte.
func marshalItem(it Item) ([]byte, error) {
	t := trailer{Item: it}
	if !utf8.ValidString(it.Envelope.MailFrom) {
		t.MailFromBytes = []byte(it.Envelope.MailFrom)
	}
	if !utf8.ValidString(strings.Join(it.Envelope.Rcpts, "")) {
		for _, r := range it.Envelope.Rcpts {
			t.RcptBytes = append(t.RcptBytes, []byte(r))
		}
	}
	return json.Marshal(t)
}

func unmarshalItem(b []byte) (Item, error) {
	var t trailer
	if err := json.Unmarshal(b, &t); err != nil {
		return Item{}, err
	}
	if t.MailFromBytes != nil {
		t.Envelope.MailFrom = string(t.MailFromBytes)
	}
	if t.RcptBytes != nil {
		t.Envelope.Rcpts = nil
		for _, r := range t.RcptBytes {
			t.Envelope.Rcpts = append(t.Envelope.Rcpts, string(r))
		}
	}
	return t.Item, nil
}

// trim cuts what is only shown.
func trim(it Item) Item {
	it.Subject, it.From, it.MessageID = clip(it.Subject), clip(it.From), clip(it.MessageID)
	it.Source = clip(it.Source)
	it.Verdict, it.Waits = trimVerdict(it.Verdict), it.Waits.UTC().Truncate(time.Millisecond)
	n := min(len(it.Attachments), maxAttachments)
	as := make([]Attachment, n)
	for i, a := range it.Attachments[:n] {
		a.Name, a.Path = clip(a.Name), clip(a.Path)
		as[i] = a
	}
	it.Attachments, it.Earlier = as, trimEarlier(it.Earlier)
	return it
}

func trimEarlier(list []Earlier) (short []Earlier) {
	for _, e := range list[:min(len(list), maxEarlier)] {
		e.QueueID, e.From, e.File = clip(e.QueueID), clip(e.From), clip(e.File)
		rcpts := make([]string, 0, len(e.Rcpts))
		for _, r := range e.Rcpts[:min(len(e.Rcpts), maxWarned)] {
			rcpts = append(rcpts, clip(r))
		}
		e.Rcpts = rcpts
		short = append(short, e)
	}
	return short
}

func trimVerdict(v rules.Verdict) rules.Verdict {
	v.Why = v.Why[:min(len(v.Why), maxWhy)]
	return v
}

// clip cuts to maxText bytes at a rune's edge and makes the text valid UTF-8.
func clip(s string) string {
	if len(s) > maxText {
		cut := maxText
		for cut > maxText-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// tail is what follows the content in a file: trailer and footer.
func tail(b []byte, size int64, sum [sha256.Size]byte) ([]byte, error) {
	if len(b) > maxTrailer {
		return nil, fmt.Errorf("trailer of %d bytes, the limit is %d", len(b), maxTrailer)
	}
	n := len(b)
	f := append(make([]byte, 0, n+footerLen), b...)
	f = append(f, sum[:]...)
	f = binary.LittleEndian.AppendUint64(f, uint64(size))
	f = binary.LittleEndian.AppendUint32(f, uint32(n))
	f = binary.LittleEndian.AppendUint32(f, crc32.Checksum(b, castagnoli))
	f = binary.LittleEndian.AppendUint32(f, footerVersion)
	f = binary.LittleEndian.AppendUint32(f, crc32.Checksum(f[n:], castagnoli))
	return append(f, footerMagic...), nil
}

// readTail reads the Item of a file of that size and checks everything but the content's digest. An error is ErrDamaged unless the
// file could not be read.
func readTail(r io.ReaderAt, size int64) (Item, error) {
	if size < footerLen {
		return Item{}, damaged("%d bytes long, shorter than a footer", size)
	}
	var foot [footerLen]byte
	if _, err := r.ReadAt(foot[:], size-footerLen); err != nil && err != io.EOF {
		return Item{}, fmt.Errorf("quarantine: read footer: %w", err)
	}
	content, n, err := checkFooter(foot[:], size)
	if err != nil {
		return Item{}, err
	}
	b := make([]byte, n) // no more than the file really has, and maxTrailer
	if _, err := r.ReadAt(b, content); err != nil && err != io.EOF {
		return Item{}, fmt.Errorf("quarantine: read trailer: %w", err)
	}
	if crc32.Checksum(b, castagnoli) != binary.LittleEndian.Uint32(foot[44:]) {
		return Item{}, damaged("the trailer's checksum differs")
	}
	it, err := unmarshalItem(b)
	if err != nil {
		return Item{}, damaged("trailer: %v", err)
	}
	if it.Size != content || it.SHA256 != hex.EncodeToString(foot[:sha256.Size]) {
		return Item{}, damaged("trailer and footer disagree on the content")
	}
	if !ValidID(it.ID) {
		return Item{}, damaged("id %q", clip(it.ID))
	}
	return it, nil
}

// checkFooter returns the lengths of content and trailer of a file of that size.
func checkFooter(foot []byte, size int64) (content int64, n uint32, err error) {
	le := binary.LittleEndian
	switch length := le.Uint64(foot[32:]); {
	case string(foot[56:]) != footerMagic:
		return 0, 0, damaged("no footer")
	case crc32.Checksum(foot[:52], castagnoli) != le.Uint32(foot[52:]):
		return 0, 0, damaged("the footer's checksum differs")
	case le.Uint32(foot[48:]) != footerVersion:
		return 0, 0, damaged("version %d", le.Uint16(foot[48:]))
	default:
		n = le.Uint32(foot[40:])
		if rest := uint64(size - footerLen); n > maxTrailer || uint64(n) > rest || length != rest-uint64(n) {
			return 0, 0, damaged("content of %d bytes and trailer of %d do not fill the file of %d", length, n, size)
		}
		return int64(length), n, nil
	}
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// checkContent compares the content with its digest.
func checkContent(r io.ReaderAt, it Item) error {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, it.Size)); err != nil {
		return fmt.Errorf("quarantine: read content: %w", err)
	}
	if hex.EncodeToString(h.Sum(nil)) != it.SHA256 {
		return damaged("the content's digest differs")
	}
	return nil
}
