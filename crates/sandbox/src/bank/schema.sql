-- The books of the pretend bank. Money is in cents, times are microseconds since 1970.

CREATE TABLE customers (
    institution TEXT NOT NULL,
    id          TEXT NOT NULL,
    name        TEXT NOT NULL,
    -- Argon2id of the password.
    salt        BLOB NOT NULL,
    password    BLOB NOT NULL,
    -- What the phone does with a code: 'works', 'garbles' or 'is_off'.
    phone       TEXT NOT NULL,
    PRIMARY KEY (institution, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id            INTEGER PRIMARY KEY,
    institution   TEXT NOT NULL,
    -- 'customer', 'payee', or an account of the bank's own: 'clearing', 'equity', 'suspense'.
    role          TEXT NOT NULL,
    iban          TEXT UNIQUE,
    customer      TEXT,
    holder        TEXT NOT NULL,
    label         TEXT NOT NULL,
    kind          TEXT NOT NULL,
    standing      TEXT NOT NULL,
    -- The sum of the account's entries, kept beside them.
    balance_cents INTEGER NOT NULL DEFAULT 0,
    CHECK (iban IS NULL OR balance_cents >= 0)
) STRICT;
CREATE INDEX accounts_by_customer ON accounts (institution, customer);
CREATE UNIQUE INDEX accounts_of_the_bank ON accounts (institution, role) WHERE iban IS NULL;

CREATE TABLE postings (
    id          INTEGER PRIMARY KEY,
    institution TEXT NOT NULL,
    kind        TEXT NOT NULL,
    reference   TEXT,
    at          INTEGER NOT NULL
) STRICT;
-- At most once: a second debit, restoration or receipt of one transfer cannot be written.
CREATE UNIQUE INDEX postings_of_a_transfer ON postings (institution, reference, kind);

CREATE TABLE entries (
    posting INTEGER NOT NULL REFERENCES postings,
    account INTEGER NOT NULL REFERENCES accounts,
    cents   INTEGER NOT NULL,
    PRIMARY KEY (account, posting)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_of_a_posting ON entries (posting);

CREATE TABLE holds (
    institution TEXT NOT NULL,
    reference   TEXT NOT NULL,
    account     INTEGER NOT NULL REFERENCES accounts,
    cents       INTEGER NOT NULL CHECK (cents > 0),
    PRIMARY KEY (institution, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_by_account ON holds (account);

-- References that were given up: nothing is done under them any more.
CREATE TABLE released (
    institution TEXT NOT NULL,
    reference   TEXT NOT NULL,
    PRIMARY KEY (institution, reference)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfers (
    institution   TEXT NOT NULL,
    reference     TEXT NOT NULL,
    -- The order as JSON.
    transfer_order TEXT NOT NULL,
    -- 'waiting', 'sent', 'settled' or 'rejected'.
    state         TEXT NOT NULL,
    reason        TEXT,
    first_seen_at INTEGER NOT NULL,
    debited_at    INTEGER,
    PRIMARY KEY (institution, reference)
) STRICT;

-- ISO 20022 messages exchanged with the clearing, as they went over the wire.
CREATE TABLE messages (
    id          INTEGER PRIMARY KEY,
    institution TEXT NOT NULL,
    reference   TEXT NOT NULL,
    name        TEXT NOT NULL,
    document    TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_of_a_transfer ON messages (institution, reference, name);

CREATE TABLE phone_messages (
    id               INTEGER PRIMARY KEY,
    institution      TEXT NOT NULL,
    customer         TEXT NOT NULL,
    payment          TEXT NOT NULL,
    amount_cents     INTEGER NOT NULL,
    creditor_name    TEXT NOT NULL,
    creditor_account TEXT NOT NULL,
    code             TEXT NOT NULL,
    language         TEXT NOT NULL,
    at               INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX phone_messages_by_customer ON phone_messages (institution, customer, id);
