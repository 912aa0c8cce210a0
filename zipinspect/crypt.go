package zipinspect

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrPassword says that a password does not open the entry.
var ErrPassword = errors.New("zipinspect: wrong password")

// body is where an entry's compressed data lies, and what decrypts it.
type body struct {
	from, size int64                     // size as the headers say, -1 where only the data's own end would tell
	decrypt    func(io.Reader) io.Reader // nil where nothing is encrypted
	tagged     bool                      // the data was found authentic: no CRC is needed
}

// plain is the body of an entry that is not encrypted.
func (e *Entry) plain() body { return body{from: e.DataOffset, size: e.Compressed} }

// open returns a reader of b as it leaves the cipher. It counts what is read from the file.
func (b *body) open(src io.Reader) io.Reader {
	if b.decrypt == nil {
		return src
	}
	return b.decrypt(src)
}

// Opens reports whether a password can open the entry at all: strong encryption (7.2) stays closed.
func (e *Entry) Opens() bool {
	return e.Encrypted && e.Encryption != strong && e.DataOffset >= 0 && (e.aes.strength == 0 || e.Compressed >= e.aes.overhead())
}

// bareOutput is how far deflated data is unpacked to see that it is some: what is not does not unpack so long.
const bareOutput = 1 << 20

// Bare reports whether the entry is encrypted by its flag only, which some programs do not ask: its data can be read as it is, and has the right checksum.
// Then the entry is an open one from now on. It is called once an entry; an archive costs no more than four readings of all of it. The error is the
// archive's reader's own.
func (e *Entry) Bare() (bool, error) {
	a := e.archive
	if !e.Encrypted || e.aes.strength != 0 || e.DataOffset < 0 || !e.checked || e.CRC32 == 0 || a.bare > 4*a.size {
		return false, nil
	}
	r, err := e.decode(e.plain())
	if err != nil {
		return false, ownError(err)
	}
	defer r.Close()
	limit := int64(bareOutput)
	if e.Method == Stored {
		limit = a.size
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r, limit))
	if a.bare += r.src.n; err != nil {
		return false, ownError(err)
	}
	if n < limit {
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || !r.summed {
			return false, nil
		}
	}
	e.Encrypted, e.Encryption = false, ""
	return true, nil
}

// ownError keeps the errors of the archive's reader only.
func ownError(err error) error {
	if err = refused(err); errors.Is(err, ErrPassword) || errors.Is(err, ErrMethod) {
		return nil
	}
	return err
}

// TryCost is about how long one try of a password on the entry takes, by what its headers say of the key's derivation.
func (e *Entry) TryCost() time.Duration {
	if e.aes.strength == 0 {
		return zipCryptoCost
	}
	return e.aes.cost()
}

// OpenPassword is Open for an encrypted entry. ErrPassword says that the check in front of the data, or the tag behind it, refuses the
// password. ZipCrypto has no tag and its check lets one wrong password in 128 pass: only the checksum at the end of the data tells, for which Verify
// asks. The other errors are those of Open and of the archive's reader.
func (e *Entry) OpenPassword(pw []byte) (*Reader, error) {
	switch {
	case e.DataOffset < 0:
		return nil, fmt.Errorf("%w: no local header", ErrCorrupt)
	case !e.Opens():
		return nil, ErrEncrypted
	}
	b, err := e.unlock(pw)
	if err != nil {
		return nil, err
	}
	return e.decode(b)
}

func (e *Entry) unlock(pw []byte) (body, error) {
	if e.aes.strength != 0 {
		return e.unlockAES(pw)
	}
	return e.unlockZipCrypto(pw)
}

// Verify reports whether pw is the entry's password: nil, ErrPassword, ErrMethod where nothing tells, or the archive's reader's own
// error. Of a ZipCrypto entry it reads the content through, or, where that is more than limit bytes, so far: what is no compressed data does not
// unpack so long.
func (e *Entry) Verify(pw []byte, limit int64) error {
	if e.DataOffset < 0 || !e.Opens() {
		return ErrPassword
	}
	b, err := e.unlock(pw)
	if err != nil || b.tagged {
		return err
	}
	r, err := e.decode(b)
	if err != nil {
		return refused(err)
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(r, limit))
	if err != nil {
		return refused(err)
	}
	if n == limit && e.Method != Stored {
		return nil
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || !r.summed {
		return ErrPassword
	}
	return nil
}

// refused makes a password's fault of what is wrong with the data it opens.
func refused(err error) error {
	if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrChecksum) || isEOF(err) {
		return ErrPassword
	}
	return err
}
