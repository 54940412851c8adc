"""CPython's counterpart of `reliability::serve`: `fault_server.py CLASS [request=MS]`. Everything is as Python provides it."""

import os
import socketserver
import sys

name, settings = sys.argv[1], dict(word.split("=") for word in sys.argv[2:])


def mark():
    print("mark", file=sys.stderr, flush=True)


class Obey(socketserver.StreamRequestHandler):
    # Of a single call of the socket; a request as a whole has no limit.
    timeout = float(settings["request"]) / 1000 if "request" in settings else None
    is_cursed = False

    def handle(self):
        for line in self.rfile:
            word, _, argument = line.decode().strip().partition(" ")
            if word in ("fail", "panic"):
                raise RuntimeError("as was asked")
            if word == "curse":
                self.is_cursed = True
                self.wfile.write(line)
                return
            if word == "pid":
                self.wfile.write(b"%d\n" % os.getpid())
            elif word == "mark":
                mark()
                self.wfile.write(line)
            elif word == "big":
                self.wfile.write(b"x" * int(argument))
            else:
                self.wfile.write(line)

    def __del__(self):
        if self.is_cursed:
            raise RuntimeError("as was asked")


class ObeyDatagrams(socketserver.DatagramRequestHandler):
    def handle(self):
        if self.packet == b"mark":
            mark()
        self.wfile.write(self.packet)


class Server(getattr(socketserver, name)):
    def verify_request(self, request, client_address):
        if client_address[0] == "127.0.0.66":
            raise RuntimeError("as was asked")
        return True


with Server(("127.0.0.1", 0), ObeyDatagrams if "UDP" in name else Obey) as server:
    print("pid", os.getpid(), flush=True)
    print("serving %s:%d" % server.server_address, flush=True)
    server.serve_forever()
