"""Asks for one target after the other: fetch.py requests|requests-apart|httpx|aiohttp|exact|exact-apart.

Reads run.json beside it. "apart" is one connection for each request. "exact" writes the headers in the order given, with
Python's own http.client.
"""

import asyncio
import json
import pathlib
import random
import sys
import time
from urllib.parse import urlsplit

HERE = pathlib.Path(__file__).parent
RUN = json.loads((HERE / "run.json").read_text())
URL, TARGETS = RUN["url"], RUN["targets"]
CHANCE = random.Random(RUN["seed"])


def headers(at):
    sets = RUN["header_sets"]
    return sets[at % len(sets)] if sets else []


def pause_s():
    """About the pace, as a random delay of a scraper has it."""
    return RUN["pace_ms"] / 1000 * CHANCE.uniform(0.5, 1.5)


def rest(at):
    if at and RUN["pace_ms"]:
        time.sleep(pause_s())


def by_requests(apart):
    import requests

    session = requests.Session()
    session.headers.update(dict(headers(0)))
    for at, target in enumerate(TARGETS):
        rest(at)
        if apart:
            requests.get(URL + target, headers=dict(headers(at)), timeout=20)
        else:
            session.get(URL + target, timeout=20)


def by_httpx():
    import httpx

    with httpx.Client(timeout=20, headers=dict(headers(0))) as client:
        for at, target in enumerate(TARGETS):
            rest(at)
            client.get(URL + target)


async def by_aiohttp():
    import aiohttp

    room = asyncio.Semaphore(RUN["at_once"])

    async def get(session, target):
        async with room:
            async with session.get(URL + target) as answer:
                await answer.read()
            await asyncio.sleep(pause_s())

    async with aiohttp.ClientSession(headers=dict(headers(0))) as session:
        await asyncio.gather(*(get(session, target) for target in TARGETS))


def by_http_client(apart):
    import http.client

    place = urlsplit(URL)
    connection = None
    came_from = None
    for at, target in enumerate(TARGETS):
        rest(at)
        if connection is None or apart:
            connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
        connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", place.netloc)
        for name, value in headers(at):
            if name == "Sec-Fetch-Site" and came_from:
                value = "same-origin"
            # Where Chrome has it.
            if name == "Accept-Encoding" and came_from:
                connection.putheader("Referer", came_from)
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        came_from = URL + target
        if answer.will_close:
            connection.close()
            connection = None


def main(how):
    if how.startswith("requests"):
        by_requests(how.endswith("apart"))
    elif how == "httpx":
        by_httpx()
    elif how == "aiohttp":
        asyncio.run(by_aiohttp())
    else:
        by_http_client(how.endswith("apart"))


main(sys.argv[1])
