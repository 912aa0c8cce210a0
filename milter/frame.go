package milter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// A frame is a 32-bit length in network order, a command byte, and data; the length counts the command byte.

// frameMax is the longest frame: the library's own cap. MTAs send at most 64 KB of body or one header field at once.
const frameMax = 1 << 20

// frameStep is how much of a frame is read before more memory is taken for it, so that a length alone costs nothing.
const frameStep = 64 << 10

// frameKeep is the largest frame buffer kept for the next frame.
const frameKeep = 128 << 10

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

const (
	commands      = "ABCDEHKLMNOQRTU"
	modifications = "+-2behilmpq" // what may come before the reply to cmdEOM
)

var errFrame = errors.New("milter: malformed frame")

// readFrame reads one frame into buf's memory and returns it whole, length included. started is called once its length is there.
func readFrame(r io.Reader, buf []byte, started func()) ([]byte, error) {
	if cap(buf) > frameKeep {
		buf = nil
	}
	buf = slices.Grow(buf[:0], 4+frameStep)[:4]
	if _, err := io.ReadFull(r, buf); err != nil {
		return buf, err
	}
	started()
	n := binary.BigEndian.Uint32(buf)
	if n == 0 || n > frameMax {
		return buf, fmt.Errorf("%w: length %d", errFrame, n)
	}
	for rest := int(n); rest > 0; {
		step := min(rest, frameStep)
		at := len(buf)
		buf = slices.Grow(buf, step)[:at+step]
		if _, err := io.ReadFull(r, buf[at:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return buf, err
		}
		rest -= step
	}
	return buf, checkFrame(buf[4], buf[5:])
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
		ok = isPair && name != ""
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
func headerField(data []byte) (name, value string, ok bool) {
	n, v, ok := cutNUL(data)
	if !ok {
		return "", "", false
	}
	return string(n), string(bytes.TrimSuffix(v, []byte{0})), true
}

// libraryReads reports whether the library hands the field over unchanged: it splits at every NUL, trims them at both ends, and drops
// what does not come out as a name and a value.
func libraryReads(data []byte) bool {
	return bytes.Count(data, []byte{0}) == 2 && data[len(data)-1] == 0 && data[0] != 0
}

// parseMacros reads a macro packet's pairs; names lose their braces. A name without a value has an empty one.
func parseMacros(data []byte) map[string]string {
	m := map[string]string{}
	for i := 0; i < macrosMax && len(data) > 0; i++ {
		var name, value []byte
		name, data, _ = cutNUL(data)
		value, data, _ = cutNUL(data)
		m[strings.Trim(string(name), "{}")] = string(value)
	}
	return m
}
