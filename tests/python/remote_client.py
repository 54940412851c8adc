"""A learner's client of a remote command server: sends the commands one after another and describes each reply on a line.

    remote_client.py ADDRESS FORMAT ENCODING COMMAND...
"""

import sys

from command_wire import ask, connect

address, fmt, encoding, *commands = sys.argv[1:]
with connect(address) as sock:
    for command in commands:
        try:
            print(ask(sock, fmt, encoding, command))
        except (EOFError, ConnectionError) as error:
            sys.exit(f"no reply: {error}")
