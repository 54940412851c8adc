"""Sends back what each client sends.

    multiprocessing_listener.py KEYFILE
"""

import sys
from multiprocessing import AuthenticationError
from multiprocessing.connection import Listener

with open(sys.argv[1], "rb") as file:
    key = file.read().rstrip(b"\n")

with Listener(("127.0.0.1", 0), authkey=key) as listener:
    print("listening on %s:%d" % listener.address)
    while True:
        try:
            with listener.accept() as connection:
                while True:
                    connection.send_bytes(connection.recv_bytes())
        except (AuthenticationError, EOFError, OSError):
            pass  # this client is over
