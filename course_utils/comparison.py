"""Models beside each other, by what is stored of their runs: who is better, in what, and who cannot do it at all.

The table of notebook 16 and its model chooser share this. `Runs` are the numbers of several models: for each its
stored numbers by name, one entry a seed; a number that a model does not have is absent.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from statistics import fmean

from scipy.stats import rankdata

from course_utils import results

Runs = dict[str, dict[str, list[float]]]

# the recipes of notebook 16 without their "family_", and what to call them where room is scarce
FAMILY = {
    "autoencoder": "autoencoder",
    "denoising_autoencoder": "denoising AE",
    "vae": "VAE",
    "full_covariance_vae": "VAE, full covariance",
    "categorical_vae": "VAE, discrete code",
    "conditional_vae": "VAE, told the class",
    "m2_vae": "VAE, M2",
    "gan": "GAN",
    "conditional_gan": "GAN, told the class",
    "moment_matching": "moment matching",
    "aae": "AAE",
    "gaussian_aae": "AAE, Gaussian",
    "universal_aae": "AAE, universal",
    "labelled_aae": "AAE, ten Gaussians",
    "supervised_aae": "AAE, told the class",
    "semi_supervised_aae": "AAE, semi-supervised",
    "clustering_aae": "AAE, 16 clusters",
    "reduction_aae": "AAE, cluster heads",
    "vae_gan": "VAE/GAN",
}
# how many labels a model's training takes; those not named take none
LABELS = ("none", "100", "a fifth", "all")
LABELS_TAKEN = {
    "m2_vae": "100",
    "semi_supervised_aae": "100",
    "reduction_aae": "100",
    "labelled_aae": "a fifth",
    "conditional_vae": "all",
    "conditional_gan": "all",
    "supervised_aae": "all",
}
# models whose samples can be of a class that one asks for
CLASS_ON_REQUEST = tuple(LABELS_TAKEN)
N_CLASSES = 10
PLANE = "labelled_aae"  # the only model whose codes lie in the plane


@dataclass(frozen=True)
class Criterion:
    """A number by which models are compared: its heading, its name in the results, which end is good, digits shown."""

    heading: str
    number: str
    smaller: bool = True
    digits: int = 3

    def best(self, values: Collection[float]) -> float:
        """The best of these."""
        return min(values) if self.smaller else max(values)


CRITERIA = (
    Criterion("FID", "fid"),
    Criterion("precision, %", "precision_percent", smaller=False),
    Criterion("recall, %", "recall_percent", smaller=False),
    Criterion("bound of log p(x), nats", "bound_of_x", smaller=False, digits=4),
    Criterion("half squared error", "reconstruction_squared_error"),
    Criterion("class kept, %", "reconstruction_class_percent", smaller=False),
    Criterion("energy distance", "energy_distance"),
    Criterion("holes, %", "holes_percent"),
    Criterion("probe error, %", "probe_error_percent"),
    Criterion("training cost", "training_megaflops"),
)
# numbers that few models have, or that say nearly the same as one above
MORE_CRITERIA = (
    Criterion("KID", "kid"),
    Criterion("class asked for, %", "requested_class_percent", smaller=False),
    Criterion("class error, %", "class_error_percent"),
    Criterion("cost of a sample", "sample_megaflops"),
    Criterion("cost of a code", "encode_megaflops"),
)

# ---- reading ----------------------------------------------------------------------------------------------------


def read(names: Sequence[str] = tuple(FAMILY), mode: str = "default", prefix: str = "family_") -> Runs:
    """The stored numbers of the recipes ``prefix + name``, and from the 50-draw bound ``bound_of_x``: of log p(x).

    Models without a stored run are left out, and so is the energy distance of codes in the plane (see `why_not`).
    The bound of a model that is told the class is of log p(x|y); since log p(x) >= log p(x, y) = log p(x|y) + log p(y),
    and p(y) = 1/10, it is one of log p(x) less log 10.
    """
    runs: Runs = {}
    for name in names:
        stored = [run["numbers"] for run in results.load(prefix + name, mode)]
        if not stored:
            continue
        shared = set.intersection(*map(set, stored))
        runs[name] = {number: [run[number] for run in stored] for number in sorted(shared)}
        if name == PLANE:
            runs[name].pop("energy_distance", None)
        if "iwae_50_binarised" in shared:
            told = math.log(N_CLASSES) if name == "conditional_vae" else 0.0
            runs[name]["bound_of_x"] = [value - told for value in runs[name]["iwae_50_binarised"]]
    return runs


def shown(values: Sequence[float] | None, digits: int = 3) -> str:
    """ "mean ± standard deviation" of a number over seeds, as many as there are; "" for None."""
    if not values:
        return ""
    mean = fmean(values)
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else 0.0
    decimals = max(0, digits - 1 - (math.floor(math.log10(abs(mean))) if mean else 0))
    return f"{mean:,.{decimals}f}" + (f" ± {spread:,.{decimals}f}" if spread else "")


# ---- why a model has no such number -----------------------------------------------------------------------------

_NO_ENCODER = dict.fromkeys(("gan", "conditional_gan", "moment_matching"), "no encoder: images have no codes")
_AUTOENCODERS = ("autoencoder", "denoising_autoencoder")
_ONE_POINT = ("aae", "labelled_aae", "supervised_aae", "semi_supervised_aae", "clustering_aae", "reduction_aae")
_REASONS: dict[str, dict[str, str]] = {
    "samples": dict.fromkeys(_AUTOENCODERS, "no p(z): nothing says which codes to decode"),
    "bound": {
        **dict.fromkeys(_AUTOENCODERS, "no p(z) and no p(x, z): no density is defined"),
        **dict.fromkeys(
            _NO_ENCODER, "x is a function of z, which has no density; and nothing looks for the z of an image"
        ),
        **dict.fromkeys(_ONE_POINT, "the code is a single point: q has no density to divide by"),
        "gaussian_aae": "no likelihood is stated: squared error has one only once a variance is chosen",
        "universal_aae": "q can be drawn from, but its density cannot be computed",
        "vae_gan": "its likelihood is one of a discriminator's features, not of pixels",
    },
    "reconstruction": {
        **_NO_ENCODER,
        "denoising_autoencoder": "it is made for noisy images: bringing back clean ones is another task",
    },
    "codes": {
        **_NO_ENCODER,
        **dict.fromkeys(_AUTOENCODERS, "no prior that codes could follow"),
        "categorical_vae": "its codes are one-hot vectors, and this measures clouds",
    },
    "probe": _NO_ENCODER,
}
_REASONS["distance"] = {
    **_REASONS["codes"],
    PLANE: "its code has 2 numbers, those of the others 16: its distances are on another scale",
}
_GROUPS = {
    **dict.fromkeys(("fid", "kid", "precision_percent", "recall_percent", "inception_score"), "samples"),
    **dict.fromkeys(("judge_confidence_percent", "sharpness", "sample_megaflops"), "samples"),
    **dict.fromkeys(("bound_of_x", "iwae_50_binarised", "elbo_binarised"), "bound"),
    **dict.fromkeys(("reconstruction_squared_error", "reconstruction_class_percent"), "reconstruction"),
    **dict.fromkeys(("energy_distance", "energy_distance_of_prior"), "distance"),
    **dict.fromkeys(("holes_percent", "holes_percent_if_perfect"), "codes"),
    **dict.fromkeys(("probe_error_percent", "encode_megaflops"), "probe"),
}
_CAN_BE_ASKED = "it can be asked for a class, but was scored without"
_FOR_ALL: dict[str, Callable[[str], str]] = {
    "requested_class_percent": lambda name: (
        _CAN_BE_ASKED if name in ("labelled_aae", "semi_supervised_aae", "reduction_aae") else "it is not told a class"
    ),
    "class_error_percent": lambda name: "it names no class",
    "discriminator_probe_error_percent": lambda name: {
        "conditional_gan": "its discriminator takes the class together with the image",
        "vae_gan": "not measured: what its discriminator's layers see is in notebook 13",
    }.get(name, "no discriminator that sees images"),
}


def why_not(name: str, number: str) -> str:
    """Why this model of the family has no such number. Raises LookupError if no reason is known: it should have one."""
    if number in _FOR_ALL:
        return _FOR_ALL[number](name)
    reason = _REASONS.get(_GROUPS.get(number, ""), {}).get(name)
    if reason is None:
        raise LookupError(f"{name!r} has no number {number!r}, and no reason is known")
    return reason


# ---- who is better ----------------------------------------------------------------------------------------------


def better(a: Sequence[float], b: Sequence[float], smaller: bool = True) -> int:
    """1 if every run of a is better than every run of b, -1 the other way round, 0 if undecided.

    Undecided are overlapping runs, and any with fewer than two on a side. See `by_chance`.
    """
    if min(len(a), len(b)) < 2:
        return 0
    if not smaller:
        a, b = [-v for v in a], [-v for v in b]
    return (max(a) < min(b)) - (max(b) < min(a))


def by_chance(n: int, m: int) -> float:
    """How often `better` decides for one side or the other if n and m runs come from one distribution."""
    return 2 / math.comb(n + m, n)


def ranks(values: dict[str, float], smaller: bool = True) -> dict[str, float]:
    """1 for the best; equal ones share the mean of their ranks."""
    return dict(zip(values, rankdata([v if smaller else -v for v in values.values()]).tolist(), strict=True))


def unbeaten(points: dict[str, Sequence[float | None]], smaller: Sequence[bool]) -> list[str]:
    """The names that no other beats: it would have to be as good in every number, and better in one.

    None, a number that cannot be had, counts as worse than all others.
    """
    as_costs = {
        name: [math.inf if v is None else (v if s else -v) for v, s in zip(values, smaller, strict=True)]
        for name, values in points.items()
    }
    return [name for name, own in as_costs.items() if not any(_beats(other, own) for other in as_costs.values())]


def _beats(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))


# ---- which one to take ------------------------------------------------------------------------------------------

# what one may need: (what it is, whether a model of that name with these numbers does it)
NEEDS: dict[str, tuple[str, Callable[[str, dict[str, list[float]]], bool]]] = {
    "sample": ("draws new images", lambda _, numbers: numbers["can_sample"][0] > 0),
    "encode": ("gives images a code", lambda _, numbers: numbers["can_encode"][0] > 0),
    "bound": ("bounds log p(x)", lambda _, numbers: numbers["can_bound"][0] > 0),
    "class on request": ("draws a class that one asks for", lambda name, _: name in CLASS_ON_REQUEST),
    "names the class": ("says which class an image is", lambda _, numbers: "class_error_percent" in numbers),
}


@dataclass(frozen=True)
class Choice:
    """What `choose` found: the models that remain, the best first, and the reason why each of the others is out.

    ranked: (name, the criterion's value for each run, whether it is clearly worse than the first).
    """

    criterion: Criterion
    ranked: list[tuple[str, list[float], bool]]
    out: dict[str, str]


def choose(
    runs: Runs, needs: Collection[str], labels: str = "all", most_megaflops: float = math.inf, criterion=CRITERIA[0]
) -> Choice:
    """The models that do all that is needed (of `NEEDS`), ordered by a criterion.

    labels: how many there are, one of `LABELS`. most_megaflops: the most that training may cost an image.
    Raises ValueError for an unknown need or an unknown amount of labels.
    """
    if unknown := set(needs) - set(NEEDS):
        raise ValueError(f"unknown needs {sorted(unknown)}: use {', '.join(NEEDS)}")
    if labels not in LABELS:
        raise ValueError(f"unknown labels {labels!r}: use one of {', '.join(LABELS)}")
    out = {name: _obstacle(name, runs[name], needs, labels, most_megaflops, criterion) for name in runs}
    remain = {name: runs[name][criterion.number] for name, reason in out.items() if not reason}
    order = sorted(remain, key=lambda name: fmean(remain[name]), reverse=not criterion.smaller)
    ranked = [(name, remain[name], better(remain[order[0]], remain[name], criterion.smaller) > 0) for name in order]
    return Choice(criterion, ranked, {name: reason for name, reason in out.items() if reason})


def _obstacle(name: str, numbers: dict[str, list[float]], needs, labels, most_megaflops, criterion) -> str:
    """The first reason against this model, or ""."""
    for need in NEEDS:  # in their order, whatever that of `needs`
        does, able = NEEDS[need]
        if need in needs and not able(name, numbers):
            return f"not a model that {does}"
    taken = LABELS_TAKEN.get(name, "none")
    if LABELS.index(taken) > LABELS.index(labels):
        return f"takes {taken} of the labels" if taken != "100" else "takes 100 labels"
    cost = fmean(numbers["training_megaflops"])
    if cost > most_megaflops:
        return f"training costs {cost:.0f} million operations an image"
    return "" if criterion.number in numbers else why_not(name, criterion.number)
