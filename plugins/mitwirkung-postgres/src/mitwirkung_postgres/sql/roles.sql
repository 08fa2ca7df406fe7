-- Two roles and two schemas. Run once in the database of mitwirkung by its administrator, then give
-- both roles a password or a certificate.
--
-- mitwirkung_owner owns the tables and brings in new versions of them: mitwirkung is opened with it
-- once after each update. mitwirkung_app is the servers' role: it can neither change the schema nor
-- rewrite the journal.

CREATE ROLE mitwirkung_owner LOGIN;
CREATE ROLE mitwirkung_app LOGIN;

CREATE SCHEMA mitwirkung AUTHORIZATION mitwirkung_owner;
CREATE SCHEMA mitwirkung_keys AUTHORIZATION mitwirkung_owner;
GRANT USAGE ON SCHEMA mitwirkung, mitwirkung_keys TO mitwirkung_app;

-- Erasing ends the write-ahead log, which holds what was erased (PostgreSQL 15 or newer).
GRANT pg_checkpoint TO mitwirkung_app;
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO mitwirkung_app;
