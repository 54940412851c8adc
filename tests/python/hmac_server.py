"""A command server behind a key.

    hmac_server.py legacy|mutual KEYFILE FORMAT

It ends by itself when its first client is gone, and says how that went.
"""

import socket
import sys

from command_wire import challenge_legacy, challenge_mutual, serve

handshake, key_file, fmt = sys.argv[1:]
with open(key_file, "rb") as file:
    key = file.read()

with socket.create_server(("127.0.0.1", 0)) as listener:
    print("listening on %s:%d" % listener.getsockname())
    sock, _ = listener.accept()
    with sock:
        try:
            if handshake == "legacy":
                challenge_legacy(sock, key)
                serve(sock, fmt, "utf-8")
            else:
                stream = challenge_mutual(sock, key)
                serve(stream, fmt, "utf-8")
                stream.close()
            print("done")
        except (AssertionError, EOFError) as error:
            print(error)
