"""The first thing that runs in a sandbox: limit this process, stop being root, and become another program.

``python limited.py {"limits": {"RLIMIT_CORE": 0}, "user": 20001, "folder": "/tmp/work"} COMMAND ...``. It is run by
its path and imports the standard library only: inside a sandbox there is little else.
"""

import json
import os
import sys


def main() -> None:
    """Apply the JSON of the first argument, and run the rest. Raises OSError if a limit or the user cannot be set."""
    settings, command = json.loads(sys.argv[1]), sys.argv[2:]
    if settings["limits"]:
        import resource  # not on Windows

        for name, value in settings["limits"].items():
            highest = resource.getrlimit(getattr(resource, name))[1]
            value = value if highest == resource.RLIM_INFINITY else min(value, highest)
            resource.setrlimit(getattr(resource, name), (value, value))
    if settings["user"] is not None:
        os.setgroups([])
        os.setgid(settings["user"])
        os.setuid(settings["user"])
    os.makedirs(settings["folder"], exist_ok=True)
    os.chdir(settings["folder"])
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
