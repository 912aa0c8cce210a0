-- +goose Up

-- What is found by sets of 32-bit keyed hashes (trace_index) is compared with the record itself, so a hash that two values share costs a look and no more.
CREATE TABLE trace_state (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	key  BLOB NOT NULL -- of the hashes: nobody outside can choose values that share one
);
INSERT INTO trace_state VALUES (1, randomblob(16));

-- Records in the order in which they came. The ids are never used again while an index may name them.
CREATE TABLE trace_records (
	id   INTEGER PRIMARY KEY,
	time INTEGER NOT NULL, -- Unix milliseconds
	body BLOB NOT NULL     -- internal/trace/encode.go
);

-- Each 4096 ids that are complete are a chunk with an index; what comes behind them is read one by one.
CREATE TABLE trace_chunks (
	id      INTEGER PRIMARY KEY, -- first record id / 4096
	since   INTEGER NOT NULL,    -- times of its records
	until   INTEGER NOT NULL,
	segment INTEGER NOT NULL,    -- whose index names its records: 0 to 16383, used again
	base    INTEGER NOT NULL     -- the record id from which that index counts
);

-- A segment's index: a sorted set of numbers, hash and record, in blocks of a page (internal/trace/segment.go). It is a table and no index with two columns,
-- because SQLite's indexes have whole rows in their inner pages.
CREATE TABLE trace_index (
	id    INTEGER PRIMARY KEY, -- segment * 2^49 + the first number
	block BLOB NOT NULL        -- those behind it, as differences
);
