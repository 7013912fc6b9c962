"""What the recipes are measured by: functions of (method, data) that return named numbers.

They score the test images once, after training; nothing is chosen by these numbers.
"""

import numpy as np
import torch
from torch import Tensor

from course_utils import attributes, judge, losses, metrics, networks
from course_utils.datasets import Images, Splits
from course_utils.distributions import Distribution, GaussianMixture
from course_utils.methods import GAN, VAE, Classifier, ConditionalGAN, Method, SemiSupervisedAAE, SupervisedAAE


def test_images(method: Method, data: Splits):
    """The test images, on the method's device."""
    return data.test.to(next(method.parameters()).device)


def classifier(method: Classifier, data: Splits) -> dict[str, float]:
    """Test error of a classifier, in percent."""
    return {"test_error_percent": _error_percent(method, test_images(method, data))}


N_TEST_CODES = 2_000  # codes on each side of the two-sample test: its memory grows with their square
HOLES_K = 7
N_IMAGES = 1_000  # images where each takes many passes
N_PARZEN = 10_000  # samples under the window (Goodfellow et al. 2014, section 5; AAE section 3)
PARZEN_WIDTHS = tuple(np.logspace(-1, 0, 10).tolist())  # in units of the pixel range


@torch.no_grad()
def codes(method: Method, data: Splits) -> dict[str, float]:
    """How well the codes of the test images match ``method.prior``, and what the decoder makes of them.

    One code z ~ q(z|x) an image is drawn (of a stochastic encoder; a deterministic one has no choice), since it is
    their distribution q(z) that has to equal the prior, not that of the posterior means.

    energy_distance, energy_p_value, mmd2: `metrics.two_sample_test` and `losses.mmd2` of 2,000 codes (or all, if
    fewer) against as many samples of the prior. holes_percent: `metrics.holes` of all codes, and
    holes_percent_if_perfect its value for q(z) = p(z). code_std: the standard deviation of a code entry, root mean
    square over the entries. reconstruction_squared_error: half the squared error an image of decoding z.
    """
    x = test_images(method, data).x
    z = method.encoder.sample(x)
    some = random_subset(z, N_TEST_CODES)
    p = method.prior.sample(len(some))
    energy = metrics.two_sample_test(some, p)
    return {
        "energy_distance": energy.statistic,
        "energy_p_value": energy.p_value,
        "mmd2": losses.mmd2(some, p).item(),
        "holes_percent": 100 * metrics.holes(z, method.prior, k=HOLES_K),
        "holes_percent_if_perfect": 100 * 2**-HOLES_K,
        "code_std": z.var(0).mean().sqrt().item(),
        "reconstruction_squared_error": losses.squared_error(method.decoder(z), x).item(),
    }


@torch.no_grad()
def likelihood(method: VAE, data: Splits) -> dict[str, float]:
    """ELBO and IWAE bound (50 draws) of 1,000 random test images (or all, if fewer), means in nats an image.

    elbo, iwae_50: of the images as they are. With a Bernoulli likelihood their grey values stand for
    probabilities of ink, and with a Gaussian one the bound is on a density of pixel values, so neither compares with
    the numbers of papers. For a Bernoulli likelihood there are therefore also elbo_binarised and iwae_50_binarised,
    of the same images with each pixel drawn once as 0 or 1: that is a log-probability like the published ones
    (Burda et al. 2016, section 5), though of a model that may have been trained on grey values.
    """
    x = random_subset(test_images(method, data).x, N_IMAGES)
    numbers = bounds(method, x)
    if method.likelihood == "bernoulli":
        numbers |= {f"{name}_binarised": value for name, value in bounds(method, torch.bernoulli(x)).items()}
    return numbers


def bounds(vae: Method, x: Tensor) -> dict[str, float]:
    """ELBO and IWAE bound (50 draws) of images x (B, ...), means in nats an image; ``vae.log_weight`` gives both."""
    # the ELBO of one draw an image is noisy: take the mean of ten
    elbo = torch.stack([metrics.iwae_bound(vae, x, k=1) for _ in range(10)])
    return {"elbo": elbo.mean().item(), "iwae_50": metrics.iwae_bound(vae, x, k=50).mean().item()}


@torch.no_grad()
def parzen(method: Method, data: Splits) -> dict[str, float]:
    """Parzen-window log-likelihood of the test images under 10,000 samples of the model, in nats an image.

    The protocol of Goodfellow et al. 2014, section 5, and of table 1 of the AAE paper: the width of the window is
    chosen on (1,000) validation images, and the standard error is over the test images.
    """
    test = test_images(method, data).x
    samples = torch.cat([method.sample(1_000) for _ in range(N_PARZEN // 1_000)])
    validation = random_subset(data.validation.x.to(test.device), N_IMAGES)
    width = metrics.choose_parzen_width(samples, validation, PARZEN_WIDTHS)
    log_density = metrics.parzen_log_likelihood(samples, test, width)
    return {
        "parzen_log_likelihood": log_density.mean().item(),
        "parzen_standard_error": (log_density.std() / len(test) ** 0.5).item(),
        "parzen_width": width,
    }


N_SAMPLES = 5_000  # images on each side of a comparison of samples with data


@torch.no_grad()
def image_quality(real: Tensor, fake: Tensor) -> dict[str, float]:
    """How well images fake (M, 1, 28, 28) match images real (N, 1, 28, 28), by the features of the `judge`.

    fid, kid, precision_percent, recall_percent, inception_score: see `metrics`; they depend on N and M, so compare
    only equal ones. judge_confidence_percent: the mean probability of the judge's first choice, of fake. sharpness:
    mean over fake, without images that are all black.
    """
    real_features, fake_features = judge.features(real), judge.features(fake)
    covered = metrics.precision_recall(real_features, fake_features)
    probabilities = judge.probabilities(fake)
    return {
        "fid": metrics.fid(real_features, fake_features),
        "kid": metrics.kid(real_features, fake_features),
        "precision_percent": 100 * covered.precision,
        "recall_percent": 100 * covered.recall,
        "inception_score": metrics.inception_score(probabilities),
        "judge_confidence_percent": 100 * probabilities.max(1).values.mean().item(),
        "sharpness": metrics.sharpness(fake).nanmean().item(),
    }


@torch.no_grad()
def images(method: Method, data: Splits) -> dict[str, float]:
    """`image_quality` of 5,000 samples against as many random test images (or all, if there are fewer).

    fid_of_training_images: what as many random training images score, a model that copies: nobody needs to be better.
    """
    real = random_subset(test_images(method, data).x, N_SAMPLES)
    return {
        **image_quality(real, method.sample(len(real))),
        "fid_of_training_images": _copying(real, data),
        "parameters": networks.count_parameters(method),
    }


def _copying(real: Tensor, data: Splits) -> float:
    return metrics.fid(judge.features(real), judge.features(random_subset(data.train.x, len(real))))


@torch.no_grad()
def image_game(method: GAN, data: Splits) -> dict[str, float]:
    """`images`, and where the game stands, on 5,000 test images and samples in eval mode."""
    real = random_subset(test_images(method, data).x, N_SAMPLES)
    return {**images(method, data), **_game(method.discriminator(real), method.discriminator(method.sample(len(real))))}


@torch.no_grad()
def class_images(method: ConditionalGAN, data: Splits) -> dict[str, float]:
    """`image_quality` of one sample for the class of each of 5,000 test images, and whether the judge sees the class.

    requested_class_percent: samples that the judge takes for the class asked for. real_class_percent: the same of the
    test images, the most one can hope for.
    """
    test = test_images(method, data)
    chosen = torch.randperm(len(test), device=test.y.device)[:N_SAMPLES]
    real, y = test.x[chosen], test.y[chosen]
    fake = method.sample(y)
    seen, seen_real = (judge.probabilities(x).argmax(1) == y.cpu() for x in (fake, real))
    return {
        **image_quality(real, fake),
        "fid_of_training_images": _copying(real, data),
        "requested_class_percent": 100 * seen.float().mean().item(),
        "real_class_percent": 100 * seen_real.float().mean().item(),
        "parameters": networks.count_parameters(method),
    }


@torch.no_grad()
def images_and_bound(method: VAE, data: Splits) -> dict[str, float]:
    """`images` and `likelihood`, and of the test images decoded from their mean code error and sharpness."""
    x = test_images(method, data).x
    x_hat = method.reconstruct(x)
    return {
        **images(method, data),
        **likelihood(method, data),
        "reconstruction_squared_error": losses.squared_error(x_hat, x).item(),
        "reconstruction_sharpness": metrics.sharpness(x_hat).nanmean().item(),
    }


N_POINTS = 2_000  # samples on each side for points in the plane


def points(method: Method, n: int) -> Tensor:
    """n samples of a model of points (n, dim): of a VAE with the noise of its Gaussian likelihood, not the means."""
    samples = method.sample(n)
    return samples + method.std * torch.randn_like(samples) if isinstance(method, VAE) else samples


@torch.no_grad()
def ring(method: Method, data: GaussianMixture) -> dict[str, float]:
    """How well 2,000 samples match a mixture of Gaussians: modes covered, share near a mode, energy distance."""
    samples = points(method, N_POINTS)
    modes = metrics.modes_covered(samples, data)
    return {
        "modes_covered": modes.covered,
        "high_quality_percent": 100 * modes.high_quality,
        "energy_distance": metrics.energy_distance(samples, data.sample(N_POINTS)),
    }


@torch.no_grad()
def ring_game(method: GAN, data: GaussianMixture) -> dict[str, float]:
    """`ring`, and where the game stands on as many fresh points: both losses, and how often D is right."""
    real, fake = (method.discriminator(x) for x in (data.sample(N_POINTS), method.sample(N_POINTS)))
    return {**ring(method, data), **_game(real, fake)}


def _game(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Both losses, and how often D is right, from its logits."""
    right = torch.cat([real > 0, fake < 0]).float().mean()
    return {
        "discriminator_loss": losses.discriminator_loss(real, fake).item(),
        "generator_loss": losses.generator_loss(fake).item(),
        "discriminator_accuracy_percent": 100 * right.item(),
    }


def random_subset(x: Tensor, n: int) -> Tensor:
    """n random rows of x, or all if there are fewer. Not the first n: MNIST's first test images are the easier ones."""
    return x[torch.randperm(len(x), device=x.device)[:n]]


# ---- parts of a prior imposed by labels (notebook 08) -----------------------------------------------------------

FIRST = 3  # the AAE paper shows the first three components of the mixture (figure 4b)
N_PLACES = 15  # percentiles of each axis of a component
N_STEPS = 60  # steps of the walk through each part of the roll


@torch.no_grad()
def parts(method: Method, data: Splits) -> dict[str, float]:
    """`codes`, and whether the codes of each class lie in the part of ``method.prior`` that belongs to the class.

    own_part_percent: test images whose code lies in their class's part (``prior.component``), and own_part_percent_of_K
    the same of class K alone. matched_part_percent: `metrics.matched_share`, for methods that saw no labels.
    part_energy_distance: energy distance of the codes of a class to its part, mean over the classes.
    part_read_percent: of 5,000 codes drawn from the parts, those that decode to what the `judge` takes for their class.
    """
    test, prior = test_images(method, data), method.prior
    z = method.encoder.sample(test.x)
    found, classes = prior.component(z), range(prior.n_classes)
    own = 100 * (found == test.y).float()
    y = torch.randint(prior.n_classes, (N_SAMPLES,), device=z.device)
    read = judge.probabilities(method.decoder(prior.sample(N_SAMPLES, y))).argmax(1)
    return {
        **codes(method, data),
        "own_part_percent": own.mean().item(),
        **{f"own_part_percent_of_{k}": own[test.y == k].mean().item() for k in classes},
        "matched_part_percent": 100 * metrics.matched_share(found, test.y, prior.n_classes),
        "part_energy_distance": sum(_to_part(z[test.y == k], prior, k) for k in classes) / prior.n_classes,
        "part_read_percent": 100 * (read == y.cpu()).float().mean().item(),
    }


def _to_part(z: Tensor, prior: Distribution, k: int) -> float:
    some = random_subset(z, N_TEST_CODES)
    return metrics.energy_distance(some, prior.sample(len(some), torch.full((len(some),), k, device=z.device)))


@torch.no_grad()
def mixture_parts(method: Method, data: Splits) -> dict[str, float]:
    """`parts`, and whether the same place in different components of a 2-D mixture has the same style.

    Images are decoded at percentiles of both axes of each component. slant_agreement, thickness_agreement:
    `metrics.field_agreement` of what is measured there, over the first three components; slant_agreement_of_all, ...:
    over all. Each with its ..._if_reflected.
    """
    prior = method.prior
    w = torch.special.ndtri(torch.linspace(0.05, 0.95, N_PLACES, device=prior.means.device))
    places = torch.cartesian_prod(w, w)
    labels = torch.arange(prior.n_classes, device=w.device).repeat_interleave(len(places))
    x = method.decoder(prior.at(places.repeat(prior.n_classes, 1), labels))
    numbers = parts(method, data)
    for name in ("slant", "thickness"):
        fields = attributes.ATTRIBUTES[name](x).view(prior.n_classes, N_PLACES, N_PLACES)
        for among, some in (("", fields[:FIRST]), ("_of_all", fields)):
            numbers |= _agreement(f"{name}_agreement{among}", some)
    return numbers


@torch.no_grad()
def roll_parts(method: Method, data: Splits) -> dict[str, float]:
    """`parts`, and what a walk along a swiss roll meets: classes in order, and a style in each class's part.

    walk_read_percent: images along the roll that the `judge` takes for the class whose part it is. walk_classes: parts
    in which it takes most for that class. slant_agreement, thickness_agreement (and ..._if_reflected):
    `metrics.field_agreement` of the parts, each from its start to its end. upright_inside: parts whose images are, in
    the mean, more upright (smaller size of the slant) in the middle fifth than in the first and in the last.
    """
    prior = method.prior
    steps = (torch.arange(prior.n_classes * N_STEPS, device=prior._origin.device) + 0.5) / N_STEPS
    x = method.decoder(prior.at(steps / prior.n_classes))
    read = judge.probabilities(x).argmax(1).view(prior.n_classes, N_STEPS)
    right = read == torch.arange(prior.n_classes)[:, None]
    slant = attributes.slant(x).view(prior.n_classes, N_STEPS)
    return {
        **parts(method, data),
        "walk_read_percent": 100 * right.float().mean().item(),
        "walk_classes": (right.float().mean(1) > 0.5).sum().item(),
        **_agreement("slant_agreement", slant),
        **_agreement("thickness_agreement", attributes.thickness(x).view(prior.n_classes, N_STEPS)),
        "upright_inside": metrics.smaller_inside(slant.abs()),
    }


def _agreement(name: str, fields: Tensor) -> dict[str, float]:
    found = metrics.field_agreement(fields)
    return {name: found.correlation, f"{name}_if_reflected": found.reflected}


def _error_percent(method: Method, images: Images) -> float:
    """Share of images whose most probable class is wrong, in percent; `images` on the method's device."""
    wrong = torch.cat([method.logits(x).argmax(1) for x in images.x.split(1_000)]) != images.y
    return 100 * wrong.float().mean().item()


@torch.no_grad()
def validation_error(method: Method, data: Splits) -> dict[str, float]:
    """Error of a classifier on the validation images, in percent: what settings are chosen by, and learning curves."""
    where = next(method.parameters()).device
    return {"validation_error_percent": _error_percent(method, data.validation.to(where))}


@torch.no_grad()
def semi_supervised(method: SemiSupervisedAAE, data: Splits) -> dict[str, float]:
    """Test error of the class part of the code, and what both parts look like on the test images.

    confidence_percent: mean of max q(y|x). class_balance: the entropy of the mean of q(y|x) over that of a uniform
    distribution, 1 if all classes are used alike. style_energy_distance: of 2,000 styles to their prior.
    reconstruction_squared_error: half the squared error an image.
    """
    test = test_images(method, data)
    y = method.probabilities(test.x)
    z = random_subset(method.encode(test.x), N_TEST_CODES)
    entropy = torch.special.entr(y.mean(0)).sum() / np.log(y.shape[1])
    return {
        "test_error_percent": _error_percent(method, test),
        **validation_error(method, data),
        "confidence_percent": 100 * y.max(1).values.mean().item(),
        "class_balance": entropy.item(),
        "style_energy_distance": metrics.energy_distance(z, method.prior.sample(len(z))),
        "reconstruction_squared_error": losses.squared_error(method.reconstruct(test.x), test.x).item(),
        "parameters": networks.count_parameters(method),
    }


STYLE = ("slant", "thickness", "width", "height")  # attributes of how a digit is written, whichever it is
N_TRANSFERRED = 1_000  # images that are drawn again in every class


@torch.no_grad()
def style(method: Method, data: Splits) -> dict[str, float]:
    """What the codes z of the test images hold of the class, and of the style as `attributes` measure it.

    read_linearly_percent, read_by_neighbours_percent, read_by_network_percent, class_bits: how well the class is read
    from z (`metrics.class_probe`, `metrics.network_probe`), chance_percent: naming the most frequent class always.
    slant_r2 and so on: the share of the variance that a ridge regression on z explains; slant_r2_within_classes:
    within the classes (`metrics.style_probe`), so that knowing the class does not help.
    """
    test = test_images(method, data)
    z = method.encode(test.x)
    read, network = metrics.class_probe(z, test.y), metrics.network_probe(z, test.y)
    numbers = {
        "chance_percent": 100 * read.chance,
        "read_linearly_percent": 100 * read.linear,
        "read_by_neighbours_percent": 100 * read.neighbours,
        "read_by_network_percent": 100 * network.accuracy,
        "class_bits": network.bits,
    }
    for name in STYLE:
        measured = attributes.ATTRIBUTES[name](test.x)
        numbers[f"{name}_r2"] = metrics.style_probe(z, measured, torch.zeros_like(test.y))
        numbers[f"{name}_r2_within_classes"] = metrics.style_probe(z, measured, test.y)
    return numbers


@torch.no_grad()
def style_and_content(method: SupervisedAAE, data: Splits) -> dict[str, float]:
    """`style`, and what becomes of 1,000 test images that are drawn again in every class.

    transferred_class_percent: the drawings that the judge takes for the class asked for. slant_kept and so on: how
    far their attribute goes with that of the source (`metrics.kept`), 1 if entirely. requested_class_percent: the
    same share of samples, z from the prior. reconstruction_squared_error: half the squared error an image, in its
    own class.
    """
    test = test_images(method, data)
    chosen = torch.randperm(len(test), device=test.y.device)[:N_TRANSFERRED]
    x, y = test.x[chosen], test.y[chosen]
    drawn = in_every_class(method, method.encode(x), data.n_classes)  # (N, K, C, H, W)
    asked = torch.arange(data.n_classes, device=y.device)
    numbers = {
        "transferred_class_percent": seen_percent(drawn.flatten(0, 1), asked.repeat(len(x))),
        "requested_class_percent": seen_percent(method.sample(asked.repeat(100)), asked.repeat(100)),
        "reconstruction_squared_error": losses.squared_error(method.reconstruct(test.x, test.y), test.x).item(),
    }
    for name in STYLE:
        measure = attributes.ATTRIBUTES[name]
        of_drawn = measure(drawn.flatten(0, 1)).unflatten(0, drawn.shape[:2])
        numbers[f"{name}_kept"] = metrics.kept(measure(x), y, of_drawn)
    return {**style(method, data), **numbers}


def in_every_class(method: Method, z: Tensor, n_classes: int = 10) -> Tensor:
    """Styles z (S, latent_dim), each drawn in every class: images (S, n_classes, C, H, W)."""
    y = torch.arange(n_classes, device=z.device).repeat(len(z))
    return method.decode(z.repeat_interleave(n_classes, 0), y).unflatten(0, (len(z), n_classes))


def seen_percent(x: Tensor, y: Tensor) -> float:
    """Of images x (N, 1, 28, 28) with classes y (N,) asked for, the share in which the judge sees that class."""
    return 100 * (judge.probabilities(x).argmax(1) == y.cpu()).float().mean().item()


N_POSTERIORS, N_DRAWS = 500, 300  # images whose q(z|x) is looked at, and codes drawn from each
STEP = 0.05  # the length, in code units, over which the slope of a decoder is taken


@torch.no_grad()
def draws(encoder: torch.nn.Module, x: Tensor, n: int = N_DRAWS) -> Tensor:
    """n codes z ~ q(z|x) of each image x (B, ...): clouds (B, n, latent_dim), for `metrics.normality_test`."""
    return torch.stack([encoder.sample(x) for _ in range(n)], dim=1)


@torch.no_grad()
def posteriors(method: Method, data: Splits) -> dict[str, float]:
    """`codes`, the shape of q(z|x) of 500 random test images from 300 draws each, and what the decoder makes of it.

    posterior_width_percent: the standard deviation of the codes of one image in percent of that of all codes, root
    mean square over images and entries; 0 for a point. Where there is a width, also what `metrics.normality_test`
    says: non_gaussian_percent, the share of images with p <= 0.05 (of true Gaussians: 5 %); gaussian_distance, the
    median over images, and gaussian_distance_top, what the most extreme twentieth of them exceeds.
    clear_percent: samples of the model to one class of which the `judge` gives at least 90 %. slope: by how much an
    image changes (root of the summed squared differences) per unit of the code, at samples of the prior.
    """
    x = random_subset(test_images(method, data).x, N_POSTERIORS)
    clouds = draws(method.encoder, x)
    samples = method.sample(N_TEST_CODES)
    numbers = codes(method, data)
    offsets = clouds - clouds[:, :1]  # exactly zero for a point, where a mean of equal numbers may be rounded
    width = offsets.var(1).mean().sqrt().item() / numbers["code_std"]
    numbers |= {
        "posterior_width_percent": 100 * width,
        "clear_percent": 100 * (judge.probabilities(samples).max(1).values >= 0.9).float().mean().item(),
        "slope": slope(method.decoder, method.prior.sample(N_TEST_CODES)),
        "encoder_parameters": networks.count_parameters(method.encoder),
    }
    return numbers | (normality(clouds) if width else {})


def normality(clouds: Tensor) -> dict[str, float]:
    """What `metrics.normality_test` says of clouds (B, n, d), over all of them."""
    test = metrics.normality_test(clouds)
    return {
        "non_gaussian_percent": 100 * (test.p_value <= 0.05).double().mean().item(),
        "gaussian_distance": test.statistic.median().item(),
        "gaussian_distance_top": test.statistic.quantile(0.95).item(),
    }


@torch.no_grad()
def slope(decoder: torch.nn.Module, z: Tensor) -> float:
    """The mean change of the decoded image for a step of `STEP` in a random direction from each z (B, d), per unit."""
    direction = torch.nn.functional.normalize(torch.randn_like(z), dim=1)
    change = (decoder(z + STEP * direction) - decoder(z)).flatten(1).norm(dim=1)
    return change.mean().item() / STEP
