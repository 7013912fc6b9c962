"""The model chooser: what one needs, has and may spend; which models remain, ranked, and why the others do not."""

import math
from collections.abc import Callable, Sequence
from statistics import fmean

from course_utils.comparison import (
    CRITERIA,
    FAMILY,
    LABELS,
    MORE_CRITERIA,
    NEEDS,
    Choice,
    Criterion,
    Runs,
    choose,
    shown,
)

ALL = CRITERIA + MORE_CRITERIA
ANY_COST = "any"


class ModelChooser:
    """Chooses among models with these stored numbers, and says so in words and as a table.

    called: what to write for a model's name. All is arithmetic on stored numbers: an answer takes milliseconds.
    Raises ValueError if there is no model.
    """

    def __init__(self, runs: Runs, criteria: Sequence[Criterion] = ALL, called: Callable[[str], str] = FAMILY.get):
        if not runs:
            raise ValueError("no model to choose from: no run is stored")
        self.runs = runs
        self.criteria = {criterion.heading: criterion for criterion in criteria}
        self.called = called
        costs = sorted(fmean(numbers["training_megaflops"]) for numbers in runs.values())
        # limits that let through a third of the models, two thirds, all
        thirds = sorted({math.ceil(costs[math.ceil(len(costs) * k / 3) - 1]) for k in (1, 2)})
        self.limits = {f"{limit} million operations": float(limit) for limit in thirds} | {ANY_COST: math.inf}

    def choice(self, needs: Sequence[str], labels: str, limit: str, heading: str) -> Choice:
        """The models that remain, and why the others do not, as `comparison.choose` finds them."""
        return choose(self.runs, needs, labels, self.limits[limit], self.criteria[heading])

    def sentence(self, found: Choice) -> str:
        """The answer in one or two sentences of plain text."""
        if not found.ranked:
            return "No model remains: every one of them lacks something. Ask for less, or read the reasons below."
        best, values, _ = found.ranked[0]
        level = [self.called(name) for name, _, worse in found.ranked[1:] if not worse]
        beside = f" Not clearly worse over seeds: {'; '.join(level)}." if level else ""
        return (
            f"{len(found.ranked)} of {len(self.runs)} models remain. By {found.criterion.heading} the first is "
            f"{self.called(best)} with {shown(values, found.criterion.digits)}.{beside}"
        )

    def rows(self, found: Choice) -> list[list[str]]:
        """What remains, ranked, and below it what is out and why: the headings, then a row a model, as plain text."""
        rows = [["rank", "model", found.criterion.heading, "against the first"]]
        for rank, (name, values, worse) in enumerate(found.ranked, 1):
            against = "" if rank == 1 else "worse in every run" if worse else "undecided"
            rows.append([str(rank), self.called(name), shown(values, found.criterion.digits), against])
        return rows + [["out", self.called(name), reason, ""] for name, reason in found.out.items()]


def model_chooser(runs: Runs, criteria: Sequence[Criterion] = ALL):
    """Boxes to tick for what is needed, and sliders for labels, cost and what matters most: an ipywidgets box.

    All by mouse, or by Tab, space and the arrow keys. Arguments as for `ModelChooser`.
    """
    import ipywidgets  # slow to import

    from course_utils.widgets.live import LOOK, Table, choice_slider

    chooser = ModelChooser(runs, criteria)
    wide = {**LOOK, "style": {"description_width": "170px"}}
    ticks = [
        ipywidgets.Checkbox(value=need == "sample", description=f"{need}: {does}", indent=False, layout=LOOK["layout"])
        for need, (does, _) in NEEDS.items()
    ]
    labels = choice_slider("labels there are", LABELS, value="all", **wide)
    limit = choice_slider("training, an image", list(chooser.limits), value=ANY_COST, **wide)
    heading = choice_slider("what matters most", list(chooser.criteria), **wide)

    def choice(*values) -> Choice:
        *ticked, labels, limit, heading = values
        wanted = [need for need, tick in zip(NEEDS, ticked, strict=True) if tick]
        return chooser.choice(wanted, labels, limit, heading)

    return Table(
        [*ticks, labels, limit, heading],
        lambda *values: chooser.rows(choice(*values)),
        lambda *values: chooser.sentence(choice(*values)),
        label="models that remain, and reasons against the others",
    )
