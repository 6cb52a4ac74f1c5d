#!/bin/sh
# vault-setup.sh TOKEN_FILE CREDENTIALS_FILE: one-shot that prepares Vault for the application. An operator who has revoked the
# first token and deleted its file (docs/deploy.md) has nothing left to set up: that is no error.
set -eu

if [ ! -r "$1" ] && [ -z "${VAULT_TOKEN:-}" ]; then
  if [ -r "$2" ]; then
    echo "No token to set Vault up with, and the application has its credentials: nothing to do."
    exit 0
  fi
  # Without this the next command would only say that VAULT_TOKEN is missing.
  echo "Neither a token in $1 nor credentials in $2: see docs/deploy.md, \"Unseal and recovery\"." >&2
  exit 1
fi
exec sh scripts/compose/with-credentials.sh "$1" node dist/src/main/vault-setup.js --credentials-file "$2"
