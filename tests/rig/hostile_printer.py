#!/usr/bin/env python3
"""A peer that keeps no rule, where a printer is expected: ipp://127.0.0.1:PORT/MANNER, as listed in MANNERS.

ipp://127.0.0.1:PORT/later/MANNER answers questions about the printer as a printer does, and becomes so when a job comes.
ipp://127.0.0.1:PORT/sent/MANNER also makes a job as a printer does, works on it for ever, and becomes so when its data comes.
It says 'listening on 127.0.0.1:PORT' when it is ready. One thread for each connection; it ends by a signal.
"""
import socketserver
import struct
import sys
import threading
import time

PRINT_OPERATIONS = {0x0002: "Print-Job", 0x0005: "Create-Job", 0x0006: "Send-Document"}


def attribute(tag, name, value):
    name, value = name.encode(), value if isinstance(value, bytes) else value.encode()
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(value)) + value


def ipp(request_id, status=0, groups=b""):
    head = struct.pack(">BBHI", 2, 0, status, request_id) + b"\x01"
    return (head + attribute(0x47, "attributes-charset", "utf-8")
            + attribute(0x48, "attributes-natural-language", "en") + groups + b"\x03")


def http(body, status="200 OK", kind="application/ipp", extra=""):
    return (f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n").encode() + body


def printer(uri):
    """A printer in good health."""
    number = lambda value: struct.pack(">i", value)
    return (b"\x04" + attribute(0x23, "printer-state", number(3)) + attribute(0x44, "printer-state-reasons", "none")
            + attribute(0x22, "printer-is-accepting-jobs", b"\x01") + attribute(0x42, "printer-name", "hostile")
            + attribute(0x41, "printer-make-and-model", "Hostile") + attribute(0x45, "printer-uri-supported", uri)
            + attribute(0x49, "document-format-supported", "application/pdf") + attribute(0x49, "", "image/jpeg")
            + attribute(0x23, "operations-supported", number(2)) + attribute(0x23, "", number(4))
            + attribute(0x23, "", number(5)) + attribute(0x23, "", number(6)) + attribute(0x23, "", number(8)) + attribute(0x23, "", number(9)) + attribute(0x23, "", number(11))
            + attribute(0x44, "sides-supported", "one-sided") + attribute(0x44, "media-supported", "iso_a4_210x297mm"))


def job(identity, state=9, reasons="job-completed-successfully", impressions=1):
    number = lambda value: struct.pack(">i", value)
    return (b"\x02" + attribute(0x21, "job-id", number(identity)) + attribute(0x23, "job-state", number(state))
            + attribute(0x44, "job-state-reasons", reasons) + attribute(0x45, "job-uri", "ipp://127.0.0.1/jobs/1")
            + attribute(0x45, "job-uuid", "urn:uuid:00000000-0000-4000-8000-000000000001")
            + attribute(0x21, "job-impressions-completed", number(impressions)))


def garbage(send, request_id):
    send(bytes((i * 7919 + 13) % 256 for i in range(4096)))


def garbage_body(send, request_id):
    send(http(bytes((i * 7919 + 13) % 256 for i in range(4096))))


def empty(send, request_id):
    send(http(b""))


def close(send, request_id):
    pass


def silent(send, request_id):
    threading.Event().wait()


def half(send, request_id):
    """Less than it has announced, and then nothing more, for ever."""
    send(http(ipp(request_id, groups=job(1)))[:-20])
    threading.Event().wait()


def truncated(send, request_id):
    """Less than it has announced, and the end."""
    send(http(ipp(request_id, groups=job(1)))[:-20])


def slow(send, request_id):
    for byte in http(ipp(request_id, groups=job(1)) * 100):
        send(bytes([byte]))
        time.sleep(1)


def endless(send, request_id):
    """An attribute group that never ends."""
    send(b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nTransfer-Encoding: chunked\r\n\r\n")
    body = ipp(request_id)[:-1] + b"\x04"
    send(b"%x\r\n%s\r\n" % (len(body), body))
    block = attribute(0x44, "printer-state-reasons", "x" * 200) * 300
    while True:
        send(b"%x\r\n%s\r\n" % (len(block), block))


def endless_header(send, request_id):
    send(b"HTTP/1.1 200 OK\r\n")
    while True:
        send(b"X-More: " + b"y" * 1000 + b"\r\n")


def lengths(send, request_id):
    """A value longer than the message."""
    send(http(ipp(request_id)[:-1] + b"\x02\x44" + struct.pack(">H", 9) + b"job-state" + b"\xff\xff" + b"z" * 10))


def nested(send, request_id):
    """Collections in collections, without an end."""
    send(http(ipp(request_id)[:-1] + b"\x04" + (b"\x34\x00\x01a\x00\x00" + b"\x4a\x00\x00\x00\x01a") * 5000))


def unauthorized(send, request_id):
    send(http(b"", "401 Unauthorized", "text/html", 'WWW-Authenticate: Basic realm="hostile"\r\n'))


def forbidden(send, request_id):
    send(http(b"", "403 Forbidden", "text/html"))


def error(send, request_id):
    send(http(b"<html>it does not work</html>", "500 Internal Server Error", "text/html"))


def page(send, request_id):
    send(http(b"<html><body>This is no printer.</body></html>", kind="text/html"))


def redirect(send, request_id):
    send(http(b"", "302 Found", "text/html", "Location: /redirect\r\n"))


def upgrade(send, request_id):
    send(http(b"", "426 Upgrade Required", "text/html", "Upgrade: TLS/1.2\r\nConnection: Upgrade\r\n"))


def refuses(send, request_id):
    send(http(ipp(request_id, 0x0507)))


def no_job(send, request_id):
    """All is well, but of a job nothing is said."""
    send(http(ipp(request_id)))


def job_zero(send, request_id):
    send(http(ipp(request_id, groups=job(0))))


def negative(send, request_id):
    """Numbers that cannot be."""
    send(http(ipp(request_id, groups=job(-5, 77, "n" * 3000, -2147483648))))


def wrong_types(send, request_id):
    send(http(ipp(request_id, groups=b"\x02" + attribute(0x44, "job-id", "one") + attribute(0x41, "job-state", "fine")
                  + attribute(0x21, "job-state-reasons", struct.pack(">i", 3)))))


def control_characters(send, request_id):
    send(http(ipp(request_id, groups=job(1, 8, "\x1b[2J\x1b]0;x\x07\r\n\x00%s%n"))))


MANNERS = [garbage, garbage_body, empty, close, silent, half, truncated, slow, endless, endless_header, lengths, nested,
           unauthorized, forbidden, error, page, redirect, upgrade, refuses, no_job, job_zero, negative, wrong_types,
           control_characters]
BY_NAME = {manner.__name__.replace("_", "-"): manner for manner in MANNERS}


class Connection(socketserver.StreamRequestHandler):
    def read_request(self):
        """Path, operation and request id; None at the end. The document is read, too, if there is one."""
        line = self.rfile.readline(8192).decode("latin-1").split()
        if len(line) < 2:
            return None
        headers = {}
        while True:
            name, _, value = self.rfile.readline(8192).decode("latin-1").partition(":")
            if not name.strip():
                break
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect"):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while (size := int(self.rfile.readline(100).split(b";")[0] or b"0", 16)) > 0:
                body = (body + self.rfile.read(size))[:65536]
                self.rfile.readline(100)
            self.rfile.readline(100)
        else:
            body = self.rfile.read(min(int(headers.get("content-length", "0")), 1 << 26))
        operation, request_id = struct.unpack(">HI", body[2:8]) if len(body) >= 8 else (0, 1)
        return line[1], operation, request_id

    def handle(self):
        try:
            while (request := self.read_request()) is not None:
                path, operation, request_id = request
                names = path.strip("/").split("/")
                sys.stdout.write(f"request {path} operation={operation:#06x}\n")  # whole, whoever else writes
                sys.stdout.flush()
                if names[0] == "later" and operation not in PRINT_OPERATIONS:
                    groups = printer("ipp://127.0.0.1" + path) if operation in (0x000B, 0x0004) else b""
                    self.wfile.write(http(ipp(request_id, groups=groups)))
                    continue
                if names[0] == "sent" and operation != 0x0006:
                    groups = printer("ipp://127.0.0.1" + path) if operation == 0x000B else job(1, 5, "job-printing", 0)
                    self.wfile.write(http(ipp(request_id, groups=groups)))
                    continue
                manner = BY_NAME.get(names[-1])
                if manner is None:
                    self.wfile.write(http(b"", "404 Not Found", "text/html"))
                    continue
                manner(self.wfile.write, request_id)
                if manner in (close, garbage, truncated):
                    return
        except (OSError, ValueError):
            return


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(BY_NAME))
        return
    with Server(("127.0.0.1", 0), Connection) as server:
        print(f"listening on 127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
