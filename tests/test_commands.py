"""The commands behind `python -m course_utils`."""

import json
import os
import signal
import subprocess
import sys

import pytest

from course_utils import commands, experiments, recipes, results, set_up
from course_utils.training import TrainingDiverged


def run(*argv: str) -> int:
    arguments = commands.parse(argv)
    return arguments.run(arguments)


# ---- the command line -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "command", "rest"),
    [
        ([], "open", []),
        (["--no-browser", "--port", "9999"], "open", ["--no-browser", "--port", "9999"]),
        (["open", "--no-browser"], "open", ["--no-browser"]),
        (["test"], "test", []),
        (["test", "-k", "losses", "-x"], "test", ["-k", "losses", "-x"]),
        (["benchmark", "--steps", "5"], "benchmark", ["--steps", "5"]),
    ],
)
def test_commands_and_what_they_pass_on(argv, command, rest):
    arguments = commands.parse(argv)
    assert (arguments.command, arguments.rest) == (command, rest)


@pytest.mark.parametrize("argv", [["train"], ["train", "x", "--sedes", "0"], ["no-such-command"], ["recipes", "x"]])
def test_mistakes_in_the_command_line_are_refused(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        commands.parse(argv)
    assert stop.value.code == 2
    assert "usage: python -m course_utils" in capsys.readouterr().err


def test_only_locking_works_without_the_environment():
    assert not commands.parse(["lock"]).in_environment
    assert commands.parse(["train", "x"]).in_environment


def test_opening_starts_jupyterlab_on_the_first_notebook(monkeypatch):
    monkeypatch.setattr(set_up, "hand_over", lambda command: command)
    command = run("--no-browser")
    assert command[1:3] == ["-m", "jupyterlab"]
    assert command[-1] == "--no-browser"
    path = next(part for part in command if "default_url" in part).removeprefix("--LabApp.default_url=/lab/tree/")
    assert (set_up.ROOT / path).is_file()


# ---- train ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stores(tmp_path, monkeypatch):
    """Results and checkpoints go to a folder of the test; the mode is put back afterwards."""
    monkeypatch.setattr(results, "ROOT", tmp_path / "results")
    monkeypatch.setattr(set_up, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_MODE", "fast")
    return tmp_path


def test_training_stores_a_result_for_each_seed_and_goes_on_where_it_stopped(stores, capsys):
    assert run("train", "digit_classifier", "--seeds", "0", "--mode", "fast") == 0
    first = results.path("digit_classifier", "fast", 0)
    stored = json.loads(first.read_text())
    before = first.stat().st_mtime_ns
    assert run("train", "digit_classifier", "--seeds", "0", "1", "--mode", "fast") == 0
    assert first.stat().st_mtime_ns == before, "what is stored is not measured again"
    assert [result["seed"] for result in results.load("digit_classifier", "fast")] == [0, 1]
    error = stored["numbers"]["test_error_percent"]
    assert f"digit_classifier, seed 0: test_error_percent {error:.4g}" in capsys.readouterr().out


def test_an_unknown_recipe_is_refused_with_those_like_it(stores, capsys):
    assert run("train", "digit_clasifier") == 1
    message = capsys.readouterr().err
    assert "digit_clasifier" in message
    assert "digit_classifier" in message


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt("the file keeps it"), 130), (TrainingDiverged("the loss is NaN"), 1)]
)
def test_what_stops_a_training_is_said_in_a_sentence(stores, monkeypatch, capsys, error, code):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(experiments, "run", fail)
    assert run("train", "digit_classifier", "--mode", "fast") == code
    shown = capsys.readouterr()
    assert str(error) in shown.out + shown.err


@pytest.mark.parametrize(
    ("options", "why"),
    [(("--seeds", "0", "1", "--ship", "2"), "not trained here"), (("--ship", "0", "--mode", "fast"), "fast mode")],
)
def test_weights_that_make_no_sense_are_not_shipped(options, why, capsys):
    assert run("train", "gan_ring", *options) == 1
    assert why in capsys.readouterr().err


def test_recipes_are_listed_with_source_and_budget(capsys):
    assert run("recipes") == 0
    text = capsys.readouterr().out
    for name, recipe in recipes.ALL.items():
        assert f"{name}\n    {recipe.source}\n" in text
    assert "epochs: fast 2, default 10, full 50" in text  # aae_gaussian_2d


# ---- test -------------------------------------------------------------------------------------------------------


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_the_summary_names_what_failed_and_what_was_left_out(monkeypatch, capsys):
    steps = {"one": python("pass"), "two": python("raise SystemExit(3)"), "three": None, "four": python("pass")}
    monkeypatch.setattr(commands, "_steps", lambda options: steps)
    assert run("test") == 1
    summary = capsys.readouterr().out.split("---- summary ----")[1].splitlines()[1:]
    assert [line.split(" (")[0] for line in summary[:-1]] == [
        "passed    one",
        "FAILED    two",
        "left out  three",
        "passed    four",
    ]
    assert summary[-1].startswith("1 of 4 steps FAILED after 0 min")


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to a process group")
def test_ctrl_c_ends_the_step_and_then_the_tests():
    steps = (
        "{'one': [sys.executable, '-c', 'print(1, flush=True); input()'], 'two': [sys.executable, '-c', 'print(2)']}"
    )
    # a shell that starts the tests in the background lets them ignore SIGINT, and that would be inherited
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += f"from course_utils import __main__, commands; commands._steps = lambda options: {steps}; "
    command = [sys.executable, "-c", code + "sys.argv[1:] = ['test']; sys.exit(__main__.main())"]
    process = subprocess.Popen(
        command,
        cwd=set_up.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    shown = [process.stdout.readline() for _ in range(3)]
    assert shown[-1] == "1\n"
    os.killpg(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=60)[0]
    assert process.returncode == 130
    assert rest == "\nStopped.\n"


def test_all_good(monkeypatch, capsys):
    monkeypatch.setattr(commands, "_steps", lambda options: {"one": python("pass")})
    assert run("test") == 0
    assert "all good after 0 min" in capsys.readouterr().out


def test_checks_run_in_the_fast_mode_with_one_thread(monkeypatch):
    code = "import os; assert (os.environ['COURSE_MODE'], os.environ['OMP_NUM_THREADS']) == ('fast', '1')"
    monkeypatch.setattr(commands, "_steps", lambda options: {"environment": python(code)})
    assert run("test") == 0


def test_without_uv_the_lock_check_is_left_out(monkeypatch):
    monkeypatch.setattr(set_up, "find_uv", lambda: None)
    assert [name for name, command in commands._steps([]).items() if command is None] == [
        "lock file is current (uv lock)"
    ]


def test_options_go_to_both_pytest_runs():
    chosen = [command for command in commands._steps(["-k", "losses"]).values() if command and "losses" in command]
    assert [command[-1] for command in chosen] == ["tests", "notebooks"]


def test_the_data_folder_is_the_same_wherever_a_notebook_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_DATA", "some/where")
    commands._absolute_data_root()
    assert commands.os.environ["COURSE_DATA"] == str(tmp_path / "some" / "where")
