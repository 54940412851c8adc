"""A server that answers the first command of its first client with the bytes it was told, byte by byte, and so many zeros.

    false_server.py HEX ZEROS
"""

import socket
import sys

reply, zeros = bytes.fromhex(sys.argv[1]), int(sys.argv[2])
with socket.create_server(("127.0.0.1", 0)) as listener:
    print("listening on %s:%d" % listener.getsockname())
    sock, _ = listener.accept()
    with sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.recv(1024)
        for byte in reply:
            sock.sendall(bytes([byte]))
        while zeros > 0:
            zeros -= sock.send(bytes(min(zeros, 1 << 20)))
