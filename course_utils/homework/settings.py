"""The settings of nbgrader for a course folder, the same for its own commands and for ours."""

from pathlib import Path

from traitlets.config import Config

COURSE = "generative-models"


def config(folder: Path) -> Config:
    """The configuration of the nbgrader course in a folder."""
    c = Config()
    apply(c, folder)
    return c


def apply(c: Config, folder: Path) -> None:
    """Write our settings into a configuration of nbgrader."""
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
    from nbgrader import preprocessors as theirs

    from course_utils.homework import judging

    folder = Path(folder).resolve()
    c.CourseDirectory.root = str(folder)
    c.CourseDirectory.course_id = COURSE
    # two submissions are graded at a time: one waits until the other has written
    c.CourseDirectory.db_url = f"sqlite:///{folder / 'gradebook.db'}?timeout=60"
    c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
    c.Autograde.sanitize_preprocessors = [
        theirs.ClearOutput,
        judging.RestoreCells,
        theirs.OverwriteKernelspec,
        theirs.OverwriteCells,
        theirs.CheckCellMetadata,
    ]
    c.Autograde.autograde_preprocessors = [
        judging.ExecuteInSandbox,
        theirs.LimitOutput,
        theirs.SaveAutoGrades,
        theirs.AssignLatePenalties,
        theirs.CheckCellMetadata,
    ]
    c.GenerateFeedback.preprocessors = [theirs.GetGrades, judging.HideTests, CSSHTMLHeaderPreprocessor]
