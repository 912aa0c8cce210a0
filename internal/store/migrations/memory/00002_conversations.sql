-- +goose Up

-- Conversations and correspondents (internal/ledger). Every id is a 64-bit keyed hash: of a Message-ID, an address, a domain, a name. Times are Unix seconds.

CREATE TABLE talk_meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE talk_mails (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    class   INTEGER NOT NULL, -- 1 ours, 2 from outside in a conversation of ours, 3 from outside
    flags   INTEGER NOT NULL, -- 1 automatic, 2 to a list or to more than are kept
    subject INTEGER NOT NULL, -- 0 for none
    source  INTEGER NOT NULL, -- whose part of the cap it takes, 0 for nobody's
    parties BLOB    NOT NULL  -- 8 bytes each, the writer first; the lowest two bits are the role
) STRICT;
CREATE INDEX talk_mails_by_subject ON talk_mails (subject, at) WHERE subject <> 0;

-- Addresses and organisational domains.
CREATE TABLE talk_partners (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL, -- address, or "@" and the domain; "" where only hashes are kept
    class    INTEGER NOT NULL, -- 1 ours, 2 written to by us, 3 only received from
    flags    INTEGER NOT NULL, -- 1 organisation, 2 mailing list
    source   INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    received INTEGER NOT NULL,
    begun    INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    passed   INTEGER NOT NULL,
    unproven INTEGER NOT NULL,
    keys     BLOB    NOT NULL -- 8 bytes each: display names, or what look-alike domains have in common
) STRICT;

-- The keys of ours and of correspondents.
CREATE TABLE talk_keys (key INTEGER NOT NULL, partner INTEGER NOT NULL, PRIMARY KEY (key, partner)) STRICT, WITHOUT ROWID;

-- How many rows there are, by kind (1 to 3 mails, 11 to 13 partners) and source; source 0 is all of them.
CREATE TABLE talk_usage (kind INTEGER NOT NULL, source INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (kind, source)) STRICT, WITHOUT ROWID;

-- Mails of ours a day.
CREATE TABLE talk_days (day INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;

-- By domain of our Message-IDs: which citations by correspondents were remembered.
CREATE TABLE talk_cover (domain INTEGER PRIMARY KEY, last INTEGER NOT NULL, samples BLOB NOT NULL) STRICT; -- 5 bytes each: who, whether

-- +goose Down
DROP TABLE talk_cover;
DROP TABLE talk_days;
DROP TABLE talk_usage;
DROP TABLE talk_keys;
DROP TABLE talk_partners;
DROP TABLE talk_mails;
DROP TABLE talk_meta;
