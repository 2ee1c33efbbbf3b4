"""Palisade in front of views of a Flask application.

::

    @app.post("/assess")
    @bot_detection_middleware
    def assess(): ...

asks the Palisade that the environment names (``PALISADE_URL``, ``PALISADE_API_KEY``). With settings of one's own::

    bot_detection = BotDetection(Palisade("http://127.0.0.1:8081", api_key), config=BOT_CONFIG)

    @app.post("/assess")
    @bot_detection
    def assess(): ...

A refused request is answered 403 ``{"error": "Bot detected", "message": …}``, one that is to be challenged also has
``captcha_token``. The verdict is ``flask.g.palisade``; it is None where Palisade did not answer and requests are let through.
"""

from __future__ import annotations

import logging
from functools import wraps
from typing import Any, Callable, Mapping, Optional, Sequence, TypeVar

from flask import Response, g, jsonify, request

from .client import FIELDS, Palisade, Unavailable
from .request import shown

__all__ = ["BOT_CONFIG", "BotDetection", "bot_detection_middleware"]

_log = logging.getLogger("palisade_sdk")

View = TypeVar("View", bound=Callable[..., Any])

#: The settings of the older guide that an application still decides.
BOT_CONFIG: Mapping[str, Any] = {
    # Must a form hold a widget's token? Any of the vendors' field names will do.
    "RECAPTCHA_ENABLED": False,
    # The lowest score of a token, 0.0 to 1.0. Higher is stricter.
    "RECAPTCHA_THRESHOLD": 0.5,
    # A field that people do not see; programs fill it in.
    "ENABLE_HONEYPOT": True,
    "HONEYPOT_FIELD_NAME": "website",
}

#: Its other settings: Palisade's own now, in ``[detection]`` of palisade.toml (``palisade config import`` maps them).
_PALISADES = frozenset(
    (
        "RECAPTCHA_SITE_KEY",
        "RECAPTCHA_SECRET_KEY",
        "ENABLE_BEHAVIORAL_ANALYSIS",
        "SUSPICIOUS_PATTERN_THRESHOLD",
        "ENABLE_UA_VALIDATION",
        "BLOCK_EMPTY_UA",
        "BLOCK_SUSPICIOUS_UA",
        "ENABLE_TIMING_ANALYSIS",
        "MIN_REQUEST_TIME_MS",
        "TOO_FAST_THRESHOLD_MS",
        "ENABLE_FINGERPRINTING",
        "REQUIRE_JS_ENABLED",
    )
)


class BotDetection:
    """A decorator of views.

    :param palisade: the client; ``Palisade.from_env()`` where it is left out.
    :param config: the older guide's names; those that Palisade decides by itself are left to it.
    :param obey: ``"action"``, what the policy says, or ``"enforce"``, what a gateway would do now.
    :param hosts: on whose pages a token may have been made; any, where there are none.
    """

    def __init__(
        self,
        palisade: Optional[Palisade] = None,
        *,
        config: Optional[Mapping[str, Any]] = None,
        obey: str = "action",
        hosts: Sequence[str] = (),
    ) -> None:
        if obey not in ("action", "enforce"):
            raise ValueError(f"obey is 'action' or 'enforce', not {obey!r}")
        config = dict(config or {})
        unknown = sorted(set(config) - set(BOT_CONFIG) - _PALISADES)
        if unknown:
            raise ValueError(f"no such settings: {', '.join(unknown)}")
        self._config = {**BOT_CONFIG, **config}
        self._palisade = palisade
        self._obey = obey
        self._hosts = hosts

    def __call__(self, view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            refusal = self._refusal()
            return view(*args, **kwargs) if refusal is None else refusal

        return guarded  # type: ignore[return-value]

    def _refusal(self) -> Optional[Response]:
        """The answer instead of the view's; None where the request goes on."""
        if self._palisade is None:
            self._palisade = Palisade.from_env()
        g.palisade = None
        try:
            return self._judged(self._palisade)
        except Unavailable as error:
            _log.warning("no verdict, requests go on being %s: %s", self._palisade.on_failure, error)
            if self._palisade.on_failure == "closed":
                return _answer(503, error="Service unavailable", message="Please try again later")
            return None

    def _judged(self, palisade: Palisade) -> Optional[Response]:
        fields = _fields()
        if self._config["ENABLE_HONEYPOT"] and fields.get(self._config["HONEYPOT_FIELD_NAME"]):
            return _detected("Invalid form submission")
        verdict = palisade.check(
            ip=request.remote_addr,
            user_agent=request.headers.get("User-Agent"),
            endpoint=request.full_path.rstrip("?") if request.query_string else request.path,
            method=request.method,
            host=request.host,
            headers=shown(request.headers.items()),
        )
        g.palisade = verdict
        action = verdict.action if self._obey == "action" else verdict.enforce.upper()
        if action in ("BLOCK", "TARPIT"):
            return _detected("Automated requests are not allowed")
        must_solve = action not in ("ALLOW", "MONITOR")
        if not must_solve and not self._config["RECAPTCHA_ENABLED"]:
            return None
        token = next((fields[name] for name in FIELDS if fields.get(name)), None)
        if token is None:
            return _detected("CAPTCHA required", captcha_token=verdict.captcha_token)
        verified = palisade.siteverify(
            token,
            remote_ip=request.remote_addr,
            hosts=self._hosts,
            min_score=self._config["RECAPTCHA_THRESHOLD"],
        )
        if not verified.success:
            _log.info("a token was refused: %s", ", ".join(verified.error_codes))
            return _detected("CAPTCHA verification failed", captcha_token=verdict.captcha_token)
        return None


def bot_detection_middleware(view: View) -> View:
    """Guards ``view`` with the Palisade that the environment names, and the settings of ``BOT_CONFIG``."""
    return BotDetection()(view)


def _fields() -> Mapping[str, str]:
    """What was filled in: fields of a form, or strings of a JSON object."""
    values = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    if not isinstance(values, dict):
        return {}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _detected(message: str, **more: Optional[str]) -> Response:
    return _answer(403, error="Bot detected", message=message, **more)


def _answer(status: int, **content: Optional[str]) -> Response:
    response = jsonify(content)
    response.status_code = status
    return response
