"""The tutorial's remote command server.

    remote_server.py FORMAT ENCODING
"""

import socketserver
import sys

from command_wire import serve

FORMAT, ENCODING = sys.argv[1:]


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        serve(self.request, FORMAT, ENCODING)


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
    print("listening on %s:%d" % server.server_address)
    server.serve_forever()
