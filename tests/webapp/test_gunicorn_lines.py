"""gunicorn itself, started as in production but for its application: its own lines are like all the others."""

import json
import re
import socket
import subprocess
import sys
import threading

from webapp.config import CHECKOUT
from webapp.embedded.programs import WEB

KEY = "/task-pages/a-secret-key"


def test_gunicorns_own_lines_are_json_and_hold_nothing_of_a_request():
    command = [sys.executable, "-m", "gunicorn", "wsgiref.simple_server:demo_app", "--bind", "127.0.0.1:0"]
    server = subprocess.Popen([*command, *WEB], cwd=CHECKOUT, stderr=subprocess.PIPE, text=True)
    stop = threading.Timer(60, server.kill)
    stop.start()
    lines = []
    try:
        for line in server.stderr:
            lines.append(line)
            if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line):
                break
        with socket.create_connection(("127.0.0.1", int(found[1])), 30) as client:
            client.sendall(f"GET {KEY} is no request\r\n\r\n".encode())
            assert b" 400 " in client.recv(1000)
    finally:
        server.terminate()
        lines += server.stderr.readlines()
        server.wait(30)
        stop.cancel()
    told = [json.loads(line) for line in lines]
    assert {each["logger"] for each in told} == {"gunicorn.error"}
    messages = [each["message"] for each in told]
    assert "Invalid request" in messages and "Handling signal: term" in messages
    assert KEY not in "".join(lines)
