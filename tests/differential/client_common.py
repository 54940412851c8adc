"""What all scripted clients share: reporting, waiting for the runner, making a socket."""

import hashlib
import json
import os
import socket
import sys
import tempfile

# Only a guard against hanging for ever: no scenario relies on its value.
GUARD_SECONDS = 60


def report(**observation):
    """Print one observation."""
    print(json.dumps(observation, sort_keys=True), flush=True)


def wait(what, **details):
    """Ask the runner for something, and wait for its answer."""
    report(wait=what, **details)
    sys.stdin.readline()


def summary(data):
    """Short data as text; long data by length and hash."""
    if len(data) <= 64:
        return data.decode("latin-1")
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def make_socket(arguments, bind_unix=False):
    """A socket of the scenario's kind. `bind_unix` gives a Unix socket a name of its own."""
    unix = arguments.transport.startswith("unix")
    stream = arguments.transport in ("tcp", "unix-stream")
    family = socket.AF_UNIX if unix else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    sock.settimeout(GUARD_SECONDS)
    if unix and bind_unix:
        folder = tempfile.mkdtemp(dir=os.path.dirname(arguments.address))
        sock.bind(os.path.join(folder, "client.sock"))
    return sock


def server_address(arguments):
    """ADDRESS as the socket module wants it."""
    if arguments.transport.startswith("unix"):
        return arguments.address
    host, port = arguments.address.rsplit(":", 1)
    return (host, int(port))
