"""Images drawn for captions: do they show the digit and the stroke, and what does a second stage add? (notebook 17)"""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import judge, metrics, networks, strokes
from course_utils.datasets import Splits
from course_utils.evaluation.common import N_SAMPLES, test_images
from course_utils.evaluation.images import image_quality
from course_utils.methods import StackGAN


@torch.no_grad()
def captioned_images(method: StackGAN, data: Splits) -> dict[str, float]:
    """One image for the caption of each of 5,000 test images; small ones are enlarged to their size first.

    digit_percent, stroke_percent, caption_percent: of these images, what `obeyed` finds. test_...: of the test images
    themselves. And the `image_quality` of the images. kl: what the conditions tell of their caption, in nats.
    Of a stage that draws small images also shrunk_...: of the test images, shrunk and enlarged again, what `obeyed`
    finds and their fid: no small image can be expected to do better. Raises ValueError for data without captions.
    """
    real, asked = _chosen(method, data)
    cuts = strokes.bounds(data.train.x, len(strokes.WORDS))
    fake = enlarged(method.sample(asked), real)
    numbers = {
        **obeyed(asked, fake, cuts),
        **_named("test_", obeyed(asked, real, cuts)),
        **image_quality(real, fake),
        "kl": method.draw(method.start(asked), asked)[1].item(),
        "parameters": networks.count_parameters(method),
    }
    side = method.generator.out_shape[1:]
    if side == real.shape[2:]:
        return numbers
    shrunk = enlarged(F.adaptive_avg_pool2d(real, side), real)
    fid = metrics.fid(judge.features(real), judge.features(shrunk))
    return {**numbers, **_named("shrunk_", {**obeyed(asked, shrunk, cuts), "fid": fid})}


@torch.no_grad()
def stacked_images(method: StackGAN, data: Splits) -> dict[str, float]:
    """`captioned_images` of a second stage, and what it made of its sketches, the images of the stage below.

    sketch_...: what `obeyed` finds in the sketches, enlarged, and their fid. repaired_percent: of the sketches whose
    digit is wrong, those whose final image shows the right one. spoiled_percent: of those right, those it makes wrong.
    sketch_correlation: of the pixels of final images, shrunk, with those of their sketches; other_sketch_correlation:
    with other sketches of the same caption: what is above it is what the second stage keeps of its own sketch.
    contradicted_sketch_percent, contradicted_caption_percent: given the sketch of one caption and the words of another
    with another digit, the images in which the judge sees the digit of the sketch, or that of the caption.
    """
    real, asked = _chosen(method, data)
    cuts = strokes.bounds(data.train.x, len(strokes.WORDS))
    sketches, others = (method.start(asked) for _ in range(2))
    final, _ = method.draw(sketches, asked)
    large = enlarged(sketches, real)
    digit = asked[:, : strokes.N_CLASSES].argmax(1).cpu()
    before, after = (_digits(x) == digit for x in (large, final))
    small = F.adaptive_avg_pool2d(final, sketches.shape[2:])
    contradicting = asked.roll(1, dims=0)
    told = digit.roll(1)
    seen = _digits(method.draw(sketches, contradicting)[0])
    odd = told != digit  # captions whose digit is the same do not contradict
    return {
        **captioned_images(method, data),
        **_named("sketch_", obeyed(asked, large, cuts)),
        "sketch_fid": metrics.fid(judge.features(real), judge.features(large)),
        "repaired_percent": _percent(after[~before]),
        "spoiled_percent": _percent(~after[before]),
        "sketch_correlation": _correlation(small, sketches),
        "other_sketch_correlation": _correlation(small, others),
        "contradicted_sketch_percent": _percent((seen == digit)[odd]),
        "contradicted_caption_percent": _percent((seen == told)[odd]),
    }


@torch.no_grad()
def obeyed(asked: Tensor, x: Tensor, cuts: Tensor) -> dict[str, float]:
    """Of images x (N, 1, 28, 28) the percent that show their caption, asked (N, 13): digit, stroke, both.

    The digit by the `judge`, the stroke by the ruler: its thickness lies in the class (`strokes.classes`) asked for.
    """
    digit, stroke = (part.argmax(1).cpu() for part in asked.split([strokes.N_CLASSES, len(strokes.WORDS)], dim=1))
    digit_shown, stroke_shown = _digits(x) == digit, strokes.classes(x, cuts).cpu() == stroke
    return {
        "digit_percent": _percent(digit_shown),
        "stroke_percent": _percent(stroke_shown),
        "caption_percent": _percent(digit_shown & stroke_shown),
    }


def enlarged(x: Tensor, like: Tensor) -> Tensor:
    """Images x (N, C, h, w) in the size of images `like` (M, C, H, W), between pixels by bilinear interpolation."""
    return x if x.shape[2:] == like.shape[2:] else F.interpolate(x, like.shape[2:], mode="bilinear")


def _chosen(method: StackGAN, data: Splits) -> tuple[Tensor, Tensor]:
    """Random test images, and their captions."""
    test = test_images(method, data)
    if test.attributes is None:
        raise ValueError("these images have no captions: strokes.attach_captions(data) makes some")
    index = torch.randperm(len(test), device=test.y.device)[:N_SAMPLES]
    return test.x[index], test.attributes[index]


def _digits(x: Tensor) -> Tensor:
    return judge.probabilities(x).argmax(1)


def _percent(which: Tensor) -> float:
    """0 of no images at all: there is no file for a result that is not a number."""
    return 100 * which.float().mean().nan_to_num(0.0).item()


def _correlation(a: Tensor, b: Tensor) -> float:
    """The mean over the images of the correlation of their pixels."""
    a, b = (x.flatten(1) - x.flatten(1).mean(1, keepdim=True) for x in (a, b))
    return F.cosine_similarity(a, b).mean().item()


def _named(prefix: str, numbers: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}{name}": number for name, number in numbers.items()}
