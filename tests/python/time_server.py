"""The tutorial's time server over UDP."""

import socketserver
import time


class Time(socketserver.BaseRequestHandler):
    def handle(self):
        fmt, sock = self.request
        sock.sendto(time.strftime(fmt.decode() or "%Y-%m-%d %X").encode(), self.client_address)


with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Time) as server:
    print("listening on %s:%d" % server.server_address)
    server.serve_forever()
