"""The client: two questions, each with an end.

Needs nothing but the standard library. Nothing here decides about a request: an answer that did not come raises
``Unavailable``, and ``on_failure`` is what the middleware and the decorator do then.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, List, Mapping, Optional, Sequence
from urllib.parse import urlencode, urlsplit

__all__ = ["FIELDS", "Palisade", "Unavailable", "Verdict", "Verified"]

#: Form fields in which a widget's token comes, ours first.
FIELDS = (
    "captcha_token",
    "g-recaptcha-response",
    "h-captcha-response",
    "cf-turnstile-response",
    "recaptcha_token",
)

#: No answer is longer.
ANSWER_BYTES_MAX = 1 << 20
#: No token is longer.
TOKEN_CHARS_MAX = 4096
#: So many questions in a row without an answer, and nobody is asked for ``REST_S``.
FAILURES_MAX = 5
#: How long nobody is asked, in seconds; then one question tries again.
REST_S = 5.0


class Unavailable(Exception):
    """There is no answer: not reached, too slow, not understood, or the key is not known there."""


@dataclass(frozen=True)
class Verdict:
    """What is thought of a request (``POST /check``)."""

    #: What the policy says: ``ALLOW``, ``MONITOR``, ``CHALLENGE`` or ``BLOCK``.
    action: str
    #: What a gateway would do now, in lower case: milder than ``action`` where the policy is only being tried out.
    enforce: str
    #: 0 (a person, surely) to 100 (a bot, surely).
    score: int
    is_bot: bool
    #: For ``POST /captcha/verify``; only where a challenge is meant.
    captcha_token: Optional[str]
    request_id: str
    #: The answer as it came.
    answer: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Verified:
    """Whether a token is good (``POST /siteverify``). A token is good once."""

    success: bool
    #: 0.0 (a program) to 1.0 (a person), where the answer has one.
    score: Optional[float]
    action: Optional[str]
    hostname: Optional[str]
    error_codes: Sequence[str]


class Palisade:
    """A Palisade's API.

    :param url: its address, such as ``http://127.0.0.1:8081``.
    :param api_key: made by ``palisade keys create --scope check``; not needed where ``api.require_key`` says so.
    :param secret: of a site key, for ``/siteverify``; without it the API key is used.
    :param timeout: seconds for each step of a question: to connect, and for each piece of the answer.
    :param on_failure: ``"open"`` lets requests through where there is no answer, ``"closed"`` refuses them.
    :param clock: seconds that never run backwards; tests bring their own.
    """

    def __init__(
        self,
        url: str,
        api_key: Optional[str] = None,
        *,
        secret: Optional[str] = None,
        timeout: float = 2.0,
        on_failure: str = "open",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not the address of an API, such as http://127.0.0.1:8081")
        if on_failure not in ("open", "closed"):
            raise ValueError(f"on_failure is 'open' or 'closed', not {on_failure!r}")
        if timeout <= 0:
            raise ValueError("a timeout is more than 0 seconds")
        self.on_failure = on_failure
        self._host = parts.hostname
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._api_key = api_key
        self._secret = secret or api_key
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until: Optional[float] = None

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> "Palisade":
        """From ``PALISADE_URL``, ``PALISADE_API_KEY``, ``PALISADE_SECRET``, ``PALISADE_TIMEOUT``, ``PALISADE_ON_FAILURE``."""
        return cls(
            environment.get("PALISADE_URL", "http://127.0.0.1:8081"),
            environment.get("PALISADE_API_KEY"),
            secret=environment.get("PALISADE_SECRET"),
            timeout=float(environment.get("PALISADE_TIMEOUT", "2")),
            on_failure=environment.get("PALISADE_ON_FAILURE", "open"),
        )

    def check(
        self,
        *,
        endpoint: str,
        user_agent: Optional[str] = None,
        ip: Optional[str] = None,
        method: str = "GET",
        host: Optional[str] = None,
        headers: Optional[Mapping[str, str]] = None,
        body: Optional[str] = None,
    ) -> Verdict:
        """What is thought of a request. ``endpoint`` is its path with the query; what is left out counts as not visible.

        :raises Unavailable: where there is no answer.
        """
        question = {
            "ip": ip,
            "endpoint": endpoint,
            "method": method,
            "host": host,
            "headers": headers,
            "body": body,
        }
        question = {name: value for name, value in question.items() if value is not None}
        # Without one it was not sent, which is something else than not being visible.
        question["user_agent"] = user_agent
        answer = self._ask("/check", "application/json", json.dumps(question), self._api_key)
        try:
            return Verdict(
                action=str(answer["action"]),
                enforce=str(answer["enforce"]),
                score=int(answer["score"]),
                is_bot=bool(answer["is_bot"]),
                captcha_token=answer.get("captcha_token"),
                request_id=str(answer.get("request_id", "")),
                answer=answer,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(f"/check answered something else: {error!r}") from error

    def siteverify(
        self,
        response: str,
        *,
        remote_ip: Optional[str] = None,
        hosts: Sequence[str] = (),
        action: Optional[str] = None,
        min_score: float = 0.5,
    ) -> Verified:
        """Whether ``response`` is a good token, and uses it up.

        It must come from a page of one of ``hosts`` (of any, where there are none), for ``action`` (for any, where it
        is None), with a score of at least ``min_score``; else ``success`` is false and ``error_codes`` says why.

        :raises Unavailable: where there is no answer.
        """
        if not response or len(response) > TOKEN_CHARS_MAX or not response.isascii():
            code = "invalid-input-response" if response else "missing-input-response"
            return Verified(False, None, None, None, (code,))
        if not self._secret:
            raise Unavailable("neither a secret nor an API key is set")
        question = {"secret": self._secret, "response": response}
        if remote_ip:
            question["remoteip"] = remote_ip
        answer = self._ask("/siteverify", "application/x-www-form-urlencoded", urlencode(question), None)
        success, score, codes = answer.get("success"), answer.get("score"), answer.get("error-codes")
        if not isinstance(success, bool) or not isinstance(score, (int, float, type(None))):
            raise Unavailable("/siteverify answered something else")
        codes = [str(code) for code in codes] if isinstance(codes, list) else []
        if not success and {"invalid-input-secret", "missing-input-secret"} & set(codes):
            raise Unavailable("the secret is not known there")
        if success:
            codes = self._faults(answer, score, hosts, action, min_score)
        return Verified(
            success and not codes, score, answer.get("action"), answer.get("hostname"), tuple(codes)
        )

    @staticmethod
    def _faults(
        answer: Mapping[str, Any],
        score: Optional[float],
        hosts: Sequence[str],
        action: Optional[str],
        min_score: float,
    ) -> List[str]:
        faults = []
        if hosts and str(answer.get("hostname", "")).lower() not in [host.lower() for host in hosts]:
            faults.append("wrong-hostname")
        if action is not None and answer.get("action") != action:
            faults.append("wrong-action")
        if score is not None and score < min_score:
            faults.append("low-score")
        return faults

    def _ask(self, path: str, content_type: str, body: str, key: Optional[str]) -> Mapping[str, Any]:
        if not self._may_ask():
            raise Unavailable("it failed too often just now, and is left alone for a moment")
        try:
            answer = self._asked(path, content_type, body, key)
        except Unavailable:
            self._failed()
            raise
        with self._lock:
            self._failures, self._rests_until = 0, None
        return answer

    def _may_ask(self) -> bool:
        with self._lock:
            now = self._clock()
            if self._rests_until is None:
                return True
            if now < self._rests_until:
                return False
            # One question tries; all others go on waiting.
            self._rests_until = now + REST_S
            return True

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES_MAX:
                self._rests_until = self._clock() + REST_S

    def _asked(self, path: str, content_type: str, body: str, key: Optional[str]) -> Mapping[str, Any]:
        if self._tls is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        else:
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._tls
            )
        headers = {"Content-Type": content_type, "Accept": "application/json", "Connection": "close"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            connection.request("POST", self._prefix + path, body.encode(), headers)
            response = connection.getresponse()
            text = response.read(ANSWER_BYTES_MAX + 1)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{path}: {error!r}") from error
        finally:
            connection.close()
        if response.status != 200 and path != "/siteverify":
            raise Unavailable(f"{path}: status {response.status}: {text[:300].decode(errors='replace')}")
        try:
            answer = json.loads(text) if len(text) <= ANSWER_BYTES_MAX else None
        except (ValueError, RecursionError) as error:
            raise Unavailable(f"{path}: status {response.status}, and no JSON") from error
        if not isinstance(answer, dict) or (response.status != 200 and answer.get("success") is not False):
            raise Unavailable(f"{path}: status {response.status}, and no answer")
        return answer
