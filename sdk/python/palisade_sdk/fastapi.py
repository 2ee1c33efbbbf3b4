"""Palisade in front of a FastAPI (or Starlette) application.

::

    app = FastAPI()
    app.add_middleware(PalisadeMiddleware, palisade=Palisade("http://127.0.0.1:8081", api_key))

A request that is to be blocked is answered 403 ``{"error": "Access denied"}``, one that is to be challenged 403
``{"error": "CAPTCHA required", "captcha_token": …}``. Who solves the challenge sends the request again with the widget's
token in the header ``X-Captcha-Token`` (or with the pass of ``POST /captcha/verify`` as its cookie). The verdict is there
for the application as ``request.state.palisade``; it is None where Palisade did not answer and requests are let through.
WebSockets are not looked at.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Callable, Optional, Sequence

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .client import Palisade, Unavailable, Verdict
from .request import shown

__all__ = ["PalisadeMiddleware"]

_log = logging.getLogger("palisade_sdk")

#: Questions under way at once; further requests wait for their turn.
QUESTIONS_MAX = 64


class PalisadeMiddleware:
    """Asks about each request before the application sees it.

    :param palisade: the client; ``Palisade.from_env()`` where it is left out.
    :param applies: which requests are asked about, by ASGI scope; all, where it is left out.
    :param obey: ``"action"``, what the policy says, or ``"enforce"``, what a gateway would do now.
    :param hosts: on whose pages a token may have been made; any, where there are none.
    :param min_score: the lowest score of a token, 0.0 to 1.0: higher is stricter.
    """

    def __init__(
        self,
        app: ASGIApp,
        palisade: Optional[Palisade] = None,
        *,
        applies: Optional[Callable[[Scope], bool]] = None,
        obey: str = "action",
        hosts: Sequence[str] = (),
        min_score: float = 0.5,
    ) -> None:
        if obey not in ("action", "enforce"):
            raise ValueError(f"obey is 'action' or 'enforce', not {obey!r}")
        self.app = app
        self._palisade = palisade or Palisade.from_env()
        self._applies = applies
        self._obey = obey
        self._hosts = hosts
        self._min_score = min_score
        self._questions: Optional[anyio.CapacityLimiter] = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (self._applies is not None and not self._applies(scope)):
            await self.app(scope, receive, send)
            return
        refusal = await self._refusal(scope)
        await (refusal or self.app)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Optional[Response]:
        """The answer instead of the application's; None where the request goes on."""
        state = scope.setdefault("state", {})
        state["palisade"] = None
        try:
            verdict: Verdict = await self._in_thread(partial(self._ask, scope))
            state["palisade"] = verdict
            action = self._action(verdict)
            if action == "BLOCK":
                return JSONResponse({"error": "Access denied"}, status_code=403)
            if action == "CHALLENGE" and not await self._is_solved(scope):
                content = {"error": "CAPTCHA required", "captcha_token": verdict.captcha_token}
                return JSONResponse(content, status_code=403)
        except Unavailable as error:
            _log.warning("no verdict, requests go on being %s: %s", self._palisade.on_failure, error)
            if self._palisade.on_failure == "closed":
                return JSONResponse({"error": "Service unavailable"}, status_code=503)
        return None

    def _ask(self, scope: Scope) -> Verdict:
        headers = Headers(scope=scope)
        path = scope.get("raw_path") or scope["path"].encode()
        query = scope.get("query_string") or b""
        client = scope.get("client")
        return self._palisade.check(
            ip=client[0] if client else None,
            user_agent=headers.get("user-agent"),
            endpoint=path.decode("latin-1") + ("?" + query.decode("latin-1") if query else ""),
            method=scope["method"],
            host=headers.get("host"),
            headers=shown(headers.items()),
        )

    def _action(self, verdict: Verdict) -> str:
        if self._obey == "action":
            return verdict.action
        return {"block": "BLOCK", "tarpit": "BLOCK", "allow": "ALLOW", "monitor": "MONITOR"}.get(
            verdict.enforce, "CHALLENGE"
        )

    async def _is_solved(self, scope: Scope) -> bool:
        token = Headers(scope=scope).get("x-captcha-token")
        if not token:
            return False
        client = scope.get("client")
        verify = partial(
            self._palisade.siteverify,
            token,
            remote_ip=client[0] if client else None,
            hosts=self._hosts,
            min_score=self._min_score,
        )
        verified = await self._in_thread(verify)
        return verified.success

    async def _in_thread(self, question):
        # Made here, where the event loop is known.
        if self._questions is None:
            self._questions = anyio.CapacityLimiter(QUESTIONS_MAX)
        return await anyio.to_thread.run_sync(question, abandon_on_cancel=True, limiter=self._questions)
