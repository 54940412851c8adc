"""CPython's counterpart of `reliability::serve`: `fault_server.py ThreadingTCPServer|ForkingTCPServer`. Everything is as Python provides it."""

import os
import socketserver
import sys


class Obey(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            word, _, argument = line.decode().strip().partition(" ")
            if word == "fail":
                raise RuntimeError("as was asked")
            if word == "pid":
                self.wfile.write(b"%d\n" % os.getpid())
            elif word == "mark":
                print("mark", file=sys.stderr, flush=True)
                self.wfile.write(line)
            elif word == "big":
                self.wfile.write(b"x" * int(argument))
            else:
                self.wfile.write(line)


with getattr(socketserver, sys.argv[1])(("127.0.0.1", 0), Obey) as server:
    print("pid", os.getpid(), flush=True)
    print("serving %s:%d" % server.server_address, flush=True)
    server.serve_forever()
