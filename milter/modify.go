package milter

import "encoding/binary"

// modifier asks the MTA to change the message, before the last reply. The frames wait in the connection until flush: the library's own modifier would take
// memory and write for each one.
type modifier struct{ c *conn }

// ChangeHeader replaces the nth field of that name, counted from 1. Without a value it removes it.
func (m modifier) ChangeHeader(n int, name, value string) { m.header('m', n, name, value) }

// InsertHeader puts a field at a place, counted from 0 at the top.
func (m modifier) InsertHeader(n int, name, value string) { m.header('i', n, name, value) }

func (m modifier) header(code byte, n int, name, value string) {
	m.add(code, func(b []byte) []byte {
		b = append(binary.BigEndian.AppendUint32(b, uint32(n)), name...)
		return append(append(append(b, 0), value...), 0)
	})
}

// Quarantine asks the MTA to hold the message.
func (m modifier) Quarantine(reason string) {
	m.add('q', func(b []byte) []byte { return append(append(b, reason...), 0) })
}

// DeleteRecipient makes the MTA forget a recipient, as the client wrote it.
func (m modifier) DeleteRecipient(path string) {
	m.add('-', func(b []byte) []byte { return append(append(append(b, '<'), path...), '>', 0) })
}

// add appends a frame: the length that f's data has, the code, the data.
func (m modifier) add(code byte, f func([]byte) []byte) {
	at := len(m.c.out)
	m.c.out = f(append(m.c.out, 0, 0, 0, 0, code))
	binary.BigEndian.PutUint32(m.c.out[at:], uint32(len(m.c.out)-at-4))
}
