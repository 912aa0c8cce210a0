package oleparse

import "io"

// plain returns the bytes of a stream from an offset as its program sees them: decrypted where the document is encrypted and was opened.
func (c *compound) plain(id int, from int64) io.Reader { return c.open(id, from) }
