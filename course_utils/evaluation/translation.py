"""Digits drawn from outlines or striped digits, and the way back, against the true ones of test pairs (notebook 17)."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import attributes, judge, metrics, networks, stripes
from course_utils.datasets import Splits
from course_utils.evaluation.common import test_images
from course_utils.evaluation.images import image_quality
from course_utils.evaluation.style import seen_percent
from course_utils.methods import CycleGAN, L1Translator, Pix2Pix

NOISE = 0.1  # standard deviation of what is added to an image before it is translated
CHUNK = 1_000  # images that are translated at once


@torch.no_grad()
def drawn_digits(method: L1Translator | Pix2Pix | CycleGAN, data: Splits) -> dict[str, float]:
    """The digits x_hat drawn from the sources of the test images, against the true digits x.

    The sources are to the left of them: see `outlines.pairs`, `stripes.pairs`. Here all are called outlines.

    l1_error: the mean of |x - x_hat|, 1 from black to white. noisy_l1_error: drawn from outlines with Gaussian noise.
    other_l1_error: with the digit of another test image for x_hat, a translator that does not look at its outline.
    class_percent: in which the judge sees the right class; worst_class_percent: in the class where that is rarest.
    loops_percent: that have as many holes as the true digit, which the outline does not show. mean_loops: how many.
    test_...: the same of the true digits. And the `image_quality` of one half of the drawings against the other half of
    the digits; test_fid: of the true digits of both halves.
    """
    test = test_images(method, data)
    outlines, x = test.x.chunk(2, dim=3)
    x_hat = _in_parts(method.translate, outlines)
    classes = [test.y == k for k in test.y.unique()]
    loops, loops_hat = attributes.holes(x), attributes.holes(x_hat)
    one, other = torch.randperm(len(x), device=x.device).chunk(2)  # against their own digits they would be flattered
    return {
        "l1_error": _l1(x_hat, x),
        "noisy_l1_error": _l1(_in_parts(method.translate, _noisy(outlines)), x),
        "other_l1_error": _l1(x.roll(1, dims=0), x),
        "class_percent": seen_percent(x_hat, test.y),
        "worst_class_percent": min(seen_percent(x_hat[k], test.y[k]) for k in classes),
        "loops_percent": _percent(loops_hat == loops),
        "mean_loops": loops_hat.mean().item(),
        **image_quality(x[one], x_hat[other]),
        "test_class_percent": seen_percent(x, test.y),
        "test_mean_loops": loops.mean().item(),
        "test_fid": metrics.fid(judge.features(x[one]), judge.features(x[other])),
        "test_sharpness": metrics.sharpness(x).nanmean().item(),
        "parameters": networks.count_parameters(method),
    }


@torch.no_grad()
def drawn_both_ways(method: CycleGAN, data: Splits) -> dict[str, float]:
    """`drawn_digits`, and the outlines drawn of the test digits, and where both lead back to.

    outline_l1_error, other_outline_l1_error: as there, for outlines. outline_iou: pixels that are of the line (above
    1/2) in drawn and true outline, as a share of those that are in either.
    cycle_l1_error, cycle_class_percent, cycle_loops_percent: as there, of digits drawn from these outlines instead of
    the true ones. A drawn outline may hold what no true one does, hidden from the discriminator: rounded_cycle_...,
    from outlines in black and white as true ones are; noisy_cycle_...: from outlines with Gaussian noise.
    outline_cycle_l1_error: of outlines drawn of the drawn digits.
    """
    numbers = drawn_digits(method, data)
    test = test_images(method, data)
    outlines, x = test.x.chunk(2, dim=3)
    x_hat = _in_parts(method.translate, outlines)
    drawn, outlines_hat = (_in_parts(method.translate_back, digits) for digits in (x, x_hat))
    line, line_drawn = outlines > 0.5, drawn > 0.5
    numbers |= {
        "outline_l1_error": _l1(drawn, outlines),
        "other_outline_l1_error": _l1(outlines.roll(1, dims=0), outlines),
        "outline_iou": ((line & line_drawn).sum() / (line | line_drawn).sum()).item(),
        "outline_cycle_l1_error": _l1(outlines_hat, outlines),
    }
    for name, a in {"cycle": drawn, "rounded_cycle": drawn.round(), "noisy_cycle": _noisy(drawn)}.items():
        x_back = _in_parts(method.translate, a)
        numbers |= {
            f"{name}_l1_error": _l1(x_back, x),
            f"{name}_class_percent": seen_percent(x_back, test.y),
            f"{name}_loops_percent": _percent(attributes.holes(x_back) == attributes.holes(x)),
        }
    return numbers


@torch.no_grad()
def striped_both_ways(method: CycleGAN, data: Splits) -> dict[str, float]:
    """`drawn_digits` from striped digits (`stripes.pairs`), and digits drawn in stripes, and where both lead back to.

    source_class_percent: in which the judge sees the right class with the stripes. striped_fid: of the drawn stripes
    of one half of the test digits against the true ones of the other half; test_striped_fid: of the true ones of both.
    added_percent: how much of the ink of the drawn stripes lies where the digit has none.
    cycle_l1_error: of stripes drawn back from the drawn digits; digit_cycle_l1_error: of digits from drawn stripes.
    phase_error: how far the stripes that came back are from where they were, in periods. A plain digit does not say,
    so whoever knows must have been told by the drawn digit: rounded_phase_error and noisy_phase_error, from drawn
    digits in black and white or with Gaussian noise; plain_phase_error, from the true plain digits: 1/4, by chance.
    """
    numbers = drawn_digits(method, data)
    test = test_images(method, data)
    striped, x = test.x.chunk(2, dim=3)
    x_hat = _in_parts(method.translate, striped)
    drawn, again = (_in_parts(method.translate_back, digits) for digits in (x, x_hat))
    one, other = torch.randperm(len(x), device=x.device).chunk(2)
    numbers |= {
        "source_class_percent": seen_percent(striped, test.y),
        "striped_fid": metrics.fid(judge.features(striped[one]), judge.features(drawn[other])),
        "test_striped_fid": metrics.fid(judge.features(striped[one]), judge.features(striped[other])),
        "added_percent": 100 * ((drawn - x).clamp(min=0).sum() / drawn.sum().clamp(min=1e-6)).item(),
        "cycle_l1_error": _l1(again, striped),
        "digit_cycle_l1_error": _l1(_in_parts(method.translate, drawn), x),
        "phase_error": stripes.phase_error(stripes.phase(again), stripes.phase(striped)).mean().item(),
    }
    for name, digits in {"rounded": x_hat.round(), "noisy": _noisy(x_hat), "plain": x}.items():
        found = stripes.phase(_in_parts(method.translate_back, digits))
        numbers[f"{name}_phase_error"] = stripes.phase_error(found, stripes.phase(striped)).mean().item()
    return numbers


def _in_parts(translate: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return torch.cat([translate(part) for part in x.split(CHUNK)])


def _noisy(x: Tensor) -> Tensor:
    return x + NOISE * torch.randn_like(x)


def _l1(x_hat: Tensor, x: Tensor) -> float:
    return (x_hat - x).abs().mean().item()


def _percent(these: Tensor) -> float:
    return 100 * these.float().mean().item()
