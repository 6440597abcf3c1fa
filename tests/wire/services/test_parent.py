"""The parent with tiny children: what dies or hangs comes back, and nothing stays behind."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from wattledger.journal import JobState, Journal


def test_a_killed_child_is_started_again_and_the_reason_stands_in_the_journal(start: Any, look: Any) -> None:
    server = start("engine=good", "web=good")
    server.until_ready()
    old, other = server.child("engine"), server.child("web")

    os.kill(old, signal.SIGKILL)
    server.until_replaced("engine", old)
    look.until(lambda: [one for one in server.events("service_restarted") if not one.is_standing], "the ended event")

    (event,) = server.events("service_restarted")
    assert event.params == {"service": "engine", "reason": "killed by SIGKILL"}
    assert (event.is_open, event.severity) == (True, "critical")
    assert server.child("web") == other


def test_a_hung_child_is_killed_and_started_again(start: Any, look: Any) -> None:
    server = start("engine=good")
    server.until_ready()
    old = server.child("engine")

    os.kill(old, signal.SIGSTOP)
    server.until_replaced("engine", old)
    look.until(lambda: server.events("service_restarted"), "the event")

    assert "no heartbeat" in server.events("service_restarted")[0].params["reason"]


def test_a_child_that_never_gets_ready_is_started_again(start: Any, look: Any) -> None:
    server = start("engine=mute")
    look.until(lambda: server.child("engine"), "the first")
    old = server.child("engine")

    server.until_replaced("engine", old)


def test_a_child_that_fails_again_and_again_is_one_event_with_a_count(start: Any, look: Any) -> None:
    server = start("engine=failing")
    server.until_ready()
    look.until(lambda: [event for event in server.events("service_restarted") if event.count >= 4], "four restarts")

    (event,) = server.events("service_restarted")
    assert event.params["reason"] == "ended by itself with exit code 1"
    assert "nothing works" in (server.data / "logs" / "wattledger.log").read_text()


@pytest.mark.parametrize("removed", ["logs", ""])
def test_a_removed_folder_does_not_stop_the_server_and_the_log_begins_anew(start: Any, look: Any, removed: str) -> None:
    server = start("engine=good", "worker=good")
    server.until_ready()
    engine, worker = server.child("engine"), server.child("worker")

    shutil.rmtree(server.data / removed)
    os.kill(worker, signal.SIGKILL)
    server.until_replaced("worker", worker)

    assert server.child("engine") == engine
    log = server.data / "logs" / "wattledger.log"
    look.until(log.exists, "a new log")
    assert "died: killed by SIGKILL" in log.read_text()
    assert server.stop()[0] == 0


def test_when_the_parent_is_killed_its_children_end_and_another_can_start(start: Any, look: Any) -> None:
    server = start("engine=good", "web=stubborn")
    server.until_ready()
    children = server.children()
    assert len(children) == 2

    server.stop(signal.SIGKILL)
    look.until(lambda: not any(look.is_alive(pid) for pid in children), "the end of the children")

    start("engine=good", "web=good").until_ready()


def test_a_stop_leaves_no_process_and_no_lock(start: Any, look: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        server = start("engine=good", "web=good", "worker=good")
        server.until_ready()
        children = server.children()

        code, _out, err = server.stop(number)

        assert (code, err) == (0, "")
        assert not any(look.is_alive(pid) for pid in children)


def test_a_child_that_does_not_stop_is_killed_and_the_exit_code_tells(start: Any, look: Any) -> None:
    server = start("engine=good", "web=stubborn")
    server.until_ready()
    children = server.children()

    code, _out, _err = server.stop()

    assert code == 1
    assert not any(look.is_alive(pid) for pid in children)


def test_a_hangup_renews_the_web_alone_and_is_no_event(start: Any, look: Any) -> None:
    server = start("engine=good", "web=good")
    server.until_ready()
    engine, web = server.child("engine"), server.child("web")

    os.kill(server.pid, signal.SIGHUP)
    server.until_replaced("web", web)

    assert server.child("engine") == engine
    assert server.events("service_restarted") == ()


def test_a_certificate_that_the_worker_renews_is_an_event_and_renews_the_web(start: Any, look: Any) -> None:
    server = start("web=good", "worker=renewing")  # there is none at all, so one is made
    look.until(lambda: server.child("web"), "the first web")
    web = server.child("web")
    server.until_replaced("web", web)

    (event,) = server.events("certificate_created")
    assert event.source == "worker"
    assert (server.data / "tls" / "cert.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_children_stay_in_the_group_of_their_parent_and_have_one_thread_at_the_fork(start: Any) -> None:
    server = start("engine=good", "web=good")
    server.until_ready()

    assert {os.getpgid(pid) for pid in server.children()} == {os.getpgid(server.pid)}
    assert len(list(Path(f"/proc/{server.pid}/task").iterdir())) == 1


def test_a_second_server_on_the_folder_is_refused_with_the_pid_of_the_first(start: Any) -> None:
    first = start("engine=good")
    first.until_ready()

    code, out, err = start("engine=good").finished()

    assert code == 3
    assert out == ""
    assert err.count("\n") == 1
    assert f"pid {first.pid}" in err


def test_a_job_that_was_running_when_the_worker_was_killed_is_done_again(start: Any, look: Any) -> None:
    server = start("worker=working")
    server.until_ready()
    with Journal(server.data / "journal.sqlite3") as journal:
        number = journal.jobs.submit("hang")
        look.until((server.data / "tries").exists, "the first try")
        os.kill(server.child("worker"), signal.SIGKILL)
        look.until(lambda: journal.jobs.get(number).state is JobState.DONE, "the second try")

        assert journal.jobs.get(number).result == 2
    tries = (server.data / "tries").read_text().split()
    assert len(set(tries)) == 2


def test_every_child_holds_the_lock_so_that_no_server_starts_beside_a_leftover(start: Any) -> None:
    server = start("engine=good")
    server.until_ready()
    lock = (server.data / "lock").stat()

    holders = [
        pid
        for pid in [server.pid, *server.children()]
        if any(_same(link, lock) for link in Path(f"/proc/{pid}/fd").iterdir())
    ]

    assert holders == [server.pid, *server.children()]


def _same(link: Path, file: os.stat_result) -> bool:
    try:
        found = link.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (file.st_dev, file.st_ino)
