"""listener.py KEY: prints its port, accepts one client, sends one message back in upper case."""

import sys
from multiprocessing import AuthenticationError
from multiprocessing.connection import Listener

with Listener(("127.0.0.1", 0), authkey=sys.argv[1].encode()) as listener:
    print(listener.address[1])
    try:
        connection = listener.accept()
    except (AuthenticationError, OSError, EOFError) as error:
        print(f"{type(error).__name__}: {error}")
    else:
        connection.send_bytes(connection.recv_bytes().upper())
        print("accepted")
