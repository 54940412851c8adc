"""oneway_client.py PORT KEY DIGEST: the tutorials' client; prints what the server says afterwards."""

import hmac
import socket
import sys

key, digest = sys.argv[2].encode(), sys.argv[3]
print("connecting")
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    message = connection.recv(32, socket.MSG_WAITALL)
    connection.sendall(hmac.new(key, message, digest).digest())
    print(connection.makefile("rb").read().decode())
