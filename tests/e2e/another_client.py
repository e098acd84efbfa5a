#!/usr/bin/env python3
"""A client written from doc/protocol.md alone: it enrols, opens a job, loses its connection in the middle of a
page, and goes on with that page where the server says.    another_client.py TOKEN WORK-FOLDER"""
import base64
import hashlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import zlib

pack = struct.pack
HELLO, WELCOME, PING, PONG, ENROLL_REQUEST, ENROLL_REPLY = 1, 2, 3, 4, 8, 9
SERVICE_REQUEST, JOB_OPENED, JOB_STATUS, JOB_CLOSED, READ_COMMAND = 0x102, 0x103, 0x104, 0x105, 0x201
PAGE_BEGIN, PAGE_DATA, PAGE_END, PAGE_STORED, PAGE_RESUME = 0x301, 0x302, 0x303, 0x304, 0x305
FUNCTION_FINISHED, ERROR_NOTICE, MANNER_REQUEST, MANNER_NOTICE, RESTART_COMMAND = 0x403, 0x501, 0x503, 0x504, 0x505
LINK_LOST, RESUME, COMPLETED = 32, 1, 9


def text(value):
    return pack(">H", len(value)) + value.encode()


def counted(value):
    return pack(">I", len(value)) + value


def listed(values):
    return pack(">I", len(values)) + b"".join(counted(value) for value in values)


# The options of printing, in a request that does not print.
NO_PRINT = text("") + pack(">IBB", 0, 0, 0) + text("") + bytes([0, 0]) + text("")


class Connection:
    def __init__(self, address, context):
        host, port = address.rsplit(":", 1)
        self.socket = context.wrap_socket(socket.create_connection((host, int(port)), timeout=20))

    def send(self, kind, payload, job=0):
        self.socket.sendall(pack(">IHHQ", len(payload), kind, 0, job) + payload)

    def read(self, count):
        got = b""
        while len(got) < count:
            part = self.socket.recv(count - len(got))
            if not part:
                raise EOFError("the server has closed the connection")
            got += part
        return got

    def wait_for(self, kind):
        """The payload and the job of the next frame of that kind; others are passed over."""
        while True:
            length, found, _, job = struct.unpack(">IHHQ", self.read(16))
            payload = self.read(length)
            if found == kind:
                return payload, job


def context_for(folder=None):
    if folder is None:  # nothing is trusted yet: the digest in the token is compared below
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context = ssl.create_default_context(cafile=folder + "/authority.pem")
        context.check_hostname = False
        context.load_cert_chain(folder + "/client.pem", folder + "/key.pem")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def enrol(token, folder):
    raw = base64.urlsafe_b64decode(token[4:] + "=" * (-len(token[4:]) % 4))
    length = struct.unpack(">H", raw[:2])[0]
    address, digest, secret = raw[2:2 + length].decode(), raw[2 + length:34 + length], raw[34 + length:]
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder + "/key.pem"],
                   check=True)
    request = subprocess.run(["openssl", "req", "-new", "-key", folder + "/key.pem", "-subj", "/CN=ignored",
                              "-outform", "DER"], check=True, capture_output=True).stdout
    connection = Connection(address, context_for())
    connection.send(ENROLL_REQUEST, counted(secret) + counted(request))
    reply = connection.wait_for(ENROLL_REPLY)[0]
    length = struct.unpack(">H", reply[:2])[0]
    name, reply = reply[2:2 + length].decode(), reply[2 + length:]
    length = struct.unpack(">I", reply[:4])[0]
    certificate, reply = reply[4:4 + length], reply[4 + length:]
    length = struct.unpack(">I", reply[:4])[0]
    authority = reply[4:4 + length]
    assert hashlib.sha256(authority).digest() == digest, "another authority than the token's"
    for file, der in (("client.pem", certificate), ("authority.pem", authority)):
        with open(os.path.join(folder, file), "w", encoding="ascii") as out:
            out.write(ssl.DER_cert_to_PEM_cert(der))
    return address, name


def greet(address, folder, name, jobs, units=(), credit=0):
    connection = Connection(address, context_for(folder))
    connection.send(HELLO, pack(">HH", 1, 1) + text(name) + text("another client") + listed(units) + listed(jobs) +
                    pack(">I", credit))
    assert struct.unpack(">H", connection.wait_for(WELCOME)[0][:2])[0] == 1
    return connection


def main():
    token, folder = sys.argv[1:]
    address, name = enrol(token, folder)
    connection = greet(address, folder, name, [])

    # The job, and the first half of its page.
    options = (text("hand") + bytes([2, 2, 8]) + pack(">HIIIIiiI", 300, 0, 0, 0, 0, 0, 0, 0) + bytes([1]))
    connection.send(SERVICE_REQUEST, pack(">I", 5) + text("archive") + text("") + counted(options) +
                    counted(bytes([1]) + text("by hand")) + counted(NO_PRINT) + pack(">QI", 0, 0))
    job = connection.wait_for(READ_COMMAND)[1]
    width, height = 200, 100
    stream = zlib.compress(b"".join(b"\0" + bytes((x * y) % 251 for x in range(width)) for y in range(height)))
    half = len(stream) // 2
    begin = pack(">IIBIIBBII", 1, 0, 1, width, 0, 8, 1, 300, 300)
    connection.send(PAGE_BEGIN, begin, job)
    connection.send(PAGE_DATA, pack(">IQ", 1, 0) + counted(stream[:half]), job)
    connection.send(PING, pack(">Q", 77))
    assert connection.wait_for(PONG)[0] == pack(">Q", 77)
    connection.socket.close()

    # The page has been read by now, and the link is there again.
    account = pack(">III", 0, 0, 1) + counted(pack(">IIBI", 1, 1, 1, 0))
    connection = greet(address, folder, name, [pack(">QBI", job, 1, 0) + counted(account)])
    connection.send(ERROR_NOTICE, pack(">H", LINK_LOST) + text("the link was lost") +
                    counted(pack(">BBII", 1, 3, 1, 2)) + counted(account) + pack(">II", 0, 0), job)
    question = struct.unpack(">I", connection.wait_for(MANNER_REQUEST)[0][:4])[0]
    connection.send(MANNER_NOTICE, pack(">IBII", question, RESUME, 0, 9) + text(""), job)
    page, generation, offset = struct.unpack(">IIQ", connection.wait_for(PAGE_RESUME)[0])
    assert (page, generation, offset) == (1, 0, half), (page, generation, offset)
    round_ = struct.unpack(">I", connection.wait_for(RESTART_COMMAND)[0][:4])[0]
    assert round_ == question

    # It goes on at that byte.
    connection.send(PAGE_BEGIN, begin, job)
    connection.send(PAGE_DATA, pack(">IQ", 1, offset) + counted(stream[offset:]), job)
    connection.send(PAGE_END, pack(">IIQI", 1, 0, len(stream), height) + counted(hashlib.sha256(stream).digest()), job)
    assert connection.wait_for(PAGE_STORED)[0] == pack(">II", 1, 0)
    connection.send(FUNCTION_FINISHED, pack(">IBI", 1, 1, round_), job)
    closed = connection.wait_for(JOB_CLOSED)[0]
    assert closed[0] == COMPLETED, closed
    print(f"job {job} is completed; the page went on at byte {offset} of {len(stream)}")


if __name__ == "__main__":
    main()
