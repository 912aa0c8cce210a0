package lists

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
)

const (
	// objectMax is the most bytes of one attribute or object, which is decoded whole: MISP writes samples into attributes.
	objectMax = 32 << 20
	// nestingMax is the deepest nesting around attributes: response, event, object, attribute and their lists are eight.
	nestingMax = 32
)

var (
	errObject  = errors.New("one object or text of more than 32 MiB")
	errNesting = errors.New("nested too deeply")
)

// document is a JSON file on its way: it is never in memory whole.
type document struct {
	*reading
	file io.ReadSeeker
	dec  *json.Decoder
	left int // bytes that may be read for the current value

	line, lineAt int64 // where the line of a place was last counted
	found        bool  // something that MISP or STIX would write
}

// Read is the decoder's source.
func (d *document) Read(p []byte) (int, error) {
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	if d.left <= 0 {
		return 0, errObject
	}
	n, err := d.file.Read(p[:min(len(p), d.left)])
	d.left -= n
	return n, err
}

// json reads an export of MISP or a STIX bundle: all attributes, all indicators, wherever they are.
func (r *reading) json(f io.ReadSeeker) error {
	if err := skipMark(f); err != nil {
		return err
	}
	d := &document{reading: r, file: f}
	d.dec = json.NewDecoder(d)
	r.at = d.place
	for {
		err := d.value("", 0)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return d.failed(err)
		}
	}
	if !d.found {
		return &FileError{Err: errJSON}
	}
	return nil
}

// skipMark skips a byte order mark.
func skipMark(f io.ReadSeeker) error {
	var mark [3]byte
	if n, err := io.ReadFull(f, mark[:]); err == nil && string(mark[:n]) == "\xEF\xBB\xBF" {
		return nil
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// failed tells the file's faults from ours.
func (d *document) failed(err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	var known *FileError
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errObject), errors.Is(err, errNesting), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax), errors.As(err, &mismatch):
		switch { // the library's words may repeat the file's
		case errors.As(err, &mismatch):
			err = errors.New("a value of another type than its key has")
		case errors.As(err, &syntax):
			err = errors.New("not JSON")
		}
		return &FileError{Line: d.place(), Err: err}
	}
	return err
}

// place is the line that the decoder has come to.
func (d *document) place() int {
	at := d.dec.InputOffset()
	r, ok := d.file.(io.ReaderAt)
	if !ok {
		return 0
	}
	buf := make([]byte, 32<<10)
	for d.lineAt < at {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), at-d.lineAt)], d.lineAt)
		d.line += int64(bytes.Count(buf[:n], []byte("\n")))
		d.lineAt += int64(n)
		if err != nil || n == 0 {
			break
		}
	}
	return int(d.line) + 1
}

// value reads a value that stands under a key. What is no attribute or indicator is only passed.
func (d *document) value(key string, depth int) error {
	if depth > nestingMax {
		return errNesting
	}
	t, err := d.token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		err = d.object(depth)
	case json.Delim('['):
		err = d.array(key, depth)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	_, err = d.token() // the closing one
	return unexpected(err)
}

func (d *document) token() (json.Token, error) {
	d.left = objectMax
	return d.dec.Token()
}

// unexpected is io.EOF inside of something.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (d *document) object(depth int) error {
	for d.more() {
		t, err := d.token()
		if err != nil {
			return unexpected(err)
		}
		key, _ := t.(string)
		if err := d.value(key, depth+1); err != nil {
			return unexpected(err)
		}
	}
	return nil
}

func (d *document) more() bool {
	d.left = objectMax
	return d.dec.More()
}

// array reads the elements of a list; proposals (ShadowAttribute) and events that are only related are not the event's own word.
func (d *document) array(key string, depth int) error {
	for d.more() {
		d.left = objectMax
		var err error
		switch key {
		case "Attribute":
			err = d.mispAttribute()
		case "objects":
			err = d.stixObject()
		case "ShadowAttribute", "RelatedEvent", "Galaxy", "Tag":
			var skipped json.RawMessage
			err = d.dec.Decode(&skipped)
		default:
			err = d.value("", depth+1)
		}
		if err != nil {
			return unexpected(err)
		}
	}
	return nil
}

func (d *document) mispAttribute() error {
	var a attribute
	if err := d.dec.Decode(&a); err != nil {
		return err
	}
	d.found = true
	return d.attribute(a)
}

func (d *document) stixObject() error {
	var o stixObject
	if err := d.dec.Decode(&o); err != nil {
		return err
	}
	d.found = true
	return d.indicator(o, time.Now())
}
