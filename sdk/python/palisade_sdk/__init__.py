"""Asks a Palisade: what it thinks of a request, and whether a visitor's token is good.

``Palisade`` is the client; ``palisade_sdk.fastapi`` and ``palisade_sdk.flask`` put it in front of an application;
``palisade_sdk.tokens`` checks tokens without asking anybody.
"""

from .client import Palisade, Unavailable, Verdict, Verified

__all__ = ["Palisade", "Unavailable", "Verdict", "Verified"]
