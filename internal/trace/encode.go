package trace

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"time"
)

// A body is a list of fields: a tag, the value's length (unsigned varint), the value. An unknown tag is passed over, so that an older program reads what
// a newer one wrote. The tags are never used again for something else.
const (
	tagQueueID byte = iota + 1
	tagDirection
	tagVerdict
	tagDone
	tagRule
	tagMailFrom
	tagFrom
	tagRcpt
	tagRcptDone // of the recipient before it, where it is not the message's
	tagMessageID
	tagSubject
	tagSize
	tagSHA256
	tagFile // begins a file: its name
	tagFilePath
	tagFileKind
	tagFileSHA256
	tagFileMacros
	tagFinding
	tagClientIP
	tagAccount
	tagQuarantine
	tagReleased
	tagIncomplete
	tagHidden
	tagFromToo // From is the same address as MailFrom
)

// words are written as their place in the list, one byte. New ones are added at the end.
var words = []string{
	"", "in", "out", "internal", "accept", "tag", "disarm", "quarantine", "reject", "tempfail", "hold", "wait",
	"doc", "docx", "docm", "xls", "xlsx", "xlsm", "xlsb", "pptx", "pdf", "zip", "png", "jpg", "gif", "text", "html", "rtf", "one", "lnk", "script", "exe", "7z", "rar",
	"data", "message",
}

var errBody = errors.New("trace: a record is damaged")

type encoder struct{ b []byte }

func (e *encoder) bytes(tag byte, v []byte) {
	e.b = append(e.b, tag)
	e.b = binary.AppendUvarint(e.b, uint64(len(v)))
	e.b = append(e.b, v...)
}

func (e *encoder) text(tag byte, s string) {
	if s != "" {
		e.bytes(tag, []byte(s))
	}
}

// word writes a word of the list as one byte; no other text of one byte is written.
func (e *encoder) word(tag byte, s string) {
	switch i := slices.Index(words, s); {
	case i > 0:
		e.bytes(tag, []byte{byte(i)})
	case len(s) > 1:
		e.text(tag, s)
	}
}

func (e *encoder) digest(tag byte, s string) {
	if b, err := hex.DecodeString(s); err == nil && len(b) == 32 {
		e.bytes(tag, b)
	}
}

func (e *encoder) flag(tag byte, v bool) {
	if v {
		e.bytes(tag, nil)
	}
}

// encode writes a record but for its id and time.
func encode(r *Record) []byte {
	e := encoder{b: make([]byte, 0, 512)}
	e.text(tagQueueID, r.QueueID)
	e.word(tagDirection, r.Direction)
	e.word(tagVerdict, r.Verdict)
	e.word(tagDone, r.Done)
	e.text(tagRule, r.Rule)
	e.text(tagMailFrom, r.MailFrom)
	if r.From == r.MailFrom {
		e.flag(tagFromToo, r.From != "")
	} else {
		e.text(tagFrom, r.From)
	}
	for _, rcpt := range r.Rcpts {
		e.bytes(tagRcpt, []byte(rcpt.Address))
		if rcpt.Done != r.Done {
			e.word(tagRcptDone, rcpt.Done)
		}
	}
	e.text(tagMessageID, r.MessageID)
	e.text(tagSubject, r.Subject)
	e.bytes(tagSize, binary.AppendUvarint(nil, uint64(max(0, r.Size))))
	e.digest(tagSHA256, r.SHA256)
	for i := range r.Files {
		e.file(&r.Files[i])
	}
	for _, k := range r.Findings {
		e.text(tagFinding, k)
	}
	e.text(tagClientIP, r.ClientIP)
	e.text(tagAccount, r.Account)
	e.text(tagQuarantine, r.Quarantine)
	e.text(tagReleased, r.Released)
	e.flag(tagIncomplete, r.Incomplete)
	e.flag(tagHidden, r.Hidden)
	return e.b
}

func (e *encoder) file(f *File) {
	e.bytes(tagFile, []byte(f.Name))
	e.text(tagFilePath, f.Path)
	e.word(tagFileKind, f.Kind)
	e.digest(tagFileSHA256, f.SHA256)
	e.digest(tagFileMacros, f.Macros)
}

// decode reads a record back. What was read before damage is given with errBody.
func decode(id, ms int64, body []byte) (*Record, error) {
	r := &Record{ID: id, Time: time.UnixMilli(ms).UTC(), Rcpts: []Rcpt{}, Files: []File{}, Findings: []string{}}
	for len(body) > 0 {
		tag := body[0]
		n, used := binary.Uvarint(body[1:])
		if used <= 0 || n > uint64(len(body)-1-used) {
			return r, errBody
		}
		v := body[1+used : 1+used+int(n)]
		body = body[1+used+int(n):]
		r.field(tag, v)
	}
	for i := range r.Rcpts {
		if r.Rcpts[i].Done == "" {
			r.Rcpts[i].Done = r.Done
		}
	}
	return r, nil
}

// field takes one field of a body.
func (r *Record) field(tag byte, v []byte) {
	if text := r.text(tag); text != nil {
		*text = string(v)
		return
	}
	switch tag {
	case tagDirection:
		r.Direction = wordOf(v)
	case tagVerdict:
		r.Verdict = wordOf(v)
	case tagDone:
		r.Done = wordOf(v)
	case tagRcpt:
		r.Rcpts = append(r.Rcpts, Rcpt{Address: string(v)})
	case tagRcptDone:
		if n := len(r.Rcpts); n > 0 {
			r.Rcpts[n-1].Done = wordOf(v)
		}
	case tagSize:
		size, _ := binary.Uvarint(v)
		r.Size = int64(size & (1<<63 - 1))
	case tagSHA256:
		r.SHA256 = hex.EncodeToString(v)
	case tagFile:
		r.Files = append(r.Files, File{Name: string(v)})
	case tagFilePath, tagFileKind, tagFileSHA256, tagFileMacros:
		if n := len(r.Files); n > 0 {
			r.Files[n-1].field(tag, v)
		}
	case tagFinding:
		r.Findings = append(r.Findings, string(v))
	case tagIncomplete:
		r.Incomplete = true
	case tagHidden:
		r.Hidden = true
	case tagFromToo:
		r.From = r.MailFrom
	}
}

// text is where a field of plain text goes, nil for others.
func (r *Record) text(tag byte) *string {
	switch tag {
	case tagQueueID:
		return &r.QueueID
	case tagRule:
		return &r.Rule
	case tagMailFrom:
		return &r.MailFrom
	case tagFrom:
		return &r.From
	case tagMessageID:
		return &r.MessageID
	case tagSubject:
		return &r.Subject
	case tagClientIP:
		return &r.ClientIP
	case tagAccount:
		return &r.Account
	case tagQuarantine:
		return &r.Quarantine
	case tagReleased:
		return &r.Released
	}
	return nil
}

func (f *File) field(tag byte, v []byte) {
	switch tag {
	case tagFilePath:
		f.Path = string(v)
	case tagFileKind:
		f.Kind = wordOf(v)
	case tagFileSHA256:
		f.SHA256 = hex.EncodeToString(v)
	case tagFileMacros:
		f.Macros = hex.EncodeToString(v)
	}
}

func wordOf(v []byte) string {
	if len(v) == 1 && int(v[0]) < len(words) {
		return words[v[0]]
	}
	return string(v)
}
