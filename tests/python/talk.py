"""What two-clients-in-turn and many-clients-at-once do, with Python's socketserver.

    talk.py TCPServer|ThreadingTCPServer
"""

import itertools
import json
import socket
import socketserver
import sys
import threading

numbers = itertools.count(1)


class Talk(socketserver.BaseRequestHandler):
    def setup(self):
        self.number = next(numbers)
        print(f"server: now serves client {self.number}")

    def handle(self):
        while data := self.request.recv(1024):
            self.request.sendall(data.upper())

    def finish(self):
        print(f"server: has finished with client {self.number}")


class Client:
    def __init__(self, number, address, text):
        print(f"client {number}: connects, and says {json.dumps(text)}")
        self.number, self.sock = number, socket.create_connection(address)
        self.sock.sendall(text.encode())

    def says(self, text):
        print(f"client {self.number}: says {json.dumps(text)}")
        self.sock.sendall(text.encode())

    def hears(self):
        print(f"client {self.number}: hears {json.dumps(self.sock.recv(1024).decode())}")

    def leaves(self):
        print(f"client {self.number}: leaves")
        self.sock.shutdown(socket.SHUT_WR)
        assert self.sock.recv(1) == b""
        self.sock.close()


def in_turn(address):
    first = Client(1, address, "hello")
    first.hears()
    second = Client(2, address, "is anybody there?")
    first.says("take your time")
    first.hears()
    first.leaves()
    second.hears()
    second.leaves()


def at_once(address):
    clients = []
    for number in range(1, 6):
        clients.append(Client(number, address, "hello"))
        clients[-1].hears()
    for client in reversed(clients):
        client.says("still here")
        client.hears()
    for client in clients:
        client.leaves()


with getattr(socketserver, sys.argv[1])(("127.0.0.1", 0), Talk) as server:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    (in_turn if sys.argv[1] == "TCPServer" else at_once)(server.server_address)
    server.shutdown()
    thread.join()
