"""The crate's own handshake, written from its description alone.

As `mutual.py PORT client KEY` it connects; as `mutual.py server KEY` it prints its port and accepts. Then it sends every message
back in upper case, until the peer closes.
"""

import hmac
import os
import socket
import sys

LABEL = b"socketserver-auth mutual v1"
CONTEXT = b"interop"


def mac(key, *parts):
    state = hmac.new(key, digestmod="sha256")
    for part in parts:
        state.update(len(part).to_bytes(8, "big") + part)
    return state.digest()


def read(count):
    data = connection.recv(count, socket.MSG_WAITALL) if count else b""
    assert len(data) == count, "cut off"
    return data


def check(expected, received):
    assert hmac.compare_digest(expected, received), "wrong digest"


def seal(number, kind, payload):
    tag = mac(sends, number.to_bytes(8, "big"), bytes([kind]), payload)
    connection.sendall(len(payload).to_bytes(4, "big") + bytes([kind]) + payload + tag)


if sys.argv[1] == "server":
    key = sys.argv[2].encode()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    print(listener.getsockname()[1])
    connection, _ = listener.accept()
else:
    key = sys.argv[3].encode()
    print("connecting")
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))

with connection:
    if sys.argv[1] == "server":
        server_nonce = os.urandom(32)
        connection.sendall(b"SSAUTH\x00\x01" + server_nonce)
        client_nonce, client_proof = read(32), read(32)
        nonces = CONTEXT, server_nonce, client_nonce
        check(mac(key, LABEL, b"client proof", *nonces), client_proof)
        server_proof = mac(key, LABEL, b"server proof", *nonces, client_proof)
        connection.sendall(b"\x01" + server_proof)
    else:
        assert read(8) == b"SSAUTH\x00\x01"
        server_nonce, client_nonce = read(32), os.urandom(32)
        nonces = CONTEXT, server_nonce, client_nonce
        client_proof = mac(key, LABEL, b"client proof", *nonces)
        connection.sendall(client_nonce + client_proof)
        assert read(1) == b"\x01", "refused"
        server_proof = read(32)
        check(mac(key, LABEL, b"server proof", *nonces, client_proof), server_proof)

    secret = mac(key, LABEL, b"session secret", *nonces, client_proof, server_proof)
    sends, receives = mac(secret, LABEL, b"seal client to server"), mac(secret, LABEL, b"seal server to client")
    if sys.argv[1] == "server":
        sends, receives = receives, sends

    number, kind = 0, 0
    while kind == 0:
        length, kind = int.from_bytes(read(4), "big"), read(1)[0]
        payload = read(length)
        check(mac(receives, number.to_bytes(8, "big"), bytes([kind]), payload), read(32))
        seal(number, kind, payload.upper())
        number += 1
    print("closed")
