-- +goose Up

-- What our own accounts and machines sent that was risky (internal/outbound). Times are Unix milliseconds.

-- One row for each incident; one that is open has no time in cleared, and there is at most one of a sender.
CREATE TABLE outbound_incidents (
	id          INTEGER PRIMARY KEY,
	cause       INTEGER,          -- the incident that the same mail opened first: they are cleared together
	kind        TEXT NOT NULL,    -- account, client
	who         TEXT NOT NULL,
	since       INTEGER NOT NULL, -- the first risky mail
	last        INTEGER NOT NULL,
	why         TEXT NOT NULL,    -- burst, carriers, slow
	mails       INTEGER NOT NULL,
	rcpts       INTEGER NOT NULL,
	cleared     INTEGER,
	cleared_by  TEXT NOT NULL DEFAULT '',
	cleared_why TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX outbound_incidents_open ON outbound_incidents (kind, who) WHERE cleared IS NULL;
CREATE INDEX outbound_incidents_who ON outbound_incidents (kind, who, id);
CREATE INDEX outbound_incidents_last ON outbound_incidents (last);

-- Risky mails of the last day, and samples of those of incidents.
CREATE TABLE outbound_mails (
	id        INTEGER PRIMARY KEY,
	at        INTEGER NOT NULL,
	account   TEXT NOT NULL,
	client    TEXT NOT NULL,
	rcpts     INTEGER NOT NULL,
	delivered INTEGER NOT NULL,
	mail      TEXT NOT NULL     -- JSON
) STRICT;
CREATE INDEX outbound_mails_account ON outbound_mails (account, at);
CREATE INDEX outbound_mails_client ON outbound_mails (client, at);
CREATE INDEX outbound_mails_at ON outbound_mails (at);

-- Bounces of mail that we never sent: how often an address of ours is abused elsewhere, by day.
CREATE TABLE outbound_abuse (
	address TEXT NOT NULL,
	day     INTEGER NOT NULL,
	first   INTEGER NOT NULL,
	last    INTEGER NOT NULL,
	mails   INTEGER NOT NULL,
	PRIMARY KEY (address, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbound_abuse_day ON outbound_abuse (day);
