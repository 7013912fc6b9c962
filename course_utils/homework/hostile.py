"""What a submission might do to the grader, as cells of code. Used on our own sandbox, and in generated classes.

Outside of a sandbox they are a nuisance at most: they try doors, and where one opens they only say so. Somebody may run
a generated notebook by hand.
"""

from course_utils.set_up import ROOT

# A submission with a cell that STOPS ends there; the OTHERS try something and go on.
STOPS = {
    "endless loop": "while True: pass",
    "deaf endless loop": """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        while True: pass
    except BaseException: pass
""",
    "ends its process": "import os; os._exit(3)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "endless output": "while True: print('x' * 10_000)",
    "fork bomb": """
import os, time
for generation in range(10):  # a thousand processes, where nobody objects
    try: os.fork()
    except OSError: pass
time.sleep(60)
raise SystemExit
""",
}
OTHERS = {
    "50 GB of memory": """
hoard = []
try:
    for _ in range(50): hoard.append(bytearray(2**30))
except MemoryError: pass
else: raise AssertionError("50 GB are there")
finally: hoard.clear()
""",
    "reads the instructor's files": f"""
import os
for secret in ({str(ROOT / "notebooks")!r}, {str(ROOT / ".git")!r}, "/etc/passwd", "/etc/shadow", "/root/.ssh"):
    assert not os.path.exists(secret), secret
""",
    "deletes its folder and writes outside": f"""
import os, shutil
if os.getcwd().startswith("/tmp/"):
    shutil.rmtree(os.getcwd())
for place in ({str(ROOT)!r}, {str(ROOT / "course_utils")!r}, "/", "/var", "/usr/local", "/dev"):
    try:
        with open(place + "/homework_was_here", "w") as file: file.write("x")
    except OSError: pass
    else: raise AssertionError("wrote to " + place)
""",
    "uses the network": """
import socket
try:
    socket.create_connection(("1.1.1.1", 53), timeout=2)
except OSError: pass
else: raise AssertionError("there is a network")
""",
    "reaches other processes": """
import os
mine = {int(task) for task in os.listdir("/proc/self/task")}
for pid in range(2, 70_000):  # the first one is the room itself
    if pid not in mine:
        try: os.kill(pid, 0)  # no signal: may we send one?
        except OSError: pass
        else: raise AssertionError(f"could kill {pid}")
""",
}
ALL = {**STOPS, **OTHERS}
