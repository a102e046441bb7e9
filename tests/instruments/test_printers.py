"""A label printer is written to, never waited for, and a job is whole or says how much was taken."""

import socket
import threading
from pathlib import Path

import pytest

from instruments.printers import ESC_POS_STATUS, Printer, PrinterError
from tests.instruments.ptys import pty_at

JOB = b'SIZE 40 mm,30 mm\r\nQRCODE 10,10,H,4,A,0,"B7K2-M4"\r\nPRINT 1\r\n' * 40


def test_a_label_arrives_whole_over_a_serial_line(tmp_path: Path):
    with pty_at(tmp_path / "printer") as line:
        printing = threading.Thread(target=Printer(line.name, "tspl").print_label, args=(JOB,))
        printing.start()
        assert line.read_exactly(len(JOB)) == JOB
        printing.join()


def test_a_network_printer_is_written_to_and_asked_for_its_state():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        printer = Printer(f"tcp://127.0.0.1:{listener.getsockname()[1]}", "esc-pos")
        asking = threading.Thread(target=lambda: answers.append(printer.ask_status()))
        answers: list[bytes] = []
        asking.start()
        connection, _address = listener.accept()
        with connection:
            assert connection.recv(16) == ESC_POS_STATUS
            connection.sendall(b"\x12")
            asking.join()
    assert answers == [b"\x12"]


def test_a_printer_that_takes_nothing_fails_in_time_and_says_how_much_it_took(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("instruments.transports.WRITE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        printer = Printer(f"tcp://127.0.0.1:{listener.getsockname()[1]}", "zpl")
        with pytest.raises(PrinterError, match=r"took \d+ of 50000000 bytes"):
            printer.print_label(bytes(50_000_000))


def test_a_printer_that_is_not_there_says_so(tmp_path: Path):
    with pytest.raises(PrinterError, match="took 0 of"):
        Printer(str(tmp_path / "nowhere"), "tspl").print_label(JOB)
