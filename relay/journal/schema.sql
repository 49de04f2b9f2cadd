-- Version 1 of the journal. `PRAGMA user_version` holds the version; each later one is a numbered
-- upgrade in `upgrades.py`. Times are Unix milliseconds unless the name says otherwise.
-- `PRAGMA auto_vacuum = INCREMENTAL` is set before the first table, so that retention can give
-- pages back.

-- The log: one row per committed group and lane. `entries` is what `codec.encode_group` makes; the
-- event at index i has the offset first + i. Retention may empty the table; ids are never used
-- again, nor are offsets (`log_end`).
CREATE TABLE log (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    lane        INTEGER NOT NULL,
    first       INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    entries     BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_position ON log (lane, first);

-- The offset that the next event of a lane gets; it outlives the rows of the log.
CREATE TABLE log_end (
    lane INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;

-- Up to where a destination is settled. `start` is the end of the log when the destination was new:
-- what came before was never for it. `ahead` is a MessagePack array of [first, last] ranges of
-- offsets that are settled beyond `position`, in order. `until` is set while the destination is not
-- configured: what the log got from there on was never for it either.
CREATE TABLE cursor (
    destination TEXT NOT NULL,
    lane        INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    ahead       BLOB NOT NULL,
    until       INTEGER,
    PRIMARY KEY (destination, lane)
) STRICT, WITHOUT ROWID;

-- Events that wait for a moment of their own, each with its entry: its group may go before it.
CREATE TABLE retry (
    destination TEXT NOT NULL,
    lane        INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    due_ms      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    replay      INTEGER NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    entry       BLOB NOT NULL,
    PRIMARY KEY (destination, lane, position)
) STRICT;
-- In the order in which they are sent: after a replay, a million may be due at the same moment.
CREATE INDEX retry_due ON retry (destination, due_ms, lane, position);
CREATE INDEX retry_received ON retry (destination, received_ms);

-- Events that ended without delivery. `entry` is kept for 30 days, for a replay; `message`, which may
-- quote it, is empty without.
CREATE TABLE dead (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    destination TEXT NOT NULL,
    lane        INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    note        TEXT NOT NULL,
    dead_ms     INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    event       TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    event_time  INTEGER NOT NULL,
    entry       BLOB,
    UNIQUE (destination, lane, position)
) STRICT;
-- Lists, newest first, with every filter answered from the index.
CREATE INDEX dead_list ON dead (dead_ms, id, destination, reason, event);
-- What is alike, counted: by reason and the platform's code, for a range of receipt.
CREATE INDEX dead_group ON dead (destination, reason, code, received_ms, event, dead_ms);
-- The timeline of an event that the log has forgotten.
CREATE INDEX dead_event ON dead (event_id);
-- Payloads whose time is over.
CREATE INDEX dead_payload ON dead (dead_ms, reason) WHERE entry IS NOT NULL;

-- One row per request to a platform. `exceptions` is a MessagePack array of
-- [lane, offset, outcome, code, message] for the events that fared otherwise than the request; in a
-- `partial` one, an event that is not among them was delivered.
CREATE TABLE receipt (
    id          INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    http_status INTEGER,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    exceptions  BLOB
) STRICT;

-- The offsets that a receipt covers. A span runs over passed events between those that were sent;
-- a retry or replay has a span of its own, one offset wide. No span is wider than 1,000 offsets, so
-- that those around an offset are found by their first one.
CREATE TABLE receipt_span (
    destination TEXT NOT NULL,
    lane        INTEGER NOT NULL,
    first       INTEGER NOT NULL,
    receipt     INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    PRIMARY KEY (destination, lane, first, receipt)
) STRICT, WITHOUT ROWID;

-- Look-up by event id (kind 0) and order id (kind 1), see `lookup.py`: of the `count` events of a
-- lane from `first` on, a checksum each, four bytes, little-endian; 0 where there is no such id.
CREATE TABLE lookup_run (
    lane      INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    first     INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    checksums BLOB NOT NULL,
    PRIMARY KEY (lane, kind, first)
) STRICT;

-- Counts by the moment of receipt: rows a minute wide for 48 hours, then an hour for 400 days.
-- The destination '' is the relay itself (received, rejected).
CREATE TABLE rollup (
    start_s     INTEGER NOT NULL,
    width_s     INTEGER NOT NULL,
    destination TEXT NOT NULL,
    event       TEXT NOT NULL,
    received    INTEGER NOT NULL DEFAULT 0,
    rejected    INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    delivered   INTEGER NOT NULL DEFAULT 0,
    dead        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (width_s, start_s, destination, event)
) STRICT, WITHOUT ROWID;

-- Delivered purchases by the moment of receipt; `value` is decimal text.
CREATE TABLE rollup_value (
    start_s     INTEGER NOT NULL,
    width_s     INTEGER NOT NULL,
    destination TEXT NOT NULL,
    currency    TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (width_s, start_s, destination, currency)
) STRICT, WITHOUT ROWID;

-- Lifetime counts; `kind` names a field of `Totals`, `who` a destination or source.
CREATE TABLE total (
    kind  TEXT NOT NULL,
    who   TEXT NOT NULL,
    label TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, who, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE total_value (
    destination TEXT NOT NULL,
    currency    TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (destination, currency)
) STRICT, WITHOUT ROWID;

-- What the purchases are worth that wait for a destination; `value` is decimal text.
CREATE TABLE worth_waiting (
    destination TEXT NOT NULL,
    currency    TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (destination, currency)
) STRICT, WITHOUT ROWID;

-- The last 1,000 rejected events, without any value of theirs but the event id.
CREATE TABLE rejection (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms    INTEGER NOT NULL,
    source   TEXT NOT NULL,
    key      TEXT,
    event_id TEXT,
    code     TEXT NOT NULL,
    path     TEXT NOT NULL,
    message  TEXT NOT NULL
) STRICT;

CREATE TABLE pause (
    destination TEXT PRIMARY KEY,
    reason      TEXT NOT NULL,
    since_ms    INTEGER NOT NULL,
    message     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a platform asked for lately: nothing is sent to the destination before the moment.
CREATE TABLE wait (
    destination TEXT PRIMARY KEY,
    state       TEXT NOT NULL,
    since_ms    INTEGER NOT NULL,
    until_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Producer keys by their public half: requests that were answered 202, ever.
CREATE TABLE key_use (
    key          TEXT PRIMARY KEY,
    uses         INTEGER NOT NULL,
    last_used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Outcomes that are still to be published, if that is configured. `events` is a MessagePack array of
-- [event_id, event, received_ms] of those that ended alike in one transaction; `reason` is null for
-- delivered ones. Ids are never used again.
CREATE TABLE outcome (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    destination TEXT NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT,
    code        TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    events      BLOB NOT NULL
) STRICT;
