-- Times are microseconds since 1970 (UTC). Hashes are 32 bytes. Documents are JSON.

-- Payments as they stand: the fold of their journals.
CREATE TABLE payments (
    id            TEXT    NOT NULL PRIMARY KEY,
    tpp           TEXT    NOT NULL,
    institution   TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    registered_at INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    document      TEXT    NOT NULL
) STRICT;

-- Everything that happened to a payment. Rows are added, never changed.
CREATE TABLE journal (
    payment  TEXT    NOT NULL REFERENCES payments (id),
    seq      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    text     TEXT    NOT NULL,
    previous BLOB    NOT NULL,
    hash     BLOB    NOT NULL,
    PRIMARY KEY (payment, seq)
) STRICT;

-- Who approved what: the proof without which nothing is executed.
CREATE TABLE seals (
    payment            TEXT NOT NULL PRIMARY KEY REFERENCES payments (id),
    text               TEXT NOT NULL,
    algorithm          TEXT NOT NULL,
    certificate_sha256 TEXT NOT NULL,
    signature          BLOB NOT NULL
) STRICT;

-- How many payments stand in each status, kept with them: nobody has to count ten million rows.
CREATE TABLE status_counts (
    status TEXT    NOT NULL PRIMARY KEY,
    count  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What makes a repeated call recognisable for 24 hours: its X-Request-ID, and its content.
CREATE TABLE request_ids (
    tpp         TEXT    NOT NULL,
    institution TEXT    NOT NULL,
    request_id  TEXT    NOT NULL,
    body_sha256 BLOB    NOT NULL,
    payment     TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (tpp, institution, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_ids_at ON request_ids (at);

CREATE TABLE request_contents (
    tpp                    TEXT    NOT NULL,
    institution            TEXT    NOT NULL,
    payment_information_id TEXT    NOT NULL,
    content_sha256         BLOB    NOT NULL,
    payment                TEXT    NOT NULL,
    at                     INTEGER NOT NULL,
    PRIMARY KEY (tpp, institution, payment_information_id, content_sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_contents_at ON request_contents (at);

-- Access tokens, hashed. `payment` is the one a token is tied to, once it has been used.
CREATE TABLE tokens (
    hash        BLOB    NOT NULL PRIMARY KEY,
    tpp         TEXT    NOT NULL,
    institution TEXT    NOT NULL,
    certificate BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL,
    payment     TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_expires_at ON tokens (expires_at);

CREATE TABLE tpps (
    id       TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL
) STRICT;

-- Visits of PSUs, by the hash of their cookie.
CREATE TABLE journeys (
    id        BLOB    NOT NULL PRIMARY KEY,
    opened_at INTEGER NOT NULL,
    document  TEXT    NOT NULL
) STRICT;
CREATE INDEX journeys_opened_at ON journeys (opened_at);

-- Failures in a row of PSUs. Who has none has no row.
CREATE TABLE lockouts (
    institution   TEXT    NOT NULL,
    psu           TEXT    NOT NULL,
    failures      INTEGER NOT NULL,
    ends_at INTEGER,
    PRIMARY KEY (institution, psu)
) STRICT, WITHOUT ROWID;
CREATE INDEX lockouts_ends_at ON lockouts (ends_at);

-- Work that waits. It is claimed while `leased_until` is to come; `attempt` counts the claims.
CREATE TABLE work (
    payment      TEXT    NOT NULL,
    task         TEXT    NOT NULL,
    due          INTEGER NOT NULL,
    lease        INTEGER,
    leased_until INTEGER,
    attempt      INTEGER NOT NULL,
    PRIMARY KEY (payment, task)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_due ON work (due);
