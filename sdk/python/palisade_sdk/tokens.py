"""Checking result tokens without asking: by Palisade's public keys.

Cheaper than ``Palisade.siteverify``, and less: a token that was used before looks as good as new for the five minutes it
lives. Ask ``/siteverify`` where that matters. Needs PyJWT with cryptography (``pip install palisade-sdk[tokens]``).
"""

from __future__ import annotations

import threading
import time
import urllib.request
from typing import Any, Callable, Dict, Mapping, Optional

import jwt

from .client import ANSWER_BYTES_MAX, Unavailable

__all__ = ["InvalidToken", "TokenVerifier"]

#: Keys are fetched anew after so many seconds, ...
KEYS_AGE_S = 600.0
#: ... and for a token with an unknown key, at most so often.
KEYS_PAUSE_S = 30.0
#: Clocks differ by so many seconds.
LEEWAY_S = 60

#: A key decides which algorithm it is for; a token has no say in it.
_ALGORITHMS = {"RSA": "RS256", "OKP": "EdDSA"}


class InvalidToken(Exception):
    """Not a token of this Palisade for this site, or no longer."""


class TokenVerifier:
    """Knows the keys of one Palisade.

    :param url: its address; its keys are fetched from ``/.well-known/jwks.json`` when they are needed.
    :param site_key: whose tokens are taken.
    :param timeout: seconds for each step of fetching keys.
    """

    def __init__(
        self,
        url: str,
        site_key: str,
        *,
        timeout: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/") + "/.well-known/jwks.json"
        self._site_key = site_key
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Dict[str, jwt.PyJWK] = {}
        self._fetched: Optional[float] = None
        # Keys come from the machine that was named, not from a proxy.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def verify(
        self, token: str, *, hosts: tuple = (), action: Optional[str] = None, min_score: float = 0.5
    ) -> Mapping[str, Any]:
        """What a good token says: ``score`` (1.0 is a person), ``action``, ``hostname``, ``jti``, and more.

        :raises InvalidToken: where it is not good.
        :raises Unavailable: where the keys cannot be had.
        """
        try:
            key = self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[_ALGORITHMS[key.key_type]],
                audience=self._site_key,
                issuer="palisade",
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "aud", "iss", "jti"]},
            )
        except (jwt.InvalidTokenError, KeyError) as error:
            raise InvalidToken(str(error)) from error
        if hosts and claims.get("hostname") not in hosts:
            raise InvalidToken("made on another host's page")
        if action is not None and claims.get("action") != action:
            raise InvalidToken("made for another action")
        score = claims.get("score")
        if not isinstance(score, (int, float)) or score < min_score:
            raise InvalidToken("its score is too low")
        return claims

    def _key(self, kid: str) -> jwt.PyJWK:
        with self._lock:
            age = None if self._fetched is None else self._clock() - self._fetched
            if age is None or age > KEYS_AGE_S or (kid not in self._keys and age > KEYS_PAUSE_S):
                self._keys = self._fetch()
                self._fetched = self._clock()
            return self._keys[kid]

    def _fetch(self) -> Dict[str, jwt.PyJWK]:
        try:
            with self._opener.open(self._url, timeout=self._timeout) as answer:
                text = answer.read(ANSWER_BYTES_MAX)
            keys = jwt.PyJWKSet.from_json(text.decode())
        except (OSError, ValueError, jwt.PyJWTError) as error:
            raise Unavailable(f"{self._url}: {error!r}") from error
        return {str(key.key_id): key for key in keys.keys}
