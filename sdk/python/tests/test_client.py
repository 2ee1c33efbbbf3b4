"""The client against servers that answer, refuse, stay silent, break off and talk nonsense.

    PYTHONPATH=sdk/python python3 -m unittest discover -s sdk/python/tests
"""

import json
import socket
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from palisade_sdk.client import ANSWER_BYTES_MAX, FAILURES_MAX, REST_S, Palisade, Unavailable
from palisade_sdk.request import shown

VERDICT = {
    "is_bot": False,
    "score": 12,
    "ml_score": None,
    "action": "ALLOW",
    "enforce": "allow",
    "features": [0.0] * 7,
    "request_id": "r-1",
}


class Answering:
    """A server that answers everything alike, and remembers what it was asked."""

    def __init__(self, status=200, body=b"", raw=None):
        outer = self
        self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.asked.append((self.path, dict(self.headers), text))
                if raw is not None:
                    self.wfile.write(raw)
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def answering(answer, status=200):
    return Answering(status, json.dumps(answer).encode())


class Check(unittest.TestCase):
    def test_the_question_and_its_answer(self):
        with answering(VERDICT) as server:
            verdict = Palisade(server.url + "/", "pal_k").check(
                endpoint="/a?b=c", user_agent="x/1", ip="203.0.113.7", headers={"accept": "*/*"}
            )
        self.assertEqual((verdict.action, verdict.score, verdict.is_bot), ("ALLOW", 12, False))
        self.assertIsNone(verdict.captcha_token)
        path, headers, text = server.asked[0]
        self.assertEqual((path, headers["Authorization"]), ("/check", "Bearer pal_k"))
        self.assertEqual(
            json.loads(text),
            {
                "ip": "203.0.113.7",
                "endpoint": "/a?b=c",
                "method": "GET",
                "headers": {"accept": "*/*"},
                "user_agent": "x/1",
            },
        )

    def test_no_user_agent_is_said(self):
        with answering(VERDICT) as server:
            Palisade(server.url).check(endpoint="/")
        self.assertIn('"user_agent": null', server.asked[0][2])
        self.assertNotIn("Authorization", server.asked[0][1])

    def test_what_is_no_answer(self):
        for server in (
            answering({"error": "unauthorized", "message": "which key?"}, 401),
            answering(VERDICT, 500),
            answering({}),
            answering([]),
            answering({**VERDICT, "score": "high"}),
            Answering(body=b"<html>"),
            Answering(body=b" " * (ANSWER_BYTES_MAX + 1)),
            Answering(body=b"[" * 100_000),
            Answering(raw=b""),
            Answering(raw=b"nonsense\r\n\r\n"),
            Answering(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"),
        ):
            with server, self.assertRaises(Unavailable):
                Palisade(server.url).check(endpoint="/")

    def test_nobody_there_and_nobody_speaking(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with self.assertRaises(Unavailable):
                Palisade(url, timeout=0.2).check(endpoint="/")
        with self.assertRaises(Unavailable):
            Palisade(url).check(endpoint="/")

    def test_who_fails_is_left_alone(self):
        now = [100.0]
        with answering({}, 503) as server:
            palisade = Palisade(server.url, clock=lambda: now[0])

            def ask():
                with self.assertRaises(Unavailable):
                    palisade.check(endpoint="/")
                return len(server.asked)

            for n in range(FAILURES_MAX):
                self.assertEqual(ask(), n + 1)
            self.assertEqual(ask(), FAILURES_MAX)
            now[0] += REST_S
            self.assertEqual(ask(), FAILURES_MAX + 1, "one tries")
            self.assertEqual(ask(), FAILURES_MAX + 1)

    def test_settings_are_checked(self):
        for url in ("127.0.0.1:8081", "ftp://a.example", ""):
            with self.assertRaises(ValueError):
                Palisade(url)
        with self.assertRaises(ValueError):
            Palisade("http://a.example", on_failure="maybe")
        with self.assertRaises(ValueError):
            Palisade("http://a.example", timeout=0)
        self.assertEqual(Palisade.from_env({"PALISADE_ON_FAILURE": "closed"}).on_failure, "closed")


class Siteverify(unittest.TestCase):
    GOOD = {"success": True, "score": 0.7, "hostname": "shop.example", "action": "login"}

    def verified(self, answer, status=200, **expected):
        with answering(answer, status) as server:
            return Palisade(server.url, secret="s&=").siteverify("tok", **expected), server

    def test_the_question_and_its_answer(self):
        verified, server = self.verified(self.GOOD, remote_ip="203.0.113.7")
        self.assertTrue(verified.success)
        self.assertEqual((verified.score, verified.hostname), (0.7, "shop.example"))
        path, _, text = server.asked[0]
        self.assertEqual(path, "/siteverify")
        expect = {"secret": ["s&="], "response": ["tok"], "remoteip": ["203.0.113.7"]}
        self.assertEqual(parse_qs(text), expect)

    def test_a_yes_for_something_else_is_a_no(self):
        for expected, code in (
            ({"hosts": ["bank.example"]}, "wrong-hostname"),
            ({"action": "pay"}, "wrong-action"),
            ({"min_score": 0.8}, "low-score"),
        ):
            verified, _ = self.verified(self.GOOD, **expected)
            self.assertFalse(verified.success)
            self.assertEqual(list(verified.error_codes), [code])
        verified, _ = self.verified(self.GOOD, hosts=["Shop.Example"], action="login", min_score=0.7)
        self.assertTrue(verified.success)

    def test_a_no_is_a_no(self):
        for status in (200, 400):
            verified, _ = self.verified({"success": False, "error-codes": ["timeout-or-duplicate"]}, status)
            self.assertFalse(verified.success)
            self.assertEqual(list(verified.error_codes), ["timeout-or-duplicate"])

    def test_a_wrong_secret_is_no_word_on_the_token(self):
        with self.assertRaises(Unavailable):
            self.verified({"success": False, "error-codes": ["invalid-input-secret"]})
        with self.assertRaises(Unavailable):
            Palisade("http://127.0.0.1:1").siteverify("tok")

    def test_what_is_no_answer(self):
        for answer, status in (({"success": "yes"}, 200), ({"ok": 1}, 200), (self.GOOD, 500), ([], 200)):
            with self.assertRaises(Unavailable):
                self.verified(answer, status)

    def test_what_cannot_be_good_is_not_asked_about(self):
        palisade = Palisade("http://127.0.0.1:1", secret="s")
        for token in ("", "é", "a" * 5_000):
            self.assertFalse(palisade.siteverify(token).success)


class Shown(unittest.TestCase):
    def test_secrets_stay_here(self):
        headers = [
            ("Accept", "text/html"),
            ("accept", "*/*"),
            ("Authorization", "Bearer hush"),
            ("Cookie", "session=hush; palisade_pass=p; a"),
            ("Cookie", "__Host-palisade_pass=q"),
        ]
        self.assertEqual(
            shown(headers),
            {
                "accept": "text/html, */*",
                "authorization": "-",
                "cookie": "session=-; palisade_pass=p; a=-; __Host-palisade_pass=q",
            },
        )


if __name__ == "__main__":
    unittest.main()
