#!/bin/sh
# Runs once, on an empty volume. Creates the logins and databases of Lorekeep and of Temporal on one server; no login is a
# superuser. The application's own login is created by `migrate`, which sets its rights at every version.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --quiet <<'SQL'
-- psql reads the passwords from the environment, because arguments are visible in the process list.
\getenv owner_password LOREKEEP_OWNER_PASSWORD
\getenv temporal_password TEMPORAL_DB_PASSWORD

-- CREATEROLE lets `migrate` create the application's role. It cannot grant a right that the owner does not have.
create role lorekeep_owner login createrole password :'owner_password';
create database lorekeep owner lorekeep_owner;

create role temporal login password :'temporal_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;

-- Lorekeep's logins do not need Temporal's databases.
revoke connect on database temporal, temporal_visibility from public;

\connect lorekeep
-- pgvector isn't a trusted extension: only a superuser may create it, and `migrate` isn't one.
create extension vector;
alter schema public owner to lorekeep_owner;
\connect temporal
alter schema public owner to temporal;
\connect temporal_visibility
alter schema public owner to temporal;
SQL
