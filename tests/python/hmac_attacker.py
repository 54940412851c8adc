"""Clients that an HMAC command server must not let in; each says what it got.

    hmac_attacker.py replay-legacy KEYFILE ADDRESS
    hmac_attacker.py replay-mutual KEYFILE ADDRESS
    hmac_attacker.py reflect-legacy - ADDRESS       answers with the challenge itself
    hmac_attacker.py reflect-mutual - ADDRESS       takes the server's nonce for its own, and what a second connection is sent for a proof
    hmac_attacker.py too-long KEYFILE ADDRESS       has the key, and sends a sealed frame that is longer than a command may be
    hmac_attacker.py cut KEYFILE ADDRESS            has the key, and goes without a word after a command
    hmac_attacker.py truncate BYTES ADDRESS         sends so many bytes of an answer, and no more
    hmac_attacker.py silent - ADDRESS
    hmac_attacker.py slow SECONDS ADDRESS           sends a byte of an answer every so many seconds
    hmac_attacker.py command-first - ADDRESS        sends no answer but a command, as to a server without authentication
"""

import socket
import sys
import time

from command_wire import MAGIC, LABEL, answer_legacy, answer_mutual, ask, connect, mac, read_exactly

attack, argument, address = sys.argv[1:]


def rest(sock):
    """All that the server still sends. It may reset the connection, since there is something that it hasn't read."""
    data = b""
    try:
        while True:
            piece = sock.recv(65536)
            if not piece:
                return data
            data += piece
    except ConnectionResetError:
        return data


def key():
    with open(argument, "rb") as file:
        return file.read()


with connect(address) as sock:
    if attack == "replay-legacy":
        answer = answer_legacy(key(), read_exactly(sock, 32))
        sock.sendall(answer)
        print(ask(sock, "i", "utf-8", "echo in"))
        with connect(address) as again:
            read_exactly(again, 32)
            again.sendall(answer + b"echo replayed")
            print(rest(again))
    elif attack == "replay-mutual":
        server_nonce = read_exactly(sock, 40)[len(MAGIC) :]
        client_nonce = bytes(32)
        answer = client_nonce + mac(key(), LABEL, b"client proof", b"", server_nonce, client_nonce)
        sock.sendall(answer)
        print(read_exactly(sock, 33)[:1])
        with connect(address) as again:
            read_exactly(again, 40)
            again.sendall(answer)
            print(rest(again))
    elif attack == "reflect-legacy":
        sock.sendall(read_exactly(sock, 32)[:16] + b"echo reflected")
        print(rest(sock))
    elif attack == "reflect-mutual":
        with connect(address) as other:
            nonce, other_nonce = (read_exactly(it, 40)[len(MAGIC) :] for it in (sock, other))
            sock.sendall(nonce + other_nonce)
            other.sendall(nonce + nonce)
            print(rest(sock), rest(other))
    elif attack == "cut":
        print(ask(answer_mutual(sock, key()), "i", "utf-8", "echo in"))
    elif attack == "too-long":
        stream = answer_mutual(sock, key())
        print(ask(stream, "i", "utf-8", "echo in"))
        stream.sendall(b"echo " + bytes(1020))
        print(rest(sock))
    else:
        challenge = sock.recv(1024)
        if attack == "truncate":
            sock.sendall(b"x" * int(argument))
            sock.shutdown(socket.SHUT_WR)
        elif attack == "command-first":
            sock.sendall(b"echo not me, and some more so that it is as long as an answer may be")
        elif attack == "slow":
            sent = 0
            try:
                while sent < 64:
                    sock.sendall(b"x")
                    sent += 1
                    time.sleep(float(argument))
            except OSError:
                pass
            print("cut off" if sent < 64 else f"{sent} bytes sent")
            sys.exit()
        print(rest(sock))
