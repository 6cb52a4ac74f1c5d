#!/bin/sh
# vault-setup.sh TOKEN_FILE CREDENTIALS_FILE: one-shot that prepares Vault for the application. It succeeds without a token when
# the credentials exist, because an operator revokes the first token after the set-up (docs/deploy.md).
set -eu

if [ ! -r "$1" ] && [ -z "${VAULT_TOKEN:-}" ]; then
  if [ -r "$2" ]; then
    echo "There is no token for the set-up, and the application has its credentials: nothing to do."
    exit 0
  fi
  # Without this the next command would only say that VAULT_TOKEN is missing.
  echo "Neither a token in $1 nor credentials in $2: see docs/deploy.md, \"Unseal and recovery\"." >&2
  exit 1
fi
exec sh scripts/compose/with-credentials.sh "$1" node dist/src/main/vault-setup.js --credentials-file "$2"
