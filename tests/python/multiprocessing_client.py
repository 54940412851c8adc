"""Sends messages of all lengths to a listener that sends them back.

    multiprocessing_client.py ADDRESS KEYFILE
"""

import os
import socket
import sys
from multiprocessing.connection import AuthenticationError, Connection, answer_challenge, deliver_challenge

host, port = sys.argv[1].rsplit(":", 1)
with open(sys.argv[2], "rb") as file:
    key = file.read().rstrip(b"\n")

# What `Client(address, authkey=key)` does, but for its address family, which is always IPv4.
connection = Connection(socket.create_connection((host.strip("[]"), int(port))).detach())
try:
    answer_challenge(connection, key)
    deliver_challenge(connection, key)
except AuthenticationError as error:
    print("AuthenticationError:", error)
    sys.exit()

# Python sends the header on its own from 16,385 bytes on.
for length in 0, 1, 2, 255, 256, 16384, 16385, 1 << 20, 16 << 20:
    message = os.urandom(length)
    connection.send_bytes(message)
    assert connection.recv_bytes() == message, length
for number in range(100):
    connection.send_bytes(b"message %d" % number)
for number in range(100):
    assert connection.recv_bytes() == b"message %d" % number
connection.close()
print("all echoed")
