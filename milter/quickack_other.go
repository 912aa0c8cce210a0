//go:build !linux

package milter

import "net"

// quickAck does nothing: TCP_QUICKACK is Linux's. Use a unix socket elsewhere.
func quickAck(net.Conn) {}
