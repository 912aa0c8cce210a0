-- +goose Up

-- What EmoCheck said on a machine: its newest clean report, and its newest one of an infection.
CREATE TABLE host_reports (
    host      TEXT    NOT NULL, -- the computer name as it is compared
    infected  INTEGER NOT NULL, -- 0 or 1
    name      TEXT    NOT NULL, -- the computer name as written
    first     INTEGER NOT NULL, -- the oldest report of this kind; times are Unix seconds
    scanned   INTEGER NOT NULL, -- the newest
    version   TEXT    NOT NULL,
    address   TEXT    NOT NULL, -- "" where the report has none
    processes TEXT    NOT NULL, -- JSON
    imported  INTEGER NOT NULL,
    PRIMARY KEY (host, infected)
) STRICT, WITHOUT ROWID;

-- The inventory: the machines that there are, and what leads to them.
CREATE TABLE host_machines (
    host     TEXT    PRIMARY KEY,
    name     TEXT    NOT NULL,
    imported INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE host_links (
    host TEXT NOT NULL REFERENCES host_machines (host) ON DELETE CASCADE,
    kind TEXT NOT NULL, -- address, account
    link TEXT NOT NULL,
    PRIMARY KEY (host, kind, link)
) STRICT, WITHOUT ROWID;
