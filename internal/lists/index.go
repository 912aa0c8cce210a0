package lists

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"os"
)

// An index is a file of sorted keyed hashes: a head, a table of where the hashes with each beginning stand, and the hashes. The table is kept in
// memory, one read of a few hundred bytes answers a question.

const (
	hashSize = 10       // bytes: with ten million entries, one in 10^17 foreign values matches
	headSize = 16 << 10 // room for the head's JSON
	perSlot  = 128      // hashes behind one entry of the table: a read of 1,280 bytes
	slotMax  = 1 << 16  // of them in a sound file: hashes are spread evenly
	bitsMax  = 20       // of the table's index: 4 MB for a hundred million entries
)

// entriesMax is the most entries of one list: ten times the largest public collections of hashes of mail-borne malware; 1 GB of disk.
const entriesMax = 100_000_000

var magic = [8]byte{'s', 'k', 'l', 'i', 's', 't', 's', 1}

type hash [hashSize]byte

// head describes an index.
type head struct {
	Key    []byte    `json:"key"` // drawn for each index: nobody can make a value that matches
	Count  int       `json:"count"`
	Bits   int       `json:"bits"`
	Types  uint16    `json:"types"` // bit by Type
	Bits4  [33]bool  `json:"bits4"` // lengths of network prefixes
	Bits6  [129]bool `json:"bits6"`
	Source stamp     `json:"source"`
	How    string    `json:"how"` // of the source's settings
	Report Report    `json:"report"`
	Table  uint32    `json:"table"` // CRC-32C of the table
}

func (h *head) note(it Item) {
	h.Types |= 1 << it.Type
	if it.Type != IP {
		return
	}
	_, length, _ := bytes.Cut([]byte(it.Value), []byte("/"))
	n := 0
	for _, c := range length {
		n = n*10 + int(c-'0')
	}
	if bytes.IndexByte([]byte(it.Value), ':') >= 0 {
		h.Bits6[n] = true
	} else {
		h.Bits4[n] = true
	}
}

// hasher makes keyed hashes of items.
type hasher struct {
	key []byte
	buf []byte
}

func newHasher(key []byte) *hasher { return &hasher{key: key} }

func (h *hasher) sum(it Item) (out hash) {
	h.buf = append(append(append(h.buf[:0], h.key...), byte(it.Type)), it.Value...)
	full := sha256.Sum256(h.buf) // the key stands first and has a fixed length; an extension of the input is of no use to anybody
	copy(out[:], full[:])
	return out
}

func newKey() []byte {
	key := make([]byte, 16)
	rand.Read(key) // never fails (crypto/rand)
	return key
}

// slot is the table's entry for a hash.
func slot(h hash, bits int) uint32 {
	return uint32(uint64(binary.BigEndian.Uint32(h[:])) >> (32 - bits))
}

// writeIndex writes an index from sorted hashes.
func writeIndex(f *os.File, h *head, most int, sorted func(visit func(hash) error) error) error {
	h.Bits = min(bitsMax, bits.Len(uint(most/perSlot)))
	table := make([]uint32, 1<<h.Bits+1)
	start := int64(headSize + 4*len(table))
	out := bufio.NewWriterSize(io.NewOffsetWriter(f, start), 1<<18)
	h.Count = 0
	err := sorted(func(k hash) error {
		h.Count++
		table[slot(k, h.Bits)+1]++
		_, err := out.Write(k[:])
		return err
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	for i := 1; i < len(table); i++ {
		table[i] += table[i-1]
	}
	raw := make([]byte, 0, 4*len(table))
	for _, n := range table {
		raw = binary.LittleEndian.AppendUint32(raw, n)
	}
	h.Report.Entries = h.Count
	h.Table = crc32.Checksum(raw, castagnoli)
	first, err := h.encode()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(raw, headSize); err != nil {
		return err
	}
	_, err = f.WriteAt(first, 0)
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (h *head) encode() ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil || len(text) > headSize-16 {
		return nil, errors.Join(err, errors.New("lists: the head of an index does not fit"))
	}
	b := append(magic[:], binary.LittleEndian.AppendUint32(nil, uint32(len(text)))...)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(text, castagnoli))
	b = append(b, text...)
	return append(b, make([]byte, headSize-len(b))...), nil
}

// index is an open one, safe for concurrent use.
type index struct {
	head
	f     *os.File
	table []uint32
}

var errIndex = errors.New("lists: a damaged index")

// openIndex takes over f.
func openIndex(f *os.File) (*index, error) {
	x := &index{f: f}
	if err := x.load(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return x, nil
}

func (x *index) load() error {
	first := make([]byte, headSize)
	if _, err := x.f.ReadAt(first, 0); err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	n := binary.LittleEndian.Uint32(first[8:])
	if !bytes.Equal(first[:8], magic[:]) || n > headSize-16 {
		return errIndex
	}
	text := first[16 : 16+n]
	if crc32.Checksum(text, castagnoli) != binary.LittleEndian.Uint32(first[12:]) {
		return errIndex
	}
	if err := json.Unmarshal(text, &x.head); err != nil || x.Bits < 0 || x.Bits > bitsMax || x.Count < 0 || x.Count > entriesMax {
		return errIndex
	}
	raw := make([]byte, 4*(1<<x.Bits+1))
	if _, err := x.f.ReadAt(raw, headSize); err != nil || crc32.Checksum(raw, castagnoli) != x.Table {
		return errIndex
	}
	x.table = make([]uint32, len(raw)/4)
	for i := range x.table {
		x.table[i] = binary.LittleEndian.Uint32(raw[4*i:])
	}
	fi, err := x.f.Stat()
	if err != nil || fi.Size() != headSize+int64(len(raw))+int64(x.Count)*hashSize {
		return errIndex
	}
	return nil
}

// has reports whether the index holds a hash.
func (x *index) has(h hash) (bool, error) {
	s := slot(h, x.Bits)
	from, to := x.table[s], x.table[s+1]
	if to <= from {
		return false, nil
	}
	if to-from > slotMax {
		return false, errIndex
	}
	var room [2 * perSlot * hashSize]byte // on the stack: twice what is usual
	buf := room[:]
	if need := int(to-from) * hashSize; need > len(buf) {
		buf = make([]byte, need)
	} else {
		buf = buf[:need]
	}
	if _, err := x.f.ReadAt(buf, headSize+4*int64(len(x.table))+int64(from)*hashSize); err != nil {
		return false, fmt.Errorf("lists: reading an index: %w", err)
	}
	low, high := 0, len(buf)/hashSize
	for low < high {
		mid := (low + high) / 2
		switch c := bytes.Compare(buf[mid*hashSize:(mid+1)*hashSize], h[:]); {
		case c == 0:
			return true, nil
		case c < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return false, nil
}

func (x *index) Close() error { return x.f.Close() }
