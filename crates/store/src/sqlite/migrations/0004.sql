-- Certificates that are known to be revoked, until they expire: what an issuer has said once counts after a
-- restart, whether it can be asked again or not.
CREATE TABLE revoked_certificates (
    sha256    BLOB    NOT NULL PRIMARY KEY,
    not_after INTEGER NOT NULL,
    document  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_certificates_not_after ON revoked_certificates (not_after);
