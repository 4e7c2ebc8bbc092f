-- Tokens of several kinds, and the codes that are exchanged for some of them.
ALTER TABLE tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'payment_initiation';
ALTER TABLE tokens ADD COLUMN issued_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tokens_tpp ON tokens (tpp);

-- Authorisation codes, hashed. `token` is the one a code was exchanged for.
CREATE TABLE codes (
    hash       BLOB    NOT NULL PRIMARY KEY,
    tpp        TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    document   TEXT    NOT NULL,
    token      BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_tpp ON codes (tpp);
CREATE INDEX codes_expires_at ON codes (expires_at);

-- Registrations by name, in lower case: PSUs tell TPPs apart by it.
ALTER TABLE tpps ADD COLUMN name TEXT NOT NULL DEFAULT '';
UPDATE tpps SET name = lower(json_extract(document, '$.name'));
CREATE INDEX tpps_name ON tpps (name);

-- What happened to registrations. Rows are added, never changed.
CREATE TABLE tpp_events (
    seq      INTEGER NOT NULL PRIMARY KEY,
    tpp      TEXT    NOT NULL,
    document TEXT    NOT NULL
) STRICT;
CREATE INDEX tpp_events_tpp ON tpp_events (tpp);

-- What makes a repeated call of the registration API recognisable for 24 hours.
CREATE TABLE registration_calls (
    organization_identifier TEXT    NOT NULL,
    request_id              TEXT    NOT NULL,
    sha256                  BLOB    NOT NULL,
    tpp                     TEXT    NOT NULL,
    at                      INTEGER NOT NULL,
    PRIMARY KEY (organization_identifier, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX registration_calls_at ON registration_calls (at);

-- What registers of licences say, and how it changed.
CREATE TABLE registers (
    register TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE listings (
    organization_identifier TEXT NOT NULL,
    register                TEXT NOT NULL,
    document                TEXT NOT NULL,
    PRIMARY KEY (organization_identifier, register)
) STRICT, WITHOUT ROWID;
CREATE INDEX listings_register ON listings (register);

CREATE TABLE listing_changes (
    seq                     INTEGER NOT NULL PRIMARY KEY,
    organization_identifier TEXT    NOT NULL,
    document                TEXT    NOT NULL
) STRICT;
CREATE INDEX listing_changes_of ON listing_changes (organization_identifier);

-- Trusted lists: the one in force of each territory, and every issue that was imported.
CREATE TABLE trusted_lists (
    territory       TEXT    NOT NULL PRIMARY KEY,
    sequence_number INTEGER NOT NULL,
    document        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trusted_list_issues (
    seq       INTEGER NOT NULL PRIMARY KEY,
    territory TEXT    NOT NULL,
    document  TEXT    NOT NULL
) STRICT;
CREATE INDEX trusted_list_issues_of ON trusted_list_issues (territory);
