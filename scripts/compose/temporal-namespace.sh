#!/bin/sh
# One-shot temporal-namespace: creates the namespace if it does not exist. An existing one keeps its settings.
# The `temporal` command reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu

# The port is open shortly before the frontend answers.
tries=0
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 30 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS is not healthy after 60 seconds" >&2
    exit 1
  fi
  sleep 2
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  echo "The namespace $TEMPORAL_NAMESPACE exists already."
else
  # Closed workflows stay readable for 30 days.
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 720h
fi
