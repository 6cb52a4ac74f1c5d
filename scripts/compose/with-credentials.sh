#!/bin/sh
# with-credentials.sh FILE COMMAND…: runs COMMAND with the lines NAME=value of FILE in its environment. A variable that is
# set already wins, and a missing file is no error: so an operator's own Vault takes the place of the one beside us.
set -eu

file=$1
shift
if [ -r "$file" ]; then
  while IFS='=' read -r name value; do
    case $name in
      VAULT_TOKEN | VAULT_ROLE_ID | VAULT_SECRET_ID) ;;
      *) continue ;;
    esac
    eval "current=\${$name:-}"
    [ -n "$current" ] || export "$name=$value"
  done <"$file"
fi
exec "$@"
