"""CPython's socketserver, as its documentation shows it.

One default is changed, in its favour: with request_queue_size 5 clients would wait for seconds to be let in.
"""
import socketserver
import sys

name, work, size, path = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            message = self.rfile.read(size)
            if not message:
                return
            self.wfile.write(message)


class Once(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.read(size))


class Lines(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


class Packet(socketserver.BaseRequestHandler):
    def handle(self):
        data, socket = self.request
        socket.sendto(data, self.client_address)


handler = {"echo": Echo, "once": Once, "lines": Lines, "datagrams": Packet}[work]
if path:
    cls, address = socketserver.ThreadingUnixStreamServer, path
elif name == "python-loop":
    cls, address = socketserver.UDPServer, ("127.0.0.1", 0)
elif name == "python-fork":
    cls, address = socketserver.ForkingTCPServer, ("127.0.0.1", 0)
else:
    cls, address = socketserver.ThreadingTCPServer, ("127.0.0.1", 0)
cls.request_queue_size = 1024
cls.daemon_threads = True
with cls(address, handler) as server:
    print(path or "%s:%d" % server.server_address, flush=True)
    server.serve_forever()
