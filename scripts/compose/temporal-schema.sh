#!/bin/sh
# One-shot temporal-schema: migrates Temporal's two databases to the schema of the admin-tools image. Safe to repeat. For an
# upgrade, run it with the new image before the new server starts. The tool reads the password from SQL_PASSWORD.
set -eu

schema=/etc/temporal/schema/postgresql/v12

bring_up() {
  database=$1
  versions=$2
  set -- temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u temporal --db "$database"
  "$@" setup-schema -v 0.0
  "$@" update-schema -d "$versions"
}

bring_up temporal "$schema/temporal/versioned"
bring_up temporal_visibility "$schema/visibility/versioned"
