"""`python -m course_utils homework ...`: what a lecturer and a grader type."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from course_utils.homework import assignments


def main(argv: Sequence[str]) -> int:
    """Run one command; returns 0 if all went well."""
    arguments = _parser().parse_args(argv)
    from course_utils.homework.export import ExportError
    from course_utils.homework.grading import GradingError

    try:
        return arguments.run(arguments)
    except (assignments.AssignmentError, GradingError, ExportError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m course_utils homework", description=__doc__.split(": ")[1])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(run, text):
        command = commands.add_parser(run.__name__.strip("_"), help=text, description=text, allow_abbrev=False)
        command.set_defaults(run=run)
        return command

    def add_course(command):
        text = "the folder of nbgrader's course (default: notebooks/homework)"
        command.add_argument("--course", type=Path, default=assignments.FOLDER, metavar="FOLDER", help=text)

    command = add(export, "write the repository for students: the course, and the homework without its answers")
    command.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
    command = add(collect, "take in a folder of STUDENT/NOTEBOOK.ipynb or STUDENT_NOTEBOOK.ipynb files")
    command.add_argument("folder", type=Path, metavar="DIR")
    add_course(command)
    command = add(grade, "grade what was collected and has changed; write a CSV and a feedback page for each student")
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command.add_argument("--jobs", type=int, default=2, metavar="N", help="submissions at a time (default: 2)")
    command.add_argument("--again", nargs="+", default=[], metavar="STUDENT", help="grade these even if unchanged")
    add_course(command)
    command = add(try_, "put the grader on trial: right and wrong answers must get the points they should")
    command.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    command.add_argument("--through-nbgrader", action="store_true", help="the long way, as submissions are graded")
    command.add_argument("--only", default="", metavar="TEXT", help="answers whose name contains this")
    command.add_argument("--jobs", type=int, default=2, metavar="N")
    command = add(measure, "run the solution with 20 seeds and store the tolerances of its numbers")
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command = add(class_, "generate a class of N submissions, right, wrong and hostile ones, as if handed in")
    command.add_argument("n", type=int, metavar="N")
    command.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="where to write them")
    command.add_argument("--assignments", nargs="+", metavar="ASSIGNMENT", help="default: all that have trials")
    command.add_argument("--measure", action="store_true", help="grade such a class twice and store the times instead")
    command.add_argument("--jobs", type=int, default=2, metavar="N")
    return parser


def export(arguments) -> int:
    """Write the students' repository."""
    from course_utils.homework import export

    export.write(arguments.folder)
    print(f"wrote the students' repository to {arguments.folder}: look at it, then publish it")
    return 0


def collect(arguments) -> int:
    """Take in what was handed in."""
    from course_utils.homework import collecting

    found = collecting.collect(arguments.folder, arguments.course)
    print(f"{len(found.new)} new, {len(found.changed)} changed, {len(found.same)} as before")
    for problem in found.problems:
        print(f"NOT TAKEN {problem}", file=sys.stderr)
    return int(bool(found.problems))


def grade(arguments) -> int:
    """Grade an assignment."""
    from course_utils.homework import grading

    done = grading.grade(arguments.course, arguments.assignment, arguments.jobs, arguments.again)
    failures = {student: record.failure for student, record in done.records.items() if record.failure}
    print(f"graded {len(done.graded)} of {len(done.records)} in {done.seconds:.0f} s, {len(failures)} to look at")
    for student, failure in failures.items():
        print(f"  {student}: {failure}")
    print(f"points: {grading.csv_file(arguments.course, arguments.assignment)}")
    print(f"pages for students: {arguments.course / 'feedback'}")
    return 0


def try_(arguments) -> int:
    """Put the grader on trial."""
    from course_utils.homework import trials, trying

    mistakes = 0
    for name in arguments.assignments or with_trials():
        long_way = arguments.through_nbgrader
        verdicts = trying.verdicts(name, arguments.only, arguments.jobs) if long_way else _direct(name, arguments.only)
        for answer, wrong in verdicts:
            mistakes += wrong is not None
            print(trials.line(name, answer, wrong), flush=True)
    print(f"{mistakes} answers got points they should not, or lost points they should not" if mistakes else "all good")
    return int(mistakes > 0)


def _direct(name, only):
    import torch

    from course_utils.homework import trials

    torch.set_num_threads(1)  # before the processes fork: threads do not survive that
    return trials.verdicts(name, only)


def measure(arguments) -> int:
    """Measure the tolerances of an assignment."""
    from course_utils.homework import measured

    print(f"wrote {measured.measure(arguments.assignment, range(20))}")
    return 0


def class_(arguments) -> int:
    """Generate a class, and with --measure grade it."""
    from course_utils.homework import classes

    names = arguments.assignments or with_trials()
    if arguments.measure:
        print(f"wrote {classes.measure(names, arguments.n, arguments.jobs)}")
        return 0
    if arguments.folder is None:
        raise FileNotFoundError("name the folder to write the class to")
    classes.write(names, arguments.n, arguments.folder)
    print(f"wrote {arguments.n} submissions of {', '.join(names)} to {arguments.folder}")
    return 0


def with_trials() -> list[str]:
    """The assignments that have answers on trial."""
    from course_utils.homework import trials

    return [name for name in assignments.names() if (trials.TRIALS / f"{name}.py").is_file()]
