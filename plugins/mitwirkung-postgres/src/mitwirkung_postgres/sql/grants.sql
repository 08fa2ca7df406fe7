-- What the servers' role may do. Run by mitwirkung_owner after mitwirkung was opened with it.
--
-- MAINTAIN lets it write tables anew after an erasure. Before PostgreSQL 17 there is no such
-- privilege: leave it out, and let erasures run with mitwirkung_owner.

GRANT SELECT, INSERT, UPDATE, DELETE, MAINTAIN ON mitwirkung.records TO mitwirkung_app;
GRANT SELECT, INSERT ON mitwirkung.journal TO mitwirkung_app;
GRANT SELECT ON mitwirkung.mitwirkung_schema TO mitwirkung_app;

GRANT SELECT, INSERT, DELETE, MAINTAIN ON mitwirkung_keys.keys TO mitwirkung_app;
GRANT SELECT ON mitwirkung_keys.mitwirkung_schema TO mitwirkung_app;
