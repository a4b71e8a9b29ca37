#!/usr/bin/python3
"""Kill -9 of any process at random moments, under load."""
import os
import random
import signal
import time

from load import Load
from tipline import LONG, Line, alive, expect, run_tests, wait_for

KILLS = 200 if LONG else 25
CLIENTS = 16


def kill_part(line, part):
    pid = line.part(part)
    if pid is None:  # still on its way back from the last one
        return
    os.kill(pid, signal.SIGKILL)
    wait_for("the " + part + " is back",
             lambda: line.part(part) not in (None, pid))


def kill_supervisor(line):
    pids = line.pids()
    os.kill(line.supervisor(), signal.SIGKILL)
    line.process.wait()
    wait_for("no process outlives the supervisor",
             lambda: not any(alive(p) for p in pids))
    line.start()


def whoever_is_killed_no_tip_with_a_receipt_is_lost():
    seed = int(os.environ.get("TIPLINE_SEED", time.time()))
    print("       TIPLINE_SEED=%d" % seed)
    r = random.Random(seed)
    killed = {"receiver": 0, "keeper": 0, "supervisor": 0}
    with Line(proxy="require") as line:
        line.may_die = True
        line.start()
        with Load(line, CLIENTS, pause=0.2 if LONG else 0.05) as load:
            time.sleep(0.3)
            for _ in range(KILLS):
                who = r.choices(["receiver", "keeper", "supervisor"],
                                [4, 4, 2])[0]
                killed[who] += 1
                if who == "supervisor":
                    kill_supervisor(line)
                else:
                    kill_part(line, who)
                time.sleep(r.random() * 0.4)
            # After the storm, without a hand: tips are taken again.
            before = len(load.received)
            wait_for("tips are taken again",
                     lambda: len(load.received) > before + CLIENTS, 20)
        line.stop()
        print("       killed:", killed)
        expect(len(load.received) > KILLS, "hardly any receipt", load.answers)
        load.check(line.open())
        line.start()  # and it serves on
        expect(line.tip("after the storm").received, "no tip is taken")
        line.stop()


def a_stop_under_load_keeps_every_receipt():
    with Line(proxy="require") as line:
        line.start()
        with Load(line, CLIENTS, pause=0.02) as load:
            for _ in range(3):
                time.sleep(0.5)
                line.stop()
                line.start()
        line.stop()
        load.check(line.open())


def exports_under_load_are_whole():
    with Line(proxy="require") as line:
        line.start()
        with Load(line, CLIENTS, pause=0.1) as load:
            for _ in range(3):
                time.sleep(0.3)
                before = set(load.received)
                tips = line.open()
                there = {int(t.message.split()[1]) for t in tips}
                expect(before <= there, "not exported:", before - there)
        load.check(line.open())
        line.stop()


if __name__ == "__main__":
    run_tests(whoever_is_killed_no_tip_with_a_receipt_is_lost,
              a_stop_under_load_keeps_every_receipt,
              exports_under_load_are_whole)
