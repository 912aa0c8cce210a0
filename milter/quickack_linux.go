package milter

import (
	"net"

	"golang.org/x/sys/unix"
)

// quickAck asks for the next acknowledgement at once. An MTA writes a burst in several segments and, by Nagle's rule, keeps the last one
// until we acknowledge; we have nothing to say and would delay that by 40 ms (RFC 1122 4.2.3.2). The option holds for a short
// time only (tcp(7)), so it is set again after each read.
func quickAck(c net.Conn) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return
	}
	// Without the option the connection is slow, not wrong.
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	})
}
