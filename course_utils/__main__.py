"""``python -m course_utils [COMMAND]``: set the course up if need be, then do what was asked.

Runs on a bare Python: `set_up` and this file use the standard library only, and no syntax newer than Python 3.8, so
that an old Python can still say what is wrong.
"""

import sys

from course_utils import set_up


def main():
    set_up.check_python()
    from course_utils import commands  # not before the check: it is written for the course's Python

    arguments = commands.parse(sys.argv[1:])
    try:
        if arguments.in_environment and not set_up.is_done_here():
            set_up.install()
            return set_up.continue_in_venv(sys.argv[1:])
        return arguments.run(arguments)
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
