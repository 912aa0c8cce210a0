package trace

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// A segment's index is a sorted set of numbers, each a hash and, in its last recordBits, the record's place behind the segment's base. It lies in blocks: the
// row's id is the segment and the block's first number, the others are differences (unsigned varints). A block fills a page.
const (
	chunkBits   = 12                     // 4096 records: what is read one by one stays below some ten milliseconds
	recordBits  = 17                     // 131072 records, 32 chunks: a few megabytes to sort, and 76 segments in ten million records
	numberBits  = 32 + recordBits        // of a hash and a place
	segmentsMax = 1 << (63 - numberBits) // what is left of a row's id: two thousand million records
	blockBytes  = 4000                   // SQLite keeps up to 4061 bytes of a row in a page of 4096
	chunkSize   = 1 << chunkBits         // records
	joinedSize  = 1 << recordBits        // records
)

var errSegments = errors.New("trace: no segment is free")

// freeSegment is the lowest number that no chunk uses.
func freeSegment(ctx context.Context, tx *sql.Tx) (int64, error) {
	used, err := column(ctx, tx, `SELECT DISTINCT segment FROM trace_chunks ORDER BY segment`)
	if err != nil {
		return 0, err
	}
	for s := range int64(segmentsMax) {
		if len(used) == 0 || used[0] != s {
			return s, nil
		}
		used = used[1:]
	}
	return 0, errSegments
}

// rowsOf are the first and last row id that a segment may have.
func rowsOf(segment int64) (first, last int64) {
	return segment << numberBits, segment<<numberBits | (1<<numberBits - 1)
}

func number(hash uint64, place int64) uint64 { return hash<<recordBits | uint64(place) }

// writeSegment writes the index of a segment.
func writeSegment(ctx context.Context, tx *sql.Tx, segment int64, numbers []uint64) error {
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	insert, err := tx.PrepareContext(ctx, `INSERT INTO trace_index (id, block) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	from, _ := rowsOf(segment)
	block := make([]byte, 0, blockBytes+binary.MaxVarintLen64)
	for i := 0; i < len(numbers); {
		first := numbers[i]
		block = block[:0]
		for i++; i < len(numbers) && len(block) < blockBytes; i++ {
			block = binary.AppendUvarint(block, numbers[i]-numbers[i-1])
		}
		if _, err := insert.ExecContext(ctx, from|int64(first), block); err != nil {
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

func newFinder(ctx context.Context, db querier) (finder, error) {
	s, err := db.PrepareContext(ctx, `SELECT id, block FROM trace_index WHERE id BETWEEN ? AND ? ORDER BY id DESC`)
	return finder{s}, err
}

// places gives the records of the segment that are found by the hash, in order. A list that is long fills many blocks: they are read from the last
// backwards to the one in which it begins.
func (f finder) places(ctx context.Context, segment int64, hash uint64) (places []int64, err error) {
	low, high := number(hash, 0), number(hash, joinedSize-1)
	from, _ := rowsOf(segment)
	rows, err := f.blocks.QueryContext(ctx, from, from|int64(high))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var block sql.RawBytes
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id, &block); err != nil {
			return nil, err
		}
		first := uint64(id - from)
		numbersOf(first, block, func(n uint64) bool {
			if n >= low && n <= high {
				places = append(places, int64(n&(joinedSize-1)))
			}
			return n <= high
		})
		if first <= low {
			break
		}
	}
	slices.Sort(places)
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("trace: index: %w", err)
	}
	return places, nil
}
