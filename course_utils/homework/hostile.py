"""What a submission might do to the grader, as cells of code. Used on our own sandbox, and in generated classes."""

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
while True:
    try: os.fork()
    except OSError: time.sleep(0.01)
""",
}
OTHERS = {
    "50 GB of memory": """
hoard = []
try:
    for _ in range(50): hoard.append(bytearray(2**30))
except MemoryError:
    hoard.clear()
""",
    "reads the instructor's files": f"""
import os
for secret in ({str(ROOT / "notebooks")!r}, {str(ROOT / ".git")!r}, "/etc/passwd", "/etc/shadow", "/root/.ssh"):
    assert not os.path.exists(secret), secret
""",
    "deletes and writes outside": f"""
import os, shutil
for place in (os.getcwd(), {str(ROOT)!r}, os.path.expanduser("~"), "/tmp"):
    shutil.rmtree(place, ignore_errors=True)
for place in ({str(ROOT)!r}, "/", "/var", "/usr/local"):
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
    "kills other processes": """
import os, signal
mine = {int(task) for task in os.listdir("/proc/self/task")}  # a signal to a thread is one to its process
for pid in range(2, 70_000):
    if pid not in mine:
        try: os.kill(pid, signal.SIGKILL)
        except OSError: pass
""",
}
ALL = {**STOPS, **OTHERS}
