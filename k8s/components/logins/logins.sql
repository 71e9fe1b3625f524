-- The services' login users, each a member of one group role and of nothing else. Run it with psql, after the
-- migrations, as whoever ran those or as a superuser; run it again to change a password. A login whose variable is not
-- set is left as it is. Passwords come from the environment, so that they are in no command line and in no output.
\set ON_ERROR_STOP on
\set ingest ''
\set worker ''
\set operator ''
\set scaler ''
\getenv ingest PARLEY_INGEST_DB_PASSWORD
\getenv worker PARLEY_WORKER_DB_PASSWORD
\getenv operator PARLEY_OPERATOR_DB_PASSWORD
\getenv scaler PARLEY_SCALER_DB_PASSWORD

BEGIN;

SET LOCAL parley.password_ingest = :'ingest';
SET LOCAL parley.password_worker = :'worker';
SET LOCAL parley.password_operator = :'operator';
SET LOCAL parley.password_scaler = :'scaler';

DO $$
DECLARE
    login text;
    password text;
BEGIN
    FOREACH login IN ARRAY ARRAY ['ingest', 'worker', 'operator', 'scaler'] LOOP
        password := current_setting('parley.password_' || login);
        IF password = '' THEN
            CONTINUE;
        END IF;
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'parley_' || login) THEN
            RAISE EXCEPTION 'role parley_% does not exist: run the migrations first', login;
        END IF;
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = login) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', login);
        END IF;
        EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', login, password);
        EXECUTE format('GRANT %I TO %I', 'parley_' || login, login);

        IF login = 'scaler' THEN
            -- A number that takes longer than this is no longer worth having.
            EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', login, '5s');
            EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', login);
        END IF;
    END LOOP;
END
$$;

COMMIT;
