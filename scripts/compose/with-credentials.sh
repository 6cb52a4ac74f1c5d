#!/bin/sh
# with-credentials.sh FILE COMMAND…: runs COMMAND with the lines NAME=value of FILE in its environment. A variable that is
# already set has precedence, and the file may be missing, so that an operator can use another Vault.
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
