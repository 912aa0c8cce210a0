-- +goose Up

-- One row a held message. The file in quarantine/ is the truth while it exists; the row is its index, and its tombstone afterwards.
CREATE TABLE items (
    id       TEXT    PRIMARY KEY,
    state    TEXT    NOT NULL, -- putting (a reservation), held, released, deleted, expired, lost
    place    TEXT    NOT NULL, -- store, mta
    held     INTEGER NOT NULL, -- times are Unix milliseconds
    expires  INTEGER NOT NULL,
    ended    INTEGER NOT NULL DEFAULT 0, -- when it became a tombstone
    source   TEXT    NOT NULL,
    space    INTEGER NOT NULL, -- bytes of its file, 0 without one
    counted  INTEGER NOT NULL, -- 1 while it counts against the caps
    released TEXT    NOT NULL DEFAULT '[]', -- recipients it was released to, JSON
    item     TEXT    NOT NULL  -- the trailer, JSON
) STRICT;
CREATE INDEX items_by_state ON items (state, held);
CREATE INDEX items_by_time ON items (held, id);
CREATE INDEX items_by_expiry ON items (expires) WHERE counted = 1;
CREATE INDEX items_by_end ON items (ended) WHERE ended > 0;

-- What the caps are checked against, kept by the triggers below.
CREATE TABLE usage (
    kind     TEXT    NOT NULL, -- total, source
    source   TEXT    NOT NULL,
    bytes    INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (kind, source)
) STRICT, WITHOUT ROWID;
INSERT INTO usage VALUES ('total', '', 0, 0);

-- +goose StatementBegin
CREATE TRIGGER items_added AFTER INSERT ON items WHEN new.counted = 1 BEGIN
    INSERT INTO usage VALUES ('total', '', new.space, 1), ('source', new.source, new.space, 1)
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, messages = messages + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER items_changed AFTER UPDATE OF space, counted, source ON items BEGIN
    UPDATE usage SET bytes = bytes - old.space, messages = messages - 1
        WHERE old.counted = 1 AND (kind, source) IN (VALUES ('total', ''), ('source', old.source));
    INSERT INTO usage SELECT 'total', '', new.space, 1 WHERE new.counted = 1
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, messages = messages + 1;
    INSERT INTO usage SELECT 'source', new.source, new.space, 1 WHERE new.counted = 1
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, messages = messages + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER items_removed AFTER DELETE ON items WHEN old.counted = 1 BEGIN
    UPDATE usage SET bytes = bytes - old.space, messages = messages - 1
        WHERE (kind, source) IN (VALUES ('total', ''), ('source', old.source));
END;
-- +goose StatementEnd

-- Every act of review, as long as the item's row.
CREATE TABLE acts (
    seq     INTEGER PRIMARY KEY,
    item_id TEXT    NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    act     TEXT    NOT NULL, -- hold, release, delete, expire, export, repair
    why     TEXT    NOT NULL,
    rcpts   TEXT    NOT NULL DEFAULT '[]' -- outcome by recipient, JSON
) STRICT;
CREATE INDEX acts_by_item ON acts (item_id, seq);

CREATE TABLE act_counts (act TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- +goose StatementBegin
CREATE TRIGGER acts_added AFTER INSERT ON acts BEGIN
    INSERT INTO act_counts VALUES (new.act, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- One row a release transaction, one a recipient of it.
CREATE TABLE marks (
    tx        TEXT    PRIMARY KEY,
    item_id   TEXT    NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    made      INTEGER NOT NULL,
    expires   INTEGER NOT NULL, -- Unix seconds, as in the mark
    sha256    TEXT    NOT NULL,
    mail_from TEXT    NOT NULL,
    refused   TEXT    NOT NULL DEFAULT '', -- why a filter last refused the mark: expired, content …
    ended     INTEGER NOT NULL DEFAULT 0 -- when the SMTP transaction came to its end, well or not
) STRICT;
CREATE INDEX marks_by_item ON marks (item_id);
CREATE TABLE mark_rcpts (
    tx    TEXT    NOT NULL REFERENCES marks (tx) ON DELETE CASCADE,
    rcpt  TEXT    NOT NULL,
    state TEXT    NOT NULL, -- open, used, perhaps (of an unknown end), void
    PRIMARY KEY (tx, rcpt)
) STRICT, WITHOUT ROWID;

-- Notices still to be sent, one row an item and reader.
CREATE TABLE notices (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: a notice takes what is up to a number
    item_id  TEXT    NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    audience TEXT    NOT NULL,
    queued   INTEGER NOT NULL,
    UNIQUE (item_id, audience)
) STRICT;
CREATE INDEX notices_by_audience ON notices (audience, seq);
CREATE TABLE notice_audiences (
    audience  TEXT    PRIMARY KEY,
    last_sent INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    next_try  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE notice_ids (message_id TEXT PRIMARY KEY, sent INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE notice_ids;
DROP TABLE notice_audiences;
DROP TABLE notices;
DROP TABLE mark_rcpts;
DROP TABLE marks;
DROP TABLE act_counts;
DROP TABLE acts;
DROP TABLE usage;
DROP TABLE items;
