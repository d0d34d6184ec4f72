# Read by the PostgreSQL image when its data folder is new: databases and roles of $DATABASES.
# <name>_owner owns the schema and may change it; <name>_app may only read and write rows.
# The image's entry point sources this file, so options set here would be set there too.

for name in $DATABASES; do
    psql -v ON_ERROR_STOP=1 -v name="$name" -v owner="${name}_owner" -v app="${name}_app" \
        -v owner_password="$OWNER_PASSWORD" -v app_password="$APP_PASSWORD" \
        --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"app" LOGIN PASSWORD :'app_password';
CREATE DATABASE :"name" OWNER :"owner";
-- PUBLIC may connect to every database by default: one service could read another's.
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO :"app";
\connect :"name"
ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO :"app";
SQL
done
