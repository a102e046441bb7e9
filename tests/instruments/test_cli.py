"""`lims instruments`: the forms that outside checks rely on."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from instruments.cli import instruments
from instruments.config import ConfigError, folder_name, load_config
from instruments.daemon import Daemon, journal_folder
from instruments.drivers import examples
from instruments.drivers.registry import ENTRY_POINT_GROUP, collect, get_driver
from instruments.journal import EntryKind, Journal
from instruments.spool import Captured, Spool, SpoolState
from tests.instruments.ptys import Pty, eventually, pty_at

ROOT = Path(__file__).parents[2]
ONE = "[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='p'\n"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(instruments, list(arguments))


def config_file(folder: Path, port: str, driver: str = "mt-sics", extra: str = "") -> Path:
    path = folder / "reader.toml"
    path.write_text(
        f'[store]\npath = "{folder / "store"}"\n[[instrument]]\nname = "Balance 1"\n'
        f'driver = "{driver}"\nport = "{port}"\n{extra}',
        "utf-8",
    )
    return path


def test_list_names_every_driver_and_what_it_was_proven_on():
    result = invoke("list", "--json")
    assert result.exit_code == 0
    drivers = {driver["name"]: driver for driver in json.loads(result.stdout)["drivers"]}
    assert {"name", "family", "proven_on", "transport"} <= set(drivers["dy-3000-bx1"])
    assert drivers["dy-3000-bx1"]["proven_on"] == "real bytes"
    assert drivers["lz-4000t"]["proven_on"] == "documents"
    assert "TTNJ 16, 24 and 32 channel readers" in invoke("list").stdout


@pytest.mark.parametrize(
    ("day", "summary"),
    [
        ("2018-07-28", "437 frames, 0 garbage bytes, 0 incomplete"),
        ("2018-07-31", "74 frames, 0 garbage bytes, 0 incomplete"),
        ("2018-08-01", "101 frames, 3 garbage bytes, 0 incomplete"),
    ],
)
def test_decode_of_a_hex_log_gives_one_reading_a_line_and_a_summary_last(captures: Path, day: str, summary: str):
    log = captures / "soldiers1989__UploadSoftWare" / f"{day} 串口数据Hex.log"
    result = invoke("decode", "--driver", "dy-3000-bx1", str(log))
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == summary
    readings = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(reading["driver"] == "dy-3000-bx1" and reading["raw_hex"].startswith("7e16") for reading in readings)


def test_decode_of_raw_bytes(tmp_path: Path):
    file = tmp_path / "capture.bin"
    file.write_bytes(b"\x00\x01" + b"".join(examples.LZ4000T) + examples.LZ4000T[0][:9])
    result = invoke("decode", "--driver", "lz-4000t", str(file))
    assert [json.loads(line)["value"] for line in result.stdout.splitlines()] == ["12.34", "-0.56"]
    assert result.stderr.splitlines()[-1] == "2 frames, 2 garbage bytes, 1 incomplete"


def test_decode_tells_what_cannot_be_read(tmp_path: Path):
    file = tmp_path / "capture.bin"
    file.write_bytes(b"S S    1.00 g\r\nS S    2.00\r\n")
    result = invoke("decode", "--driver", "mt-sics", str(file))
    assert [json.loads(line)["value"] for line in result.stdout.splitlines()] == ["1.00"]
    assert result.stderr.splitlines() == [
        "No unit behind the value: b'S S    2.00'",
        "2 frames, 0 garbage bytes, 0 incomplete",
    ]


def test_decode_tells_each_unit_that_cannot_be_read_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    file = tmp_path / "capture.bin"
    file.write_bytes(b"S S    2.00\r\nS S    3.00\r\nS S    4.0")
    result = invoke("decode", "--driver", "mt-sics", str(file))
    assert len(result.stderr.splitlines()) == len(["2.00", "3.00", "4.0", "summary"])
    broken = tmp_path / "broken.bin"
    broken.write_bytes(b"\x05\x021H|\\^&\r\x0300\r\n\x04")
    result = invoke("decode", "--driver", "astm-e1394", str(broken))
    assert result.stderr.splitlines()[0].startswith("Its check value 00 is not that of its bytes: b")
    assert len(result.stderr.splitlines()) == 2
    assert caplog.records == []


def test_a_driver_that_cannot_be_used_is_told_once_by_the_list_and_by_whoever_asks_for_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    entry = EntryPoint("x", "no_such_package:driver", ENTRY_POINT_GROUP)
    monkeypatch.setattr("instruments.cli.registry", lambda: collect([entry]))
    said = "left out: no_such_package:driver (ModuleNotFoundError: No module named 'no_such_package')"
    assert invoke("list").stderr.splitlines() == [said]
    asked = invoke("decode", "--driver", "x", __file__)
    assert asked.stderr.splitlines()[0] == said
    assert asked.stderr.count("left out") == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_decode_takes_the_settings_of_the_driver(tmp_path: Path):
    file = tmp_path / "capture.bin"
    file.write_bytes(examples.DY3000[0])
    result = invoke("decode", "--driver", "dy-3000", "--set", "methods.0=0", str(file))
    assert json.loads(result.stdout.splitlines()[0])["value"] == "12.3"


def test_decode_of_something_else_says_that_nothing_was_found(tmp_path: Path):
    file = tmp_path / "capture.bin"
    file.write_bytes(b"nothing of the kind")
    result = invoke("decode", "--driver", "lz-4000t", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "0 frames, 19 garbage bytes, 0 incomplete\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("decode", "--driver", "nope", __file__),
        ("decode", "--driver", "mt-sics", "--set", "nonsense", __file__),
        ("decode", "--driver", "mt-sics", "/no/such/file"),
        ("run", "--config", "/no/such/file"),
        ("simulate", "--driver", "mt-sics", "--port", "x", "--fault", "melt"),
        ("simulate", "--driver", "mt-sics", "--port", "tcp://moxa"),
        ("simulate", "--driver", "mt-sics", "--port", "foo://moxa:1"),
    ],
)
def test_wrong_use_ends_with_status_two(arguments: tuple[str, ...]):
    assert invoke(*arguments).exit_code == 2


def test_simulate_plays_a_device_on_a_port(tmp_path: Path):
    with pty_at(tmp_path / "port") as line:
        result = invoke("simulate", "--driver", "mt-sics", "--port", line.name, "--interval", "0")
        assert result.exit_code == 0
        sent = b"".join(examples.MT_SICS)
        assert line.read_exactly(len(sent)) == sent


def test_simulate_waits_on_a_port_that_listens_until_somebody_calls():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    played: list[Result] = []
    arguments = ("simulate", "--driver", "mt-sics", "--port", f"listen://127.0.0.1:{port}", "--interval", "0")
    playing = threading.Thread(target=lambda: played.append(invoke(*arguments)))
    playing.start()
    time.sleep(1.2)  # longer than one wait for a call
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        sent = b"".join(examples.MT_SICS)
        got = b""
        while len(got) < len(sent) and (piece := line.recv(100)):
            got += piece
        playing.join()
    assert (got, played[0].exit_code) == (sent, 0)


def test_print_sends_a_label_and_says_when_no_printer_is_there(tmp_path: Path):
    job = tmp_path / "label.tspl"
    job.write_bytes(b"PRINT 1\r\n")
    with pty_at(tmp_path / "printer") as line:
        assert invoke("print", "--port", line.name, str(job)).exit_code == 0
        assert line.read_exactly(9) == b"PRINT 1\r\n"
    refused = invoke("print", "--port", str(tmp_path / "nowhere"), str(job))
    assert refused.exit_code == 1
    assert "took 0 of 9 bytes" in refused.stderr


def test_simulate_on_a_port_that_is_not_there_says_so():
    result = invoke("simulate", "--driver", "mt-sics", "--port", "/dev/no-such-port")
    assert result.exit_code == 1
    assert "cannot be opened" in result.stderr


def run_daemon(config: Path) -> subprocess.Popen[bytes]:
    script = "from instruments.cli import instruments; instruments()"
    return subprocess.Popen(
        [sys.executable, "-c", script, "run", "--config", str(config), "--json"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def waiting(store: Path) -> list[str]:
    if not (store / "spool.sqlite3").exists():
        return []
    spool = Spool(store / "spool.sqlite3")
    values = [item.body["value_text"] for item in spool.waiting(100) if item.body["problem"] is None]
    spool.close()
    return values


def weigh(line: Pty, store: Path) -> None:
    def arrived() -> bool:
        line.write(b"S S    100.00 g\r\n")
        return bool(waiting(store))

    eventually(arrived, "a weighing")


def test_run_reads_the_ports_of_its_file_until_it_is_told_to_stop(tmp_path: Path):
    with pty_at(tmp_path / "port") as line:
        config = config_file(tmp_path, line.name)
        with run_daemon(config) as process:
            weigh(line, tmp_path / "store")
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    for text in output.decode().splitlines():
        assert json.loads(text)["ports"][0]["instrument"] == "Balance 1"
    status = invoke("status", "--config", str(config), "--json")
    facts = json.loads(status.stdout)
    assert facts["ports"][0]["state"] == "stopped"
    assert facts["ports"][0]["readings"] >= 1
    assert facts["spool"]["waiting"] >= 1
    assert facts["running"]
    shown = invoke("status", "--config", str(config))
    assert "Balance 1  Stopped" in shown.stdout
    assert "waiting for the server, 0 delivered" in shown.stdout


def test_replay_after_a_run_finds_nothing_new(tmp_path: Path):
    with pty_at(tmp_path / "port") as line:
        config = config_file(tmp_path, line.name)
        with run_daemon(config) as process:
            weigh(line, tmp_path / "store")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
    result = invoke("replay", "--config", str(config), "--instrument", "Balance 1")
    assert result.exit_code == 0
    assert "1 connections, 0 new readings" in result.stdout
    again = invoke("replay", "--config", str(config), "--instrument", "Balance 1", "--json")
    assert json.loads(again.stdout)["new"] == 0
    assert invoke("replay", "--config", str(config), "--instrument", "Scales").exit_code == 2


def test_one_store_has_one_reader_and_the_second_says_so(tmp_path: Path):
    config = config_file(tmp_path, "/dev/null")
    first = Daemon(load_config(config))
    first.start()
    try:
        result = invoke("run", "--config", str(config), "--for-seconds", "0.1")
    finally:
        first.stop()
    assert result.exit_code == 1
    assert result.stderr == f"Error: Another reader is at work in {tmp_path / 'store'}.\n"
    assert invoke("run", "--config", str(config), "--for-seconds", "0.1").exit_code == 0


def test_a_store_that_cannot_be_one_is_said(tmp_path: Path):
    (tmp_path / "store").write_text("a file")
    result = invoke("run", "--config", str(config_file(tmp_path, "/dev/null")), "--for-seconds", "0.1")
    assert (result.exit_code, result.stderr[:27]) == (1, f"Error: The store {tmp_path}"[:27])
    assert "cannot be used" in result.stderr
    (tmp_path / "store").unlink()
    (tmp_path / "store" / "spool.sqlite3").mkdir(parents=True)
    result = invoke("run", "--config", str(config_file(tmp_path, "/dev/null")), "--for-seconds", "0.1")
    assert "unable to open database file" in result.stderr


def test_a_status_that_cannot_be_written_ends_no_reader(tmp_path: Path):
    (tmp_path / "store" / "status.tmp").mkdir(parents=True)
    config = config_file(tmp_path, "/dev/null")
    assert invoke("run", "--config", str(config), "--for-seconds", "0.1").exit_code == 0


def test_a_journal_that_is_damaged_is_said_without_a_traceback(tmp_path: Path):
    config = config_file(tmp_path, "/dev/null")
    with Journal(journal_folder(tmp_path / "store", "Balance 1")) as journal:
        for _ in range(3):
            journal.append(EntryKind.RECEIVED, b"S S    1.00 g\r\n")
            journal.sync()
    [segment] = (tmp_path / "store").rglob("segment-*.fj")
    content = bytearray(segment.read_bytes())
    content[20] ^= 1
    segment.write_bytes(content)
    result = invoke("run", "--config", str(config), "--for-seconds", "0.1")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {segment} is damaged at byte 0")


def test_what_the_server_refused_is_told_and_can_be_sent_again(tmp_path: Path):
    config = config_file(tmp_path, "/dev/null")
    assert "No reader has run here" in invoke("refused", "--config", str(config)).stderr
    daemon = Daemon(load_config(config))
    daemon.start()
    at = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
    daemon.spool.add("Balance 1", [Captured("k", at, get_driver("mt-sics").parse(b"S S    1.00 g\r\n", {})[0])])
    daemon.spool.add_file("GC", "run.csv", b"x", {})
    waiting = daemon.spool.waiting_file()
    assert waiting is not None
    daemon.spool.mark_refused(1, "422 no such day")
    daemon.spool.mark_file(waiting.position, SpoolState.REFUSED, "422 no such profile")
    assert not daemon.status()["healthy"]
    daemon.stop()
    assert invoke("status", "--config", str(config)).exit_code == 1
    result = invoke("refused", "--config", str(config), "--again")
    assert result.stdout.splitlines() == [
        "Balance 1  2026-11-28 09:00:00  1.00 g  422 no such day",
        "GC  run.csv  422 no such profile",
    ]
    assert result.stderr == "2 wait again\n"
    assert invoke("refused", "--config", str(config), "--json").stdout == ""


def test_status_without_a_run_says_so(tmp_path: Path):
    result = invoke("status", "--config", str(config_file(tmp_path, "/dev/null")))
    assert result.exit_code == 1
    assert "No reader has run here" in result.stderr


def test_status_of_a_reader_that_was_killed_says_that_it_does_not_run(tmp_path: Path):
    config = config_file(tmp_path, "/dev/null")
    (tmp_path / "store").mkdir()
    facts = {
        "at": "2026-11-28T07:36:16+00:00",
        "healthy": True,
        "ports": [],
        "spool": {"waiting": 0, "delivered": 3, "refused": 0},
        "delivery": {"url": "", "last_error": ""},
    }
    (tmp_path / "store" / "status.json").write_text(json.dumps(facts), "utf-8")
    result = invoke("status", "--config", str(config))
    assert result.exit_code == 1
    assert "does not run: it last wrote at 2026-11-28 15:36:16" in result.stderr
    assert not json.loads(invoke("status", "--config", str(config), "--json").stdout)["running"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[store", "reader.toml: this is no TOML file: Expected"),
        ("[stores]\n", "unknown stores"),
        ("[store]\n", "expected a text for path"),
        ("store = 'x'\n", r"\[store\]: expected a table, got 'x'"),
        ("instrument = ['x']\n[store]\npath='x'\n", r"at least one \[\[instrument\]\]"),
        ("[store]\npath='x'\npaht='x'\n", r"\[store\]: unknown paht; expected path"),
        (f"{ONE}[server]\nurl='lims.example.org'\n", "https:// for url, got 'lims.example.org'"),
        (f"{ONE}[server]\nurl='https://x'\ntoken_file='/nowhere'\n", "token_file '/nowhere' cannot be read"),
        (f"{ONE}[server]\nurl='https://x'\ntoken_file='/dev/null'\n", "token_file '/dev/null' does not hold"),
        (ONE.replace("'p'", "'tcp://h:99999'"), r"tcp://h:99999 has no port; expected tcp://host:port"),
        (f"{ONE}poll_seconds=nan\n", "at least 1, got nan"),
        (f"{ONE}poll_seconds=true\n", "at least 1, got True"),
        (
            "[store]\npath='x'\n[status]\nlisten='5050'\n[[folder]]\nname='a'\npath='p'\n",
            "host:port for listen, got '5050'",
        ),
        ("[store]\npath = 'x'\n", r"at least one \[\[instrument\]\]"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='nope'\nport='p'\n", "No driver is called 'nope'"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='tcp://h'\n", "has no port"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='p'\nbaud='x'\n", "whole number for baud"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='p'\nbuad=1\n", "unknown buad"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='p'\nparity='X'\n", "for parity, got 'X'"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='p'\ndata_bits=9\n", "data_bits, got 9"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='p'\nstop_bits=true\n", "got True"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='foo://p'\n", "nobody opens such an address"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='p'\npoll_seconds=0.1\n", "at least 1"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='dyrs2'\nport='p'\npoll_seconds=9\n", "sends by itself"),
        ("[store]\npath='x'\n[[instrument]]\nname='a'\ndriver='sbi'\nport='p'\nsettings={a=1}\n", "settings are texts"),
        (
            (
                "[store]\npath='x'\n[[instrument]]\nname='A 1'\ndriver='sbi'\nport='p'\n"
                "[[instrument]]\nname='a-1'\ndriver='sbi'\nport='q'\n"
            ),
            "two instruments are called 'a-1'",
        ),
    ],
)
def test_a_configuration_that_cannot_be_used_names_the_place(tmp_path: Path, text: str, problem: str):
    path = tmp_path / "reader.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=problem):
        load_config(path)


def test_the_token_is_read_from_its_file_and_never_shown(tmp_path: Path):
    (tmp_path / "token").write_text("secret-token\n", "utf-8")
    server = f'[server]\nurl = "https://lims.example.org"\ntoken_file = "{tmp_path / "token"}"\n'
    config = load_config(config_file(tmp_path, "/dev/x", extra=server))
    assert config.token == "secret-token"
    assert "secret-token" not in repr(config)


def test_line_settings_are_those_the_device_ships_with_unless_said_otherwise(tmp_path: Path):
    [shipped] = load_config(config_file(tmp_path, "/dev/x", "sbi")).connections
    [set_] = load_config(config_file(tmp_path, "/dev/x", "sbi", "baud = 9600\nparity = 'E'\n")).connections
    assert (shipped.opener.settings.baud, shipped.opener.settings.parity) == (1200, "O")
    assert (set_.opener.settings.baud, set_.opener.settings.parity) == (9600, "E")


def test_a_journal_folder_keeps_chinese_names():
    assert folder_name(" 三号市场 读数仪/1 ") == "三号市场-读数仪-1"
