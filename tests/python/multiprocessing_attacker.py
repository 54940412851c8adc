"""Peers that a listener or a client of `multiprocessing.connection` must not let in; each says what it got.

    multiprocessing_attacker.py reflect - ADDRESS           sends the listener's challenge back as its answer
    multiprocessing_attacker.py early - ADDRESS             asks to have the listener's own challenge answered
    multiprocessing_attacker.py replay KEYFILE ADDRESS      answers with what was right on another connection
    multiprocessing_attacker.py header KEYFILE:HEX ADDRESS  has the key, and then sends these bytes for a message
    multiprocessing_attacker.py raw HEX ADDRESS             sends these bytes for an answer, and then the end
    multiprocessing_attacker.py silent - ADDRESS
    multiprocessing_attacker.py listen HEX                  a listener that sends these bytes for a challenge, byte by byte
"""

import hmac
import socket
import struct
import sys
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def receive(sock):
    """A message, or what there is instead."""
    try:
        return read_exactly(sock, struct.unpack("!i", read_exactly(sock, 4))[0])
    except (EOFError, ConnectionError):
        return "end"


def send(sock, message):
    sock.sendall(struct.pack("!i", len(message)) + message)


def connect(address):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)))


attack, argument, *address = sys.argv[1:]
if attack == "listen":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print("listening on 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
        while True:
            sock, _ = listener.accept()
            with sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in bytes.fromhex(argument):
                    sock.sendall(bytes([byte]))
                sock.shutdown(socket.SHUT_WR)
                receive(sock)
    sys.exit()

if attack == "header":
    file_name, message = argument.rsplit(":", 1)
    with open(file_name, "rb") as file:
        key = file.read().rstrip(b"\n")
    connection = Connection(connect(*address).detach())
    answer_challenge(connection, key)
    deliver_challenge(connection, key)
    connection.send_bytes(b"hello")
    print(connection.recv_bytes())
    with socket.socket(fileno=connection.fileno()) as sock:
        connection._handle = None
        sock.sendall(bytes.fromhex(message))
        print(receive(sock))
    sys.exit()

with connect(*address) as sock:
    challenge = receive(sock)
    assert challenge.startswith(b"#CHALLENGE#{sha256}"), challenge
    message = challenge[len(b"#CHALLENGE#") :]
    if attack == "reflect":
        send(sock, message)
    elif attack == "early":
        send(sock, challenge)
    elif attack == "replay":
        with open(argument, "rb") as file:
            key = file.read().rstrip(b"\n")
        answer = b"{sha256}" + hmac.new(key, message, "sha256").digest()
        send(sock, answer)
        print(receive(sock))
        sock.close()
        sock = connect(*address)
        receive(sock)
        send(sock, answer)
    elif attack == "raw":
        sock.sendall(bytes.fromhex(argument))
        sock.shutdown(socket.SHUT_WR)
    print(receive(sock))
    if attack != "raw":
        print(receive(sock))
    sock.close()
