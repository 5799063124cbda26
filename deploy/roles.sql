-- The database of a hall and its two roles, as a superuser, with passwords of your own:
--     psql -v owner_password=… -v hall_password=… -f deploy/roles.sql
-- Then, with DATABASE_URL=postgresql://hall:…/hall in the environment as always:
--     HALL_OWNER_DATABASE_URL=postgresql://hall_owner:…/hall manage.py migrate
-- which makes the tables as hall_owner and gives hall its rights on them: all of the hall's work,
-- but no UPDATE, DELETE or TRUNCATE on the ledger. After a dump was restored:
--     HALL_OWNER_DATABASE_URL=… manage.py database_roles
CREATE ROLE hall_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE hall LOGIN PASSWORD :'hall_password';
CREATE DATABASE hall OWNER hall_owner;
\connect hall
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- A hall whose role `hall` owns its tables already: instead of the above
--     CREATE ROLE hall_owner LOGIN PASSWORD :'owner_password';
--     ALTER DATABASE hall OWNER TO hall_owner;
--     \connect hall
--     REASSIGN OWNED BY hall TO hall_owner;
