#!/usr/bin/env python3
"""A scripted client: does one scenario and prints what it observes as JSON lines.

    client.py --transport tcp|udp|unix-stream|unix-datagram --scenario NAME ADDRESS

A line {"wait": "over", "request": K} is not an observation but a question to whoever runs the client:
it goes on when a line (or EOF) comes on stdin, which the runner sends when the server has finished with
the K-th request of this client. {"wait": "stop"} asks it to send SIGTERM to the server first. So there is
no sleep here: without a runner (stdin at EOF) what comes after a "wait" is merely a race.
Nothing is printed that depends on how the kernel cuts a stream into pieces.
"""

import argparse

import client_datagram
import client_stream
from client_common import report

SCENARIOS = {
    "tcp": client_stream.SCENARIOS,
    "unix-stream": client_stream.SCENARIOS,
    "udp": client_datagram.SCENARIOS,
    "unix-datagram": client_datagram.SCENARIOS,
}


def main():
    names = sorted(set(client_stream.SCENARIOS) | set(client_datagram.SCENARIOS))
    parser = argparse.ArgumentParser(description="a scripted client")
    parser.add_argument("--transport", choices=sorted(SCENARIOS), required=True)
    parser.add_argument("--scenario", choices=names, required=True)
    parser.add_argument("address")
    arguments = parser.parse_args()
    if arguments.scenario not in SCENARIOS[arguments.transport]:
        parser.error("no scenario %s for %s" % (arguments.scenario, arguments.transport))
    try:
        SCENARIOS[arguments.transport][arguments.scenario](arguments)
    except OSError as error:  # no scenario expects it here, so it is an observation
        report(error=type(error).__name__)


if __name__ == "__main__":
    main()
