"""What the Python ends of the command examples have in common: the conversation, and the two ways to prove a key.

A stream here is a socket or anything with its recv and sendall. FORMAT is struct's for the length: 'i' or '!I'.
"""

import hashlib
import hmac
import os
import socket
import struct
import subprocess


def connect(address):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)))


def read_exactly(stream, size):
    data = b""
    while len(data) < size:
        piece = stream.recv(size - len(data))
        if not piece:
            raise EOFError(f"the connection ended, {size - len(data)} of {size} bytes missing")
        data += piece
    return data


def ask(stream, fmt, encoding, command):
    """Sends a command, receives its output piece by piece, and describes it: its length, its hash, how it begins."""
    stream.sendall(command.encode(encoding))
    (size,) = struct.unpack(fmt, read_exactly(stream, struct.calcsize(fmt)))
    digest, beginning, received = hashlib.sha256(), b"", 0
    while received < size:
        piece = stream.recv(min(1024, size - received))
        if not piece:
            raise EOFError(f"the connection ended, {size - received} of {size} bytes missing")
        digest.update(piece)
        beginning += piece[: 500 - len(beginning)]
        received += len(piece)
    return f"{size} {digest.hexdigest()} {ascii(beginning.decode(encoding, 'backslashreplace'))}"


def serve(stream, fmt, encoding):
    """Runs the commands of one client, as the tutorials do."""
    while True:
        command = stream.recv(1024)
        if not command:
            return
        result = subprocess.run(command.decode(encoding), shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output = result.stderr or result.stdout or "执行成功".encode(encoding)
        stream.sendall(struct.pack(fmt, len(output)))
        stream.sendall(output)


def challenge_legacy(sock, key):
    """The tutorial's server: 32 random bytes, answered by their HMAC-MD5."""
    challenge = os.urandom(32)
    sock.sendall(challenge)
    answer = read_exactly(sock, 16)
    assert hmac.compare_digest(hmac.new(key, challenge, "md5").digest(), answer), "wrong digest"


def answer_legacy(key, challenge):
    return hmac.new(key, challenge, "md5").digest()


LABEL = b"socketserver-auth mutual v1"
MAGIC = b"SSAUTH\x00\x01"


def mac(key, *parts):
    state = hmac.new(key, digestmod="sha256")
    for part in parts:
        state.update(len(part).to_bytes(8, "big") + part)
    return state.digest()


def challenge_mutual(sock, key):
    server_nonce = os.urandom(32)
    sock.sendall(MAGIC + server_nonce)
    client_nonce, client_proof = read_exactly(sock, 32), read_exactly(sock, 32)
    nonces = b"", server_nonce, client_nonce
    if not hmac.compare_digest(mac(key, LABEL, b"client proof", *nonces), client_proof):
        sock.sendall(bytes(33))
        raise AssertionError("wrong digest")
    server_proof = mac(key, LABEL, b"server proof", *nonces, client_proof)
    sock.sendall(b"\x01" + server_proof)
    secret = mac(key, LABEL, b"session secret", *nonces, client_proof, server_proof)
    return Sealed(sock, secret, receives=b"seal client to server", sends=b"seal server to client")


def answer_mutual(sock, key, send=socket.socket.sendall):
    assert read_exactly(sock, 8) == MAGIC
    server_nonce, client_nonce = read_exactly(sock, 32), os.urandom(32)
    nonces = b"", server_nonce, client_nonce
    client_proof = mac(key, LABEL, b"client proof", *nonces)
    send(sock, client_nonce + client_proof)
    verdict, server_proof = read_exactly(sock, 1), read_exactly(sock, 32)
    assert verdict == b"\x01", "refused"
    assert hmac.compare_digest(mac(key, LABEL, b"server proof", *nonces, client_proof), server_proof), "wrong digest"
    secret = mac(key, LABEL, b"session secret", *nonces, client_proof, server_proof)
    return Sealed(sock, secret, receives=b"seal server to client", sends=b"seal client to server")


class Sealed:
    """A stream in sealed frames: each sendall is one (if it isn't too long), and each recv gives of one at most."""

    def __init__(self, sock, secret, receives, sends):
        self.sock = sock
        self.receives, self.received = mac(secret, LABEL, receives), 0
        self.sends, self.sent = mac(secret, LABEL, sends), 0
        self.rest, self.is_over = b"", False

    def recv(self, size):
        while not self.rest and not self.is_over:
            header = read_exactly(self.sock, 5)
            payload, tag = read_exactly(self.sock, int.from_bytes(header[:4], "big")), read_exactly(self.sock, 32)
            expected = mac(self.receives, self.received.to_bytes(8, "big"), header[4:], payload)
            assert hmac.compare_digest(expected, tag), "a frame was changed"
            self.received += 1
            self.rest, self.is_over = payload, header[4] == 1
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece

    def sendall(self, data):
        for at in range(0, len(data), 65536):
            self._send(0, data[at : at + 65536])

    def close(self):
        self._send(1, b"")

    def _send(self, kind, payload):
        kind = bytes([kind])
        tag = mac(self.sends, self.sent.to_bytes(8, "big"), kind, payload)
        self.sock.sendall(len(payload).to_bytes(4, "big") + kind + payload + tag)
        self.sent += 1
