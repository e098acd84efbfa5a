#!/usr/bin/env python3
"""A server that has the real one's certificate, and keeps no rule: each connection meets the next attack.

    hostile_server.py PORT CERTIFICATE KEY ATTACK…

Prints a line per attack: its name, when the connection came (in seconds since the one before), and what the
client answered."""
import os
import socket
import ssl
import struct
import sys
import time

pack = struct.pack
HELLO, WELCOME, PING, REFUSE, UNIT_LIST = 1, 2, 3, 7, 0x101
READ_COMMAND, PAGE_STORED, ERROR_NOTICE, MANNER_REQUEST, RESTART_COMMAND = 0x201, 0x304, 0x501, 0x503, 0x505
JOBS_IN_HAND = 1024


def text(value):
    return pack(">H", len(value)) + value.encode()


def counted(value):
    return pack(">I", len(value)) + value


def frame(kind, payload=b"", job=0, flags=0):
    return pack(">IHHQ", len(payload), kind, flags, job) + payload


def welcome(version=1):
    return frame(WELCOME, pack(">H", version) + text("none") + pack(">IHQ", 65536, 5, 1 << 30) + pack(">II", 0, 0))


def question(job):
    return frame(MANNER_REQUEST, pack(">I", 1) + counted(pack(">BBII", 1, 2, 1, 1)) + pack(">H", 1) + text("jam") +
                 text("") + pack(">I", 0), job)


def read_command(job):
    options = text("nonsuch") + bytes([2, 2, 8]) + pack(">HIIIIiiI", 300, 0, 0, 0, 0, 0, 0, 0) + bytes([1])
    return frame(READ_COMMAND, counted(options) + pack(">IIII", 1, 0, 0, 0), job)


STORED = frame(PAGE_STORED, pack(">II", 1, 0), 4711)
ATTACKS = {
    # Before the greeting
    "garbage": os.urandom(4096).replace(b"\0", b"\1"),
    "silence": b"",
    "too-long": pack(">IHHQ", 0xFFFFFFFF, WELCOME, 0, 0),
    "stored-first": STORED,
    "hello-back": frame(HELLO, pack(">HH", 1, 1) + text("x") + text("x") + pack(">II", 0, 0)),
    "cut-welcome": frame(WELCOME, pack(">H", 1)),
    "other-version": welcome(4711),
    # Behind it
    "unknown-type": welcome() + frame(0x7777),
    "welcome-twice": welcome() + welcome(),
    "unit-list": welcome() + frame(UNIT_LIST, pack(">II", 0, 0)),
    "notice": welcome() + frame(ERROR_NOTICE, b"\0" * 64, 1),
    "no-job": welcome() + frame(PAGE_STORED, pack(">II", 1, 0)),
    "garbage-later": welcome() + os.urandom(4096).replace(b"\0", b"\1"),
    "bad-text": welcome() + frame(REFUSE, pack(">H", 33) + pack(">H", 3) + b"\xff\xfe\xfd"),
    # What may be said, and means nothing
    "strangers": welcome() + STORED + frame(RESTART_COMMAND, b"\0" * 9, 4711),
    # More jobs than may be in hand, each in doubt; the last one is to be read at once
    "jobs": welcome() + b"".join(question(100000 + i) for i in range(JOBS_IN_HAND + 8)) + read_command(200000),
}


def answers(connection, name):
    """What comes until the client ends the connection, or has refused the job."""
    said, waiting = [], b""
    try:
        while True:
            part = connection.recv(65536)
            if not part:
                return said
            waiting += part
            while len(waiting) >= 16:
                length, kind, _, job = struct.unpack(">IHHQ", waiting[:16])
                if len(waiting) < 16 + length:
                    break
                payload, waiting = waiting[16:16 + length], waiting[16 + length:]
                if kind == REFUSE:
                    said.append("refuse: " + payload[4:].decode())
                elif kind == ERROR_NOTICE and job == 200000:
                    return said + ["notice: " + payload[4:4 + struct.unpack(">H", payload[2:4])[0]].decode()]
                elif kind != HELLO:
                    said.append(hex(kind))
    except (OSError, ssl.SSLError) as error:
        return said + [type(error).__name__]


def main():
    port, certificate, key, *names = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", int(port)))
    print("listening", flush=True)
    before = time.monotonic()
    for name in names:
        plain, _ = listener.accept()
        now = time.monotonic()
        plain.settimeout(60)
        try:
            connection = context.wrap_socket(plain, server_side=True)
            connection.recv(65536)
            connection.sendall(ATTACKS[name])
            if not ATTACKS[name]:
                connection.close()
                said = []
            else:
                said = answers(connection, name)
        except (OSError, ssl.SSLError) as error:
            said = [type(error).__name__]
        print(f"{name} {now - before:.3f} {'; '.join(said)}", flush=True)
        before = now
        plain.close()


main()
