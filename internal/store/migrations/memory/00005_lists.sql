-- +goose Up

-- Entries that a postmaster added by hand. Times are Unix seconds.
CREATE TABLE list_entries (
    id      INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: records name it
    use     TEXT    NOT NULL, -- block, allow
    type    TEXT    NOT NULL,
    value   TEXT    NOT NULL, -- as it is compared
    sender  TEXT    NOT NULL, -- of allow: an address, or "@" and a domain
    rcpt    TEXT    NOT NULL,
    owner   TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    made    INTEGER NOT NULL,
    expires INTEGER NOT NULL, -- 0 for never
    UNIQUE (use, type, value, sender, rcpt)
) STRICT;

-- It rises with each change, so that a process that keeps the entries in memory asks for one number.
CREATE TABLE list_generation (n INTEGER NOT NULL) STRICT;
INSERT INTO list_generation VALUES (0);
-- +goose StatementBegin
CREATE TRIGGER list_entries_added AFTER INSERT ON list_entries BEGIN UPDATE list_generation SET n = n + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER list_entries_changed AFTER UPDATE ON list_entries BEGIN UPDATE list_generation SET n = n + 1; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER list_entries_removed AFTER DELETE ON list_entries BEGIN UPDATE list_generation SET n = n + 1; END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE list_entries;
DROP TABLE list_generation;
