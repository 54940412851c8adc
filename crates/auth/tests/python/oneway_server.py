"""oneway_server.py KEY DIGEST: the tutorials' server; prints its port, challenges one client."""

import hmac
import os
import socket
import sys

key, digest = sys.argv[1].encode(), sys.argv[2]
with socket.socket() as listener:
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    print(listener.getsockname()[1])
    connection, _ = listener.accept()
    with connection:
        message = os.urandom(32)
        connection.sendall(message)
        expected = hmac.new(key, message, digest).digest()
        response = connection.recv(len(expected), socket.MSG_WAITALL)
        if hmac.compare_digest(expected, response):
            connection.sendall(b"welcome")
            print("accepted")
        else:
            print("refused")
