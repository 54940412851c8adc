"""Asks an NTP server, and looks at every field of its answers.

    ntp_client.py ADDRESS
"""

import os
import socket
import struct
import sys
import time

host, port = sys.argv[1].rsplit(":", 1)
family = socket.AF_INET6 if "]" in host else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.settimeout(30)
sock.connect((host.strip("[]"), int(port)))


def now():
    """In units of 2**-32 s since 1900."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    return ((seconds + 2208988800) % 2**32 << 32) + (nanoseconds << 32) // 10**9


def question(version, mode, leap=3, poll=6):
    transmit = os.urandom(8)
    return bytes([leap << 6 | version << 3 | mode, 16, poll]) + os.urandom(37) + transmit, transmit


def check(version, mode, answered_as, extra=b""):
    packet, transmit = question(version, mode, poll=version + 5)
    before = now()
    sock.send(packet + extra)
    answer = sock.recv(1000)
    after = now()
    assert len(answer) == 48, len(answer)
    first, stratum, poll, precision, delay, dispersion, reference_id, reference, originate, receive, sent = struct.unpack(
        "!BBBbII4sQ8sQQ", answer
    )
    assert first >> 6 == 0, "no alarm, or no client takes the time"
    assert (first >> 3 & 7, first & 7) == (version, answered_as), first
    assert originate == transmit, "or the client takes it for an answer to another question"
    assert before <= receive <= sent <= after, (before, receive, sent, after)
    # What is said of the clock: it isn't synchronised, but usable.
    assert 2 <= stratum <= 15 and stratum == 10, stratum
    assert socket.inet_ntoa(reference_id) == "127.127.1.1", reference_id
    assert 0 < reference <= receive, "a clock set in the future is no good"
    assert receive - reference < 2**32, "nor is one that nobody has looked at for long"
    assert poll == version + 5, poll
    assert -30 <= precision <= -5, precision
    assert delay == 0 and dispersion / 2**16 == 0.5, (delay, dispersion)


for version in 1, 2, 3, 4:
    check(version, 3, 4)
    check(version, 1, 2)
check(4, 3, 4, extra=bytes(4) + bytes(16))  # signed with a key that the server doesn't have
check(4, 3, 4, extra=b"\1\4\0\x1c" + bytes(24))  # with an extension field

# None of these is answered: the next answer is to the question after them.
for version, mode in [(0, 3), (5, 3), (6, 3), (7, 3)] + [(4, mode) for mode in (0, 2, 4, 5, 6, 7)]:
    sock.send(question(version, mode)[0])
for length in 0, 1, 12, 47:
    sock.send(question(4, 3)[0][:length])
sock.send(b"\x17\0\3\x2a" + bytes(4))  # what asked old servers for a list as long as hundreds of answers
check(4, 3, 4)
print("all as expected")
