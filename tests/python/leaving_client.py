"""A client that sends a command and leaves, in one of several ways, when it is told to by a line on its standard input.

    leaving_client.py ADDRESS close|reset|half-close COMMAND
"""

import socket
import struct
import sys

from command_wire import connect

address, how, command = sys.argv[1:]
with connect(address) as sock:
    sock.sendall(command.encode())
    if how == "half-close":
        sock.shutdown(socket.SHUT_WR)
        print(sock.makefile("rb").read())
    else:
        sys.stdin.readline()
        if how == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
