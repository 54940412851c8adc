"""Asks a time server for the time in many formats, and compares it with what time.strftime says.

    time_client.py ADDRESS
"""

import socket
import sys
import time

host, port = sys.argv[1].rsplit(":", 1)
family = socket.AF_INET6 if "]" in host else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.settimeout(30)
sock.connect((host.strip("[]"), int(port)))


def ask(fmt):
    sock.send(fmt)
    return sock.recv(65536)


def check(fmt, meant=None):
    """The answer is the time at some second between the question and the answer."""
    meant = fmt if meant is None else meant
    before = int(time.time())
    answer = ask(fmt.encode()).decode()
    possible = [time.strftime(meant, time.localtime(at)) for at in range(before, int(time.time()) + 1)]
    assert answer in possible, (fmt, answer, possible)


def check_error(fmt, part):
    answer = ask(fmt).decode()
    assert answer.startswith("error: ") and part in answer, (fmt, answer)
    assert len(answer) <= 512, answer


check("%Y")
check("%Y-%m-%d %X")
check("", "%Y-%m-%d %X")
for directive in "aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%":
    check("%" + directive)
    check(f"<%{directive}> and %{directive}")
check("no directive")
check("今天是 %Y 年")
check("%Y" * 128)  # a reply of 512 bytes, the most there is

check_error(b"%!", "`!`")
check_error(b"%", "end of format string")
check_error(b"%Y %", "end of format string")
check_error(b"%Ez", "`E`")
check_error(b"\xff%Y", "invalid utf-8")
check_error(b"%9999Y", "width")
check_error(b"%c" * 40, "longer than 512 bytes")
check_error(b"%255Y" * 100, "longer than 512 bytes")
check_error(b"x" * 513, "too long")
check_error(b"x" * 60000, "too long")
check("%H")  # none of these has hurt it
print("all as expected")
