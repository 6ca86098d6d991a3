"""A child process for tests of `motionlens.lanes.child`: does what it is asked, good or bad."""

from __future__ import annotations

import os
import re
import sys
import time

from motionlens.lanes.child_end import ChildEnd, confine


def main() -> None:
    end = ChildEnd(int(sys.argv[-2]), int(sys.argv[-1]))
    while (message := end.next()) is not None:
        wanted = message.header
        if wanted["do"] == "echo":
            end.send({"answer": wanted["value"]}, message.blocks)
        elif wanted["do"] == "noise":
            print("printed by a library", flush=True)
            os.write(1, b"written by native code\n")
            end.send({"answer": "quiet"})
        elif wanted["do"] == "work":
            for _ in range(wanted["steps"]):
                time.sleep(0.1)
                end.beat()
            end.send({"answer": "worked"})
        elif wanted["do"] == "hold":
            re.match(r"(a+)+$", "a" * 60 + "b")  # for ever, without giving the interpreter's lock
        elif wanted["do"] == "fill":
            confine(64 << 20, 0)
            try:
                held = bytearray(wanted["bytes"])
                end.send({"answer": len(held)})
            except MemoryError:
                end.send({"answer": "no memory"})
        elif wanted["do"] == "exit":
            os._exit(wanted["code"])
        end.done()


if __name__ == "__main__":
    main()
