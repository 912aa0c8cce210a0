package milter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
)

// A frame is a 32-bit length in network order, a command byte, and data; the length counts the command byte.

// frameMax is the longest frame: the library's own cap. MTAs send at most 64 KB of body or one header field at once.
const frameMax = 1 << 20

// frameStep is how much of a frame is read before more memory is taken for it, so that a length alone costs nothing.
const frameStep = 64 << 10

// idleBuffer holds any command of an SMTP dialogue: a connection that waits for a message has no more.
const idleBuffer = 4 << 10

// macrosMax is how many macros one packet may define: both MTAs know fewer than fifty names.
const macrosMax = 200

// Commands, SMFIC_*.
const (
	cmdAbort   = 'A'
	cmdBody    = 'B'
	cmdConnect = 'C'
	cmdMacro   = 'D'
	cmdEOM     = 'E' // SMFIC_BODYEOB
	cmdHelo    = 'H'
	cmdQuitNC  = 'K' // SMFIC_QUIT_NC: this SMTP connection ends, another one follows
	cmdHeader  = 'L'
	cmdMail    = 'M'
	cmdEOH     = 'N'
	cmdOptNeg  = 'O'
	cmdQuit    = 'Q'
	cmdRcpt    = 'R'
	cmdData    = 'T'
	cmdUnknown = 'U'
)

// Replies, SMFIR_*.
const (
	replyAccept    = 'a'
	replyContinue  = 'c'
	replyDiscard   = 'd'
	replyReplyCode = 'y'
	replyTempFail  = 't'
)

const commands = "ABCDEHKLMNOQRTU"

var errFrame = errors.New("milter: malformed frame")

// frames reads frames. Those of the dialogue and the header are seen when they are whole; content is handed on as it comes, from the memory it
// was read into.
type frames struct {
	src     io.Reader
	buffers *sync.Pool // of *[frameStep]byte
	wide    *[frameStep]byte
	buf     []byte // what was read and not used yet: buf[at:end]
	at, end int
	idle    [idleBuffer]byte
}

// reset begins with another source.
func (f *frames) reset(src io.Reader, buffers *sync.Pool) {
	*f = frames{src: src, buffers: buffers}
	f.buf = f.idle[:]
}

// next reads the next frame's length and command. size counts the bytes behind the command; started is called once the length is there.
func (f *frames) next(started func()) (cmd byte, size int, err error) {
	if err := f.have(4); err != nil {
		return 0, 0, err
	}
	started()
	n := binary.BigEndian.Uint32(f.buf[f.at:f.end])
	if n == 0 || n > frameMax {
		return 0, 0, fmt.Errorf("%w: length %d", errFrame, n)
	}
	if err := f.have(5); err != nil {
		return 0, 0, unexpected(err)
	}
	return f.buf[f.at+4], int(n) - 1, nil
}

// whole takes the frame that next has announced, head included, and checks it. It is valid until the next call.
func (f *frames) whole(size int) ([]byte, error) {
	size += 5
	if err := f.have(size); err != nil {
		return nil, unexpected(err)
	}
	p := f.buf[f.at : f.at+size]
	f.at += size
	return p, checkFrame(p[4], p[5:])
}

// head passes over the head of the frame that next has announced: some gives its content.
func (f *frames) head() { f.at += 5 }

// some takes what is there of size bytes of content, or the first that come. It is valid until the next call.
func (f *frames) some(size int) ([]byte, error) {
	if size > 0 {
		if err := f.have(1); err != nil {
			return nil, unexpected(err)
		}
	}
	p := f.buf[f.at:min(f.end, f.at+size)]
	f.at += len(p)
	return p, nil
}

// have reads until n bytes are there.
func (f *frames) have(n int) error {
	for f.end-f.at < n {
		f.room(n)
		k, err := f.src.Read(f.buf[f.end:])
		f.end += k
		if err != nil && f.end-f.at < n {
			return err
		}
	}
	return nil
}

// room makes place for more on the way to n bytes.
func (f *frames) room(n int) {
	if f.at == f.end {
		f.at, f.end = 0, 0
	}
	if f.end < len(f.buf) && f.at+n <= len(f.buf) {
		return
	}
	into := f.buf
	if n > len(into) && f.end-f.at == len(into) { // a long field: memory grows with what has come
		into = make([]byte, min(n, 2*len(into)))
	}
	f.end = copy(into, f.buf[f.at:f.end])
	f.buf, f.at = into, 0
}

// widen takes a buffer in which a burst of content comes with few reads.
func (f *frames) widen() {
	if len(f.buf) >= frameStep {
		return
	}
	wide, ok := f.buffers.Get().(*[frameStep]byte)
	if !ok {
		wide = new([frameStep]byte)
	}
	f.wide = wide
	f.end = copy(wide[:], f.buf[f.at:f.end])
	f.buf, f.at = wide[:], 0
}

// narrow gives it back, unless more has come already than a waiting connection holds.
func (f *frames) narrow() {
	if len(f.buf) == len(f.idle) || f.end-f.at > len(f.idle) {
		return
	}
	f.end = copy(f.idle[:], f.buf[f.at:f.end])
	f.buf, f.at = f.idle[:], 0
	if f.wide != nil {
		f.buffers.Put(f.wide)
		f.wide = nil
	}
}

// unexpected is the error of an end inside a frame.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// checkFrame refuses what the library would close the session for, or take as something else.
func checkFrame(cmd byte, data []byte) error {
	ok := true
	switch cmd {
	case cmdOptNeg:
		ok = len(data) >= 12
	case cmdMacro:
		ok = len(data) >= 1
	case cmdConnect:
		_, ok = parseConnect(data)
	case cmdHelo, cmdMail, cmdRcpt:
		ok = bytes.IndexByte(data, 0) >= 0
	case cmdHeader:
		name, _, isPair := headerField(data)
		ok = isPair && len(name) > 0
	default:
		ok = strings.IndexByte(commands, cmd) >= 0
	}
	if !ok {
		return fmt.Errorf("%w: command %q with %d bytes", errFrame, cmd, len(data))
	}
	return nil
}

// frame builds a frame.
func frame(code byte, data ...byte) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 5+len(data)), uint32(1+len(data)))
	return append(append(b, code), data...)
}

// cutNUL splits at the first NUL. Without one, everything is before it.
func cutNUL(b []byte) (before, after []byte, ok bool) { return bytes.Cut(b, []byte{0}) }

// client is the data of SMFIC_CONNECT.
type client struct {
	host string
	addr netip.Addr // invalid for unix sockets and unknown families
}

// parseConnect reads host NUL family [port address NUL]. The port is there for every family but SMFIA_UNKNOWN.
func parseConnect(data []byte) (client, bool) {
	host, rest, ok := cutNUL(data)
	if !ok || len(rest) == 0 {
		return client{}, false
	}
	c := client{host: string(host)}
	family := rest[0]
	if family == 'U' {
		return c, true
	}
	if strings.IndexByte("L46", family) < 0 || len(rest) < 3 {
		return client{}, false
	}
	addr, _, _ := cutNUL(rest[3:])
	if family != 'L' {
		c.addr = parseAddr(string(addr))
	}
	return c, true
}

// parseAddr reads an address as MTAs write it: Sendmail puts "IPv6:" before an IPv6 address (RFC 5321 4.1.3).
func parseAddr(s string) netip.Addr {
	const tag = "IPv6:"
	s = strings.Trim(s, "[]")
	if len(s) > len(tag) && strings.EqualFold(s[:len(tag)], tag) {
		s = s[len(tag):]
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// headerField reads name NUL value NUL. A NUL inside the value is the value's.
func headerField(data []byte) (name, value []byte, ok bool) {
	name, value, ok = cutNUL(data)
	return name, bytes.TrimSuffix(value, []byte{0}), ok
}

// symbol reads the value of a symbol in a macro packet's pairs, whose names may wear braces: the last one of that name. A name without a
// value has an empty one.
func symbol(packet, name string) (value string) {
	for i := 0; i < macrosMax && packet != ""; i++ {
		var n, v string
		n, packet, _ = strings.Cut(packet, "\x00")
		v, packet, _ = strings.Cut(packet, "\x00")
		if strings.Trim(n, "{}") == name {
			value = v
		}
	}
	return value
}
