"""A client of an HMAC command server.

    hmac_client.py legacy|mutual KEYFILE ADDRESS FORMAT COMMAND...

With --dribble at the end, it answers the challenge byte by byte.
"""

import socket
import sys

from command_wire import answer_legacy, answer_mutual, ask, connect, read_exactly

handshake, key_file, address, fmt, *commands = sys.argv[1:]
with open(key_file, "rb") as file:
    key = file.read()


def send(sock, data):
    if commands[-1] != "--dribble":
        sock.sendall(data)
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in data:
        sock.sendall(bytes([byte]))


try:
    with connect(address) as sock:
        if handshake == "legacy":
            stream = sock
            send(sock, answer_legacy(key, read_exactly(sock, 32)))
        else:
            stream = answer_mutual(sock, key, send)
        for command in commands:
            if command != "--dribble":
                print(ask(stream, fmt, "utf-8", command))
        if stream is not sock:
            stream.close()
            assert sock.recv(1) == b"", "the server ends too"
except (AssertionError, EOFError, ConnectionError) as error:
    sys.exit(f"not served: {error}")
