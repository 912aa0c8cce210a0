package trace

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
)

// A segment's index is a sorted set of numbers, each a hash and, in its last recordBits, the record's place behind the segment's first. It lies in blocks: the
// first number is the row's key, the others are differences (unsigned varints). A block fills a quarter of a page, so that a row lies in its page.
const (
	chunkBits  = 12              // 4096 records: what is read one by one stays below some ten milliseconds
	recordBits = 17              // 131072 records, 32 chunks: a few megabytes to sort, and 76 segments in ten million records
	blockBytes = 900             // SQLite keeps up to 1002 bytes of an index row in a page of 4096
	chunkSize  = 1 << chunkBits  // records
	joinedSize = 1 << recordBits // records
)

// segmentOf is the number of the segment that begins with the record id.
func segmentOf(id int64, joined bool) int64 {
	if joined {
		return id<<1 | 1
	}
	return id << 1
}

// base is the segment's first record id.
func base(segment int64) int64 { return segment >> 1 }

func number(hash uint64, place int64) uint64 { return hash<<recordBits | uint64(place) }

// writeSegment writes the index of a segment.
func writeSegment(ctx context.Context, tx *sql.Tx, segment int64, numbers []uint64) error {
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	insert, err := tx.PrepareContext(ctx, `INSERT INTO trace_index (segment, first, block) VALUES (?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	block := make([]byte, 0, blockBytes+binary.MaxVarintLen64)
	for i := 0; i < len(numbers); {
		first := numbers[i]
		block = block[:0]
		for i++; i < len(numbers) && len(block) < blockBytes; i++ {
			block = binary.AppendUvarint(block, numbers[i]-numbers[i-1])
		}
		if _, err := insert.ExecContext(ctx, segment, int64(first), block); err != nil {
			return err
		}
	}
	return nil
}

// numbersOf gives the numbers of a block in order until give wants no more. A damaged block ends early.
func numbersOf(first uint64, block []byte, give func(uint64) bool) {
	for n := first; give(n); {
		d, used := binary.Uvarint(block)
		if used <= 0 {
			return
		}
		n, block = n+d, block[used:]
	}
}

// finder looks hashes up in segments.
type finder struct{ blocks *sql.Stmt }

func newFinder(ctx context.Context, tx *sql.Tx) (finder, error) {
	s, err := tx.PrepareContext(ctx, `SELECT first, block FROM trace_index WHERE segment = ? AND first < ? ORDER BY first DESC`)
	return finder{s}, err
}

// places gives the records of the segment that are found by the hash, in order. A list that is long fills many blocks: they are read from the last
// backwards to the one in which it begins.
func (f finder) places(ctx context.Context, segment int64, hash uint64) (places []int64, err error) {
	low, high := number(hash, 0), number(hash+1, 0)
	rows, err := f.blocks.QueryContext(ctx, segment, int64(high))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var block sql.RawBytes
	for rows.Next() {
		var first int64
		if err := rows.Scan(&first, &block); err != nil {
			return nil, err
		}
		numbersOf(uint64(first), block, func(n uint64) bool {
			if n >= low && n < high {
				places = append(places, int64(n&(joinedSize-1)))
			}
			return n < high
		})
		if uint64(first) <= low {
			break
		}
	}
	slices.Sort(places)
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("trace: index: %w", err)
	}
	return places, nil
}
