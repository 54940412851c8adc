"""What sticky-packets does, with Python's sockets."""

import json
import socket
import struct

MESSAGES = ["hello", "from", " the client"]


def sent(message):
    print("  sent    ", json.dumps(message))


def received(data):
    print("  received", json.dumps(data.decode()))


def connected():
    """The two ends of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


def wait_for(length, sock):
    sock.recv(length, socket.MSG_PEEK | socket.MSG_WAITALL)


print("TCP: three sends arrive as one receive")
client, server = connected()
with client, server:
    for message in MESSAGES:
        client.sendall(message.encode())
        sent(message)
    wait_for(len("".join(MESSAGES)), server)
    received(server.recv(1024))

print("TCP: one send arrives in pieces, here of what a buffer of 8 bytes takes")
client, server = connected()
with client, server:
    client.sendall("".join(MESSAGES).encode())
    sent("".join(MESSAGES))
    client.close()
    wait_for(len("".join(MESSAGES)), server)
    while data := server.recv(8):
        received(data)

for title, room in [
    ("UDP: each send is one receive", 1024),
    ("UDP: what there is no room for is lost, here beyond 4 bytes", 4),
]:
    print(title)
    with socket.socket(type=socket.SOCK_DGRAM) as server, socket.socket(type=socket.SOCK_DGRAM) as client:
        server.bind(("127.0.0.1", 0))
        for message in MESSAGES:
            client.sendto(message.encode(), server.getsockname())
            sent(message)
        for _ in MESSAGES:
            data, _, flags, _ = server.recvmsg(room)
            received(data)
            if flags & socket.MSG_TRUNC:
                print("           and the rest is lost")

print("TCP with a length in front of each message: they arrive whole")
client, server = connected()
with client, server, server.makefile("rb") as rfile:
    for message in MESSAGES:
        client.sendall(struct.pack("i", len(message)) + message.encode())
        sent(message)
    client.close()
    while header := rfile.read(4):
        received(rfile.read(*struct.unpack("i", header)))
