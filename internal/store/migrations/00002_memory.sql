-- +goose Up

-- One row a mail whose locked files wait for their password, or that gave a password.
CREATE TABLE memories (
    id      INTEGER PRIMARY KEY,
    expires INTEGER NOT NULL, -- times are Unix milliseconds
    source  TEXT    NOT NULL, -- the client's network
    sender  TEXT    NOT NULL, -- domain or address, as the caps count
    space   INTEGER NOT NULL, -- what it counts against the caps
    words   TEXT    NOT NULL, -- passwords it gave, JSON
    mail    TEXT    NOT NULL  -- JSON
) STRICT;
CREATE INDEX memories_by_user ON memories (source, sender, id);
CREATE INDEX memories_by_expiry ON memories (expires);

CREATE TABLE memory_parties (
    sender TEXT    NOT NULL,
    rcpt   TEXT    NOT NULL,
    memory INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
    PRIMARY KEY (sender, rcpt, memory)
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_parties_by_memory ON memory_parties (memory);

-- The bytes lie in locked/ID.
CREATE TABLE memory_files (
    id     TEXT    PRIMARY KEY,
    memory INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
    path   TEXT    NOT NULL, -- within its mail, JSON
    name   TEXT    NOT NULL,
    size   INTEGER NOT NULL,
    sha256 TEXT    NOT NULL
) STRICT;
CREATE INDEX memory_files_by_memory ON memory_files (memory);

-- What the caps are checked against, kept by the triggers below.
CREATE TABLE memory_usage (
    kind   TEXT    NOT NULL, -- total, source, sender, pair
    source TEXT    NOT NULL,
    sender TEXT    NOT NULL,
    space  INTEGER NOT NULL,
    PRIMARY KEY (kind, source, sender)
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_usage_largest ON memory_usage (kind, space);
CREATE INDEX memory_usage_by_sender ON memory_usage (kind, sender, space);

-- +goose StatementBegin
CREATE TRIGGER memories_added AFTER INSERT ON memories BEGIN
    INSERT INTO memory_usage VALUES ('total', '', '', new.space), ('source', new.source, '', new.space),
        ('sender', '', new.sender, new.space), ('pair', new.source, new.sender, new.space)
        ON CONFLICT DO UPDATE SET space = space + excluded.space;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER memories_removed AFTER DELETE ON memories BEGIN
    UPDATE memory_usage SET space = space - old.space
        WHERE (kind, source, sender) IN (VALUES ('total', '', ''), ('source', old.source, ''), ('sender', '', old.sender), ('pair', old.source, old.sender));
    DELETE FROM memory_usage WHERE space <= 0
        AND (kind, source, sender) IN (VALUES ('total', '', ''), ('source', old.source, ''), ('sender', '', old.sender), ('pair', old.source, old.sender));
END;
-- +goose StatementEnd

-- Until when a held message waits for its password, 0 for one that does not.
ALTER TABLE items ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
CREATE INDEX items_by_wait ON items (waits) WHERE waits > 0;

-- +goose Down
DROP INDEX items_by_wait;
ALTER TABLE items DROP COLUMN waits;
DROP TABLE memory_usage;
DROP TABLE memory_files;
DROP TABLE memory_parties;
DROP TABLE memories;
