package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A frame is a type, the length of the rest (4 bytes, little endian) and the rest.
const (
	frameHello = 'h' // child: it is one of ours
	frameJob   = 'j' // parent: name, size and arguments
	frameRead  = 'r' // child: asks for bytes
	frameBytes = 'b' // parent: the bytes, fewer at the end of the file
	frameTell  = 't' // parent: what the job listens for
	frameItem  = 'i' // child: a record
	frameData  = 'd' // child: content of the item
	frameEnd   = 'x' // child: the end of the content, with a fault or none
	frameQuit  = 'q' // child: the end of the work, with a fault or none
)

const (
	chunk     = 64 << 10 // a pipe holds as much
	maxItem   = 64 << 10 // a name and some numbers
	maxJob    = 1 << 20  // the words of a message
	helloText = "sekisho worker 1"
)

var errFrame = errors.New("worker: a frame that makes no sense")

// wire reads and writes frames.
type wire struct {
	r   io.Reader
	w   io.Writer
	buf []byte
}

// send writes a frame in one write.
func (w *wire) send(kind byte, parts ...[]byte) error {
	b := append(w.buf[:0], kind, 0, 0, 0, 0)
	for _, p := range parts {
		b = append(b, p...)
	}
	binary.LittleEndian.PutUint32(b[1:], uint32(len(b)-5))
	w.buf = b
	_, err := w.w.Write(b)
	return err
}

// header reads the type and the length of the next frame.
func (w *wire) header(limit int) (kind byte, n int, err error) {
	var h [5]byte
	if _, err := io.ReadFull(w.r, h[:]); err != nil {
		return 0, 0, err
	}
	size := binary.LittleEndian.Uint32(h[1:])
	if size > uint32(limit) {
		return 0, 0, fmt.Errorf("%w: %q of %d bytes", errFrame, h[0], size)
	}
	return h[0], int(size), nil
}

// body reads n bytes.
func (w *wire) body(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(w.r, b)
	return b, err
}

// hello is the frame that gives a child its work.
type hello struct {
	job  string
	size int64
	args []byte
}

func (h hello) bytes() []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(h.size))
	b = append(b, byte(len(h.job)))
	b = append(b, h.job...)
	return append(b, h.args...)
}

func parseHello(b []byte) (h hello, ok bool) {
	if len(b) < 9 || len(b) < 9+int(b[8]) {
		return h, false
	}
	n := 9 + int(b[8])
	return hello{string(b[9:n]), int64(binary.LittleEndian.Uint64(b)), b[n:]}, true
}

const maxText = 300 // of a fault: findings keep 200 bytes

// faultBytes is an error on the wire; none is empty.
func faultBytes(err error) []byte {
	if err == nil {
		return nil
	}
	f := &Fault{classOther, err.Error()}
	_ = errors.As(err, &f)
	text := f.Text
	if len(text) > maxText {
		text = text[:maxText]
	}
	return append([]byte{f.Class}, text...)
}

const (
	classOther = 255 // an error that is no Fault
	classPanic = 254
)

func parseFault(b []byte) error {
	switch {
	case len(b) == 0:
		return nil
	case b[0] == classPanic:
		return &DiedError{Text: string(b[1:])}
	}
	return &Fault{b[0], string(b[1:])}
}
