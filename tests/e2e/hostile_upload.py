#!/usr/bin/env python3
"""A command that uploads documents through clientd, and keeps no rule: hostile_upload.py SOCKET MANNER.
leave: goes in the middle · keep: goes with the upload whole · flood: more than its credit · skip: another offset ·
early: ends before the end · unknown: prints what it has not sent. Prints the OUTCOME's exit code, where there is one."""
import hashlib
import socket
import struct
import sys

SERVICE_REQUEST, UPLOAD_BEGIN, UPLOAD_CREDIT, UPLOAD_DATA, UPLOAD_END, OUTCOME = 0x102, 0x608, 0x609, 0x60a, 0x60b, 0x901
LENGTH = 3000000
PART = b"x" * 50000


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def counted(value):
    return struct.pack(">I", len(value)) + value


class Command:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def send(self, kind, payload):
        self.socket.sendall(struct.pack(">IHHQ", len(payload), kind, 0, 0) + payload)

    def read(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                sys.exit("clientd has ended the connection")
            data += part
        return data

    def wait_for(self, wanted):
        while True:
            length, kind = struct.unpack(">IH", self.read(16)[:6])
            payload = self.read(length)
            if kind == wanted:
                return payload
            if kind == OUTCOME:
                sys.exit("refused: %s" % payload[9:].decode())

    def outcome(self):
        print(self.wait_for(OUTCOME)[4])

    def begin(self):
        self.send(UPLOAD_BEGIN, struct.pack(">IQ", 1, LENGTH) + text("big.pdf"))

    def data(self, at, part=PART):
        self.send(UPLOAD_DATA, struct.pack(">IQ", 1, at) + counted(part))

    def end(self, digest):
        self.send(UPLOAD_END, struct.pack(">I", 1) + counted(digest))

    def all(self):
        at = credit = 0
        while at < LENGTH:
            while credit == 0:
                credit += struct.unpack(">II", self.wait_for(UPLOAD_CREDIT))[1]
            part = PART[:min(credit, LENGTH - at)]
            self.data(at, part)
            at += len(part)
            credit -= len(part)
        self.end(hashlib.sha256(b"x" * LENGTH).digest())


def ask_for_print(command):
    read = text("") + bytes(3) + struct.pack(">HIIIIiiI", 0, 0, 0, 0, 0, 0, 0, 0) + bytes(1)
    options = text("") + struct.pack(">IBB", 1, 0, 0) + text("") + bytes(2) + text("")
    command.send(SERVICE_REQUEST, struct.pack(">I", 7) + text("print") + text("") + counted(read) +
                 counted(bytes(1) + text("")) + counted(options) + struct.pack(">QI", 0, 1))


command, manner = Command(sys.argv[1]), sys.argv[2]
if manner == "unknown":
    ask_for_print(command)
    command.outcome()
    sys.exit()
command.begin()
if manner == "keep":
    command.all()
    command.outcome()
    sys.exit()
command.wait_for(UPLOAD_CREDIT)
if manner == "flood":
    for offset in range(0, LENGTH * 2, len(PART)):
        command.data(offset)
    command.outcome()
elif manner == "skip":
    command.data(7)
    command.outcome()
elif manner == "early":
    command.end(bytes(32))
    command.outcome()
else:
    command.data(0)
