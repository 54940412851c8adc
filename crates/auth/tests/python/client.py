"""client.py PORT KEY: connects, says hello, prints the answer."""

import sys
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client

print("connecting")
try:
    connection = Client(("127.0.0.1", int(sys.argv[1])), authkey=sys.argv[2].encode())
except (AuthenticationError, OSError, EOFError) as error:
    print(f"{type(error).__name__}: {error}")
else:
    connection.send_bytes(b"hello")
    print("connected", connection.recv_bytes().decode())
