"""What of a request is shown to Palisade."""

from __future__ import annotations

from typing import Dict, Iterable, Tuple

#: Headers whose value is a secret: that they are there is told, not what they hold.
_SECRET = ("authorization", "proxy-authorization", "x-api-key")
#: Cookies of Palisade's own; of all others only the names are told.
_OWN_COOKIES = ("palisade_", "__Host-palisade_")


def shown(headers: Iterable[Tuple[str, str]]) -> Dict[str, str]:
    """Headers for ``/check``: in lower case, without secrets. Servers of Python have lost their order and case."""
    seen: Dict[str, str] = {}
    for name, value in headers:
        name = name.lower()
        if name in _SECRET:
            value = "-"
        elif name == "cookie":
            value = _cookies(value)
        joint = "; " if name == "cookie" else ", "
        seen[name] = f"{seen[name]}{joint}{value}" if name in seen else value
    return seen


def _cookies(value: str) -> str:
    pairs = (pair.strip() for pair in value.split(";"))
    return "; ".join(
        pair if pair.startswith(_OWN_COOKIES) else pair.split("=", 1)[0] + "=-" for pair in pairs if pair
    )
