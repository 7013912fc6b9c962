"""Losses, each with its formula above the line that computes it.

Reductions: sum over the entries of one example (pixels, latent dimensions), mean over the batch. The sum matters:
a mean over 784 pixels makes the reconstruction 784 times weaker against every other loss.
Logits are unbounded discriminator outputs (B,); sigmoid(logits) is the probability of "real".
Number formats: each loss computes in that of its inputs, float32 (which networks return even under autocast) or
float64. In float16 or bfloat16 nothing is converted in silence either: sums over pixels keep two or three digits.
Inputs of shapes that do not fit raise ValueError; nothing is broadcast.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def _same_shape(a: Tensor, b: Tensor, names: str) -> None:
    # broadcasting (B, 1) against (B,) would silently compare every example with every other
    if a.shape != b.shape:
        raise ValueError(f"{names} must have the same shape, got {tuple(a.shape)} and {tuple(b.shape)}")
    if a.ndim < 2:
        raise ValueError(f"{names} must have shape (B, ...), one row an example, got {tuple(a.shape)}")


def squared_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Half the squared error, summed over each example, mean over the batch.

    The negative log of a Gaussian likelihood with identity covariance, less its constant (`gaussian_nll`).
    """
    _same_shape(x_hat, x, "x_hat and x")
    # 1/2 ||x - x_hat||^2
    return 0.5 * (x_hat - x).square().flatten(1).sum(1).mean()


def gaussian_log_prob(x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log N(x; mu, diag exp(logvar)) of each example, in nats, (B,)."""
    _same_shape(x, mu, "x and mu")
    _same_shape(mu, logvar, "mu and logvar")
    # -1/2 sum_i [(x_i - mu_i)^2 / sigma_i^2 + log sigma_i^2 + log 2 pi]
    return -0.5 * ((x - mu).square() / logvar.exp() + logvar + math.log(2 * math.pi)).flatten(1).sum(1)


def bernoulli_log_prob(x: Tensor, logits: Tensor) -> Tensor:
    """log Bernoulli(x; sigmoid(logits)) of each example, in nats, (B,); x in [0, 1]."""
    _same_shape(logits, x, "logits and x")
    # sum_i [x_i log s_i + (1 - x_i) log(1 - s_i)],  s = sigmoid(logits)
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


def gaussian_nll(x_hat: Tensor, x: Tensor, std: float = 1.0) -> Tensor:
    """-log N(x; x_hat, std^2 I), in nats an example (Kingma and Welling 2014, appendix C.2)."""
    _same_shape(x_hat, x, "x_hat and x")
    if std <= 0:
        raise ValueError(f"std must be positive, got {std}")
    # ||x - x_hat||^2 / (2 std^2) + n/2 log(2 pi std^2),  n the number of pixels
    return -gaussian_log_prob(x, x_hat, torch.full_like(x, 2 * math.log(std))).mean()


def bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """-log Bernoulli(x; sigmoid(logits)), in nats an example (Kingma and Welling 2014, appendix C.1); x in [0, 1]."""
    return -bernoulli_log_prob(x, logits).mean()


def kl_to_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, diag exp(logvar)) || N(0, I)) in nats, mean over the batch (Kingma and Welling 2014, appendix B)."""
    _same_shape(mu, logvar, "mu and logvar")
    # 1/2 sum_j (sigma_j^2 + mu_j^2 - 1 - log sigma_j^2)
    return 0.5 * (logvar.exp() + mu.square() - 1 - logvar).sum(1).mean()


def kl_monte_carlo(z: Tensor, mu: Tensor, logvar: Tensor, prior) -> Tensor:
    """KL(q(z|x) || p(z)) from one z ~ q(z|x) an example: unbiased, for any prior that has a `log_prob`."""
    # E_q[log q(z|x) - log p(z)]
    return (gaussian_log_prob(z, mu, logvar) - prior.log_prob(z)).mean()


def kl_full_covariance(mu: Tensor, scale_tril: Tensor) -> Tensor:
    """KL(N(mu, L L^T) || N(0, I)) in nats, mean over the batch; L = scale_tril (B, d, d), positive on its diagonal."""
    if mu.ndim != 2 or scale_tril.shape != (*mu.shape, mu.shape[1]):
        raise ValueError(
            f"scale_tril must be (B, d, d) for mu (B, d) = {tuple(mu.shape)}, got {tuple(scale_tril.shape)}"
        )
    # 1/2 (||L||_F^2 + ||mu||^2 - d) - sum_j log L_jj,  since log det(L L^T) = 2 sum_j log L_jj
    log_det = scale_tril.diagonal(dim1=1, dim2=2).log().sum(1)
    return (0.5 * (scale_tril.square().sum((1, 2)) + mu.square().sum(1) - mu.shape[1]) - log_det).mean()


def kl_to_uniform(logits: Tensor) -> Tensor:
    """KL of N categorical variables to uniform ones in nats, mean over the batch; logits (B, N, K)."""
    # sum_n (log K + sum_k q_nk log q_nk),  q_n = softmax(logits_n)
    log_q = logits.log_softmax(2)
    return ((log_q.exp() * log_q).sum(2) + math.log(logits.shape[2])).sum(1).mean()


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The discriminator's half of the GAN game (Goodfellow et al. 2014, equation 1), negated to be minimised.

    2 log 2 = 1.386 when the discriminator cannot tell real from fake.
    """
    # -E log D(real) - E log(1 - D(fake));  -log sigmoid(t) = softplus(-t),  -log(1 - sigmoid(t)) = softplus(t)
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def generator_loss(fake_logits: Tensor) -> Tensor:
    """Non-saturating generator loss (Goodfellow et al. 2014, section 3). log 2 = 0.693 at equilibrium."""
    # -E log D(fake)
    return F.softplus(-fake_logits).mean()


def minimax_generator_loss(fake_logits: Tensor) -> Tensor:
    """Minimax generator loss (Goodfellow et al. 2014, equation 1): flat where D is sure. -log 2 at equilibrium."""
    # E log(1 - D(fake))
    return -F.softplus(fake_logits).mean()


def least_squares_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The discriminator's half of the least-squares GAN game: D(x) itself, no probability, is to be 1 or 0.

    Mao et al. 2017, targets 1 and 0, without their halves, as in CycleGAN (Zhu et al. 2017, section 4). 1/2 when the
    discriminator cannot tell real from fake and says 1/2 to both.
    """
    # E (D(real) - 1)^2 + E D(fake)^2
    return (real_logits - 1).square().mean() + fake_logits.square().mean()


def least_squares_generator_loss(fake_logits: Tensor) -> Tensor:
    """The generator's half of that game: fakes, too, are to get a 1. 1/4 when the discriminator cannot tell."""
    # E (D(fake) - 1)^2
    return (fake_logits - 1).square().mean()


def hinge_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The discriminator's half of the hinge game (Lim and Ye 2017; Miyato et al. 2018, section 4).

    It minds only data below 1 and samples above -1: 2 where it gives 0 to everything, 0 where the margin is kept.
    """
    # E max(0, 1 - D(x)) + E max(0, 1 + D(x_fake))
    return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()


def hinge_generator_loss(fake_logits: Tensor) -> Tensor:
    """The generator's half of that game: no margin, the slope is the same everywhere."""
    # -E D(x_fake)
    return -fake_logits.mean()


def r1_penalty(real_logits: Tensor, x: Tensor) -> Tensor:
    """Half the squared slope of the logits (B,) at the data x (B, ...), batch mean (Mescheder et al. 2018, equation 9).

    Logits and x must come from one pass, each logit from its own x (so no batch norm between them), and x must ask for
    gradients before that pass. The penalty can be differentiated in its turn. Raises ValueError for shapes that do not
    fit, and where there is no gradient to take.
    """
    if real_logits.shape != x.shape[:1]:
        raise ValueError(
            f"real_logits must be (B,) for x (B, ...), got {tuple(real_logits.shape)} and {tuple(x.shape)}"
        )
    if not (x.requires_grad and real_logits.requires_grad):
        raise ValueError("no gradient from the logits to x: x.requires_grad_() before the discriminator sees it")
    # 1/2 E ||grad_x D(x)||^2
    (slope,) = torch.autograd.grad(real_logits.sum(), x, create_graph=True)
    return 0.5 * slope.square().flatten(1).sum(1).mean()


def orthogonal_penalty(patterns: Tensor) -> Tensor:
    """How much the rows of `patterns` (n, d) overlap: the sum of their squared products over all ordered pairs.

    Zero where all are at right angles, however long (Brock et al. 2019, equation 3). Raises ValueError for another
    shape.
    """
    if patterns.ndim != 2:
        raise ValueError(f"patterns must be (n, d), one row a pattern, got {tuple(patterns.shape)}")
    # ||W W^T o (1 - I)||_F^2
    with torch.autocast(patterns.device.type, enabled=False):  # it would round the products to bfloat16
        products = patterns @ patterns.T
    return (products - products.diagonal().diag()).square().sum()


def matching_discriminator_loss(real_logits: Tensor, wrong_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The loss of a discriminator that also asks whether image and caption match (Reed et al. 2016, algorithm 1).

    wrong_logits: of real images, each with the caption of another one. They and the fakes count half each, so that
    2 log 2 = 1.386 is again what a discriminator pays that cannot tell.
    """
    # -E log D(x, t) - 1/2 E log(1 - D(x, t')) - 1/2 E log(1 - D(x_fake, t))
    on_fakes = 0.5 * (F.softplus(wrong_logits).mean() + F.softplus(fake_logits).mean())
    return F.softplus(-real_logits).mean() + on_fakes


def vae_gan_discriminator_loss(
    real_logits: Tensor, hat_logits: Tensor, fake_logits: Tensor, weight_hat: float = 1.0, weight_fake: float = 1.0
) -> Tensor:
    """The GAN loss of the VAE/GAN with two kinds of fakes, negated to be minimised (Larsen et al. 2016, algorithm 1).

    hat_logits: of reconstructions. fake_logits: of samples from the prior. With the paper's weights of one each, fakes
    outweigh the data two to one: a discriminator that cannot tell them apart says D(x) = 1/3, not 1/2. Raises
    ValueError for negative weights, or if both are zero.
    """
    if min(weight_hat, weight_fake) < 0 or weight_hat + weight_fake == 0:
        raise ValueError(f"weights of fakes must not be negative, nor both zero, got {weight_hat} and {weight_fake}")
    # -E log D(x) - w_hat E log(1 - D(x_hat)) - w_fake E log(1 - D(x_fake))
    on_fakes = weight_hat * F.softplus(hat_logits).mean() + weight_fake * F.softplus(fake_logits).mean()
    return F.softplus(-real_logits).mean() + on_fakes


def vae_gan_decoder_loss(
    hat_logits: Tensor, fake_logits: Tensor, weight_hat: float = 1.0, weight_fake: float = 1.0
) -> Tensor:
    """The decoder's half of that game, non-saturating: both kinds of fakes are to look real."""
    # -w_hat E log D(x_hat) - w_fake E log D(x_fake)
    return weight_hat * generator_loss(hat_logits) + weight_fake * generator_loss(fake_logits)


def feature_loss(features_hat: Tensor, features: Tensor, relative: bool = True) -> Tensor:
    """Half the squared error of features (B, n), summed, batch mean; `relative`: in units of their mean square.

    -log p(Dis_l(x)|z), less its constant, for p = N(Dis_l(x_hat), s^2 I) (Larsen et al. 2016, equations 7 and 8). They
    have s = 1. But the size of features is free: where batch norm follows them, the discriminator may halve them all
    without noticing, and s = 1 would then leave little but the KL. `relative` takes for s^2 the mean square of this
    batch's Dis_l(x); no gradient passes through it. Not finite where all true features are zero.
    """
    _same_shape(features_hat, features, "features_hat and features")
    # 1/2 ||f - f_hat||^2 / s^2,  s^2 = mean f^2 or 1
    error = squared_error(features_hat, features)
    return error / features.detach().square().mean() if relative else error


def mmd2(x: Tensor, y: Tensor, bandwidths: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0)) -> Tensor:
    """Squared maximum mean discrepancy of samples x (n, d) and y (m, d) under a sum of Gaussian kernels.

    The unbiased estimate (Gretton et al. 2012, equation 3): zero in expectation when both come from one
    distribution, and then often slightly negative.
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"x must be (n, d) and y (m, d), got {tuple(x.shape)} and {tuple(y.shape)}")
    n, m = len(x), len(y)
    if n < 2 or m < 2:
        raise ValueError(f"MMD needs at least two samples on each side, got {n} and {m}")

    # |a - b|^2 = |a|^2 + |b|^2 - 2 a.b is much faster for images, but rounds off the small distances of codes
    how = "use_mm_for_euclid_dist" if x.shape[1] > 100 else "donot_use_mm_for_euclid_dist"

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        squares = torch.cdist(a, b, compute_mode=how).square()
        return sum(torch.exp(-squares / (2 * s**2)) for s in bandwidths)

    def mean_of_pairs(k: Tensor) -> Tensor:
        return (k.sum() - k.trace()) / (len(k) * (len(k) - 1))

    # mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j)
    return mean_of_pairs(kernel(x, x)) + mean_of_pairs(kernel(y, y)) - 2 * kernel(x, y).mean()


def cluster_head_penalty(heads: Tensor, distance: float) -> Tensor:
    """How much the rows of `heads` (n, d) crowd: the sum over all pairs of what their distance lacks to `distance`.

    Zero where all pairs are at least that far apart, linear in the distance of a pair below (AAE section 7). Raises
    ValueError for other shapes, fewer than two heads, or a distance that is not positive.
    """
    if heads.ndim != 2 or len(heads) < 2:
        raise ValueError(f"heads must be (n, d) with n at least 2, got {tuple(heads.shape)}")
    if distance <= 0:
        raise ValueError(f"the distance must be positive, got {distance}")
    # sum_{i < j} max(0, eta - |w_i - w_j|)
    return F.relu(distance - F.pdist(heads)).sum()


def agreement_loss(logits: Tensor, other: Tensor) -> Tensor:
    """How far two views of the same images are from being put in the same class; both (B, n_classes), unnormalised.

    The mean over the batch of -log of the probability that two classes, drawn one from each softmax, are the same: 0
    where both views are sure of one class, log n_classes where one of them is undecided. Raises ValueError for shapes
    that differ.
    """
    _same_shape(logits, other, "logits and other")
    # -E log sum_k q_k q'_k
    return -(logits.log_softmax(1) + other.log_softmax(1)).logsumexp(1).mean()
