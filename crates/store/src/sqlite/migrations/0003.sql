-- Registrations by provider: one may have many applications and agents.
ALTER TABLE tpps ADD COLUMN organization_identifier TEXT NOT NULL DEFAULT '';
UPDATE tpps SET organization_identifier = json_extract(document, '$.organization_identifier');
CREATE INDEX tpps_organization_identifier ON tpps (organization_identifier, id);
