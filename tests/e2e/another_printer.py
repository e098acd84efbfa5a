#!/usr/bin/env python3
"""A client with a printer of its own, written from doc/protocol.md: it uploads a document, gets it back as sheets,
loses its connection in the middle of one, goes on there, and says what was printed.
another_printer.py TOKEN WORK-FOLDER DOCUMENT"""
import hashlib
import struct
import sys

from another_client import (COMPLETED, ERROR_NOTICE, JOB_CLOSED, JOB_OPENED, LINK_LOST, MANNER_NOTICE, MANNER_REQUEST,
                            PAGE_BEGIN, PAGE_DATA, PAGE_END, PAGE_RESUME, PAGE_STORED, RESTART_COMMAND, RESUME,
                            SERVICE_REQUEST, counted, enrol, greet, listed, pack, text)

CREDIT, REFUSE, PRINT_COMMAND, PRINT_STATUS = 5, 7, 0x202, 0x402
UPLOAD_BEGIN, UPLOAD_CREDIT, UPLOAD_DATA, UPLOAD_END, OUTCOME = 0x608, 0x609, 0x60a, 0x60b, 0x901
HELD, RECEIVED, PRINTED = 0, 5, 7
PRINTING, PROTOCOL = 2, 64


def unit(name):
    return text(name) + bytes([2]) + text("Another printer") + bytes([3]) + text("none") + listed([]) + text(name)


def account(*states):
    """One run for each sheet."""
    runs = [pack(">IIBI", sheet, 1, state, 0) for sheet, state in enumerate(states, 1)]
    return pack(">II", len(states), 0) + listed(runs)


def outcome(connection, request):
    payload = connection.wait_for(OUTCOME)[0]
    found, code, error = struct.unpack(">IBH", payload[:7])
    assert found == request, (found, request)
    return code, error, payload[9:].decode()


def upload(connection, request, document, digest=None):
    """As fast as the credit allows: returns what the OUTCOME says."""
    connection.send(UPLOAD_BEGIN, pack(">IQ", request, len(document)) + text("letter.txt"))
    at = credit = 0
    while at < len(document):
        while credit == 0:
            found, more = struct.unpack(">II", connection.wait_for(UPLOAD_CREDIT)[0])
            assert found == request and more <= len(document) - at
            credit += more
        part = document[at:at + min(credit, 50000)]
        connection.send(UPLOAD_DATA, pack(">IQ", request, at) + counted(part))
        at += len(part)
        credit -= len(part)
    connection.send(UPLOAD_END, pack(">I", request) + counted(digest or hashlib.sha256(document).digest()))
    return outcome(connection, request)


def ask_for_print(connection, request, which, printer="", pages="", copies=1, source=0):
    options = text(printer) + pack(">IBB", copies, 0, 0) + text("") + bytes([0, 0]) + text(pages)
    read = text("") + bytes([0, 0, 0]) + pack(">HIIIIiiI", 0, 0, 0, 0, 0, 0, 0, 0) + bytes([0])  # nothing is read
    connection.send(SERVICE_REQUEST, pack(">I", request) + text("print") + text("") + counted(read) +
                    counted(bytes([0]) + text("")) + counted(options) + pack(">QI", source, which))


class Sheets:
    """What arrives of the blocks."""

    def __init__(self):
        self.parts, self.whole = {}, {}

    def take(self, connection, kind, payload):
        page = struct.unpack(">I", payload[:4])[0]
        if kind == PAGE_BEGIN:
            generation, codec = struct.unpack(">IB", payload[4:9])
            assert (generation, codec) == (0, 4) and page not in self.whole
            self.parts.setdefault(page, b"")
        elif kind == PAGE_DATA:
            offset, length = struct.unpack(">QI", payload[4:16])
            assert offset == len(self.parts[page]) and length == len(payload) - 16
            self.parts[page] += payload[16:]
        else:
            length, digest = struct.unpack(">Q", payload[8:16])[0], payload[24:56]
            assert length == len(self.parts[page]) and hashlib.sha256(self.parts[page]).digest() == digest
            self.whole[page] = self.parts.pop(page)
            assert self.whole[page].startswith(b"%PDF-")

    def wait(self, connection, is_enough):
        while not is_enough():
            length, kind, _, _ = struct.unpack(">IHHQ", connection.read(16))
            payload = connection.read(length)
            if kind in (PAGE_BEGIN, PAGE_DATA, PAGE_END):
                self.take(connection, kind, payload)
            assert kind != REFUSE, payload


def main():
    token, folder, file = sys.argv[1:]
    with open(file, "rb") as document:
        letter = document.read()
    address, name = enrol(token, folder)
    units = [unit("laser"), unit("ink")]
    connection = greet(address, folder, name, [], units, 1000)

    # What cannot be printed is refused, with a sentence.
    assert upload(connection, 1, letter, bytes(32))[:2] == (1, PROTOCOL)
    ask_for_print(connection, 2, 1, "laser")
    assert outcome(connection, 2)[0] == 1  # the upload is not there
    big = bytes(3000000)
    assert upload(connection, 3, big)[0] == 0
    ask_for_print(connection, 4, 3)
    code, _, why = outcome(connection, 4)
    assert code == 2 and "laser, ink" in why, why
    ask_for_print(connection, 5, 3, "laser")
    code, error, why = outcome(connection, 5)
    assert code == 5 and error >= 77 and why, (code, error, why)
    ask_for_print(connection, 6, 0, "laser", source=1)
    assert outcome(connection, 6)[0] == 1

    # The job: two copies of three sheets. The credit ends in the middle of the first one, and so does the link.
    assert upload(connection, 7, letter)[0] == 0
    ask_for_print(connection, 8, 7, "laser", "1-3", 2)
    opened, job = connection.wait_for(JOB_OPENED)
    assert struct.unpack(">I", opened)[0] == 8
    order = connection.wait_for(PRINT_COMMAND)[0]
    assert text("laser") in order and order.endswith(pack(">II", 3, 2) + text("letter.txt")), order
    sheets = Sheets()
    sheets.wait(connection, lambda: len(sheets.parts.get(1, b"")) == 1000)
    connection.socket.close()

    # It goes on at that byte, at the other printer.
    in_hand = pack(">QBI", job, PRINTING, 0) + counted(account(*[HELD] * 6))
    connection = greet(address, folder, name, [in_hand], units, 1 << 20)
    connection.send(ERROR_NOTICE, pack(">H", LINK_LOST) + text("") + counted(pack(">BBII", PRINTING, 10, 1, 1)) +
                    counted(account(*[HELD] * 6)) + pack(">II", 0, 0), job)
    question = struct.unpack(">I", connection.wait_for(MANNER_REQUEST)[0][:4])[0]
    connection.send(MANNER_NOTICE, pack(">IBII", question, RESUME, 0, 9) + text("nowhere"), job)
    assert outcome(connection, 9)[0] == 1
    connection.send(MANNER_NOTICE, pack(">IBII", question, RESUME, 0, 10) + text("ink"), job)
    restart = connection.wait_for(RESTART_COMMAND)[0]
    assert struct.unpack(">I", restart[:4])[0] == question and text("ink") in restart
    connection.send(PAGE_RESUME, pack(">IIQ", 1, 0, 1000), job)
    connection.send(PRINT_STATUS, counted(account(*[HELD] * 6)) + pack(">I", question), job)
    sheets.wait(connection, lambda: len(sheets.whole) == 3)
    for block in 1, 2, 3:
        connection.send(PAGE_STORED, pack(">II", block, 0), job)
    connection.send(PRINT_STATUS, counted(account(PRINTED, PRINTED, RECEIVED, RECEIVED, RECEIVED, RECEIVED)) +
                    pack(">I", question), job)
    connection.send(PRINT_STATUS, counted(account(*[PRINTED] * 6)) + pack(">I", question), job)
    closed = connection.wait_for(JOB_CLOSED)[0]
    assert closed[0] == COMPLETED and b"6 sheets were printed" in closed, closed

    # A client that speaks of what there is not has broken the protocol.
    assert upload(connection, 11, letter)[0] == 0
    ask_for_print(connection, 12, 11, "laser")
    job = connection.wait_for(JOB_OPENED)[1]
    connection.send(PAGE_STORED, pack(">II", 99, 0), job)
    assert struct.unpack(">H", connection.wait_for(REFUSE)[0][:2])[0] == PROTOCOL
    print(f"sheet 1 went on at byte 1000 of {len(sheets.whole[1])}; job {job} is open")


main()
