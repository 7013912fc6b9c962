"""StyleGAN: noise becomes a style, and every layer of the generator takes one (Karras et al. 2019)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.distributions import Distribution
from course_utils.losses import discriminator_loss, generator_loss, r1_penalty
from course_utils.methods.base import Method, adam
from course_utils.networks import MappingNetwork, SynthesisNetwork


class StyleGAN(Method):
    """A GAN that paints each layer in a style. Roles: `discriminator`, `generator` (mapping z -> w and synthesis).

    The updates alternate. The generator plays with the samples that the discriminator has just seen (ours: drawn once a
    step instead of twice, they save a quarter of the generator's work). The discriminator may have no batch norm; what
    `SpreadDiscriminator` tells it of the whole batch is the paper's, and little.

    gamma: of the R1 penalty, the squared slope of the discriminator at the data (sections 2.1 and appendix C).
    mixing: the share of samples that take the styles of two z, the second from a random layer on (section 3.1).
    mapping_rate: of the mapping's learning rate, a part of the others' (appendix C).
    """

    training_only = ("discriminator",)

    def __init__(
        self,
        mapping: MappingNetwork,
        synthesis: SynthesisNetwork,
        discriminator: nn.Module,
        prior: Distribution,
        gamma: float = 1.0,
        mixing: float = 0.9,
        lr: float = 1e-3,
        discriminator_lr: float | None = None,
        mapping_rate: float = 0.01,
        beta1: float = 0.0,
    ):
        super().__init__()
        if not 0 <= mixing <= 1:
            raise ValueError(f"mixing is a share of the samples, between 0 and 1, got {mixing}")
        self.mapping = mapping
        self.synthesis = synthesis
        self.discriminator = discriminator
        self.prior = prior
        self.gamma = gamma
        self.mixing = mixing
        self.lr = lr
        self.discriminator_lr = discriminator_lr or lr
        self.mapping_rate = mapping_rate
        self.beta1 = beta1

    def configure_optimizers(self):
        mapping = {"params": list(self.mapping.parameters()), "lr": self.mapping_rate * self.lr}
        synthesis = {"params": list(self.synthesis.parameters())}
        return {
            "discriminator": adam(self.discriminator.parameters(), self.discriminator_lr, self.beta1),
            "generator": adam([mapping, synthesis], self.lr, self.beta1),
        }

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x = batch["x"].detach().requires_grad_()  # R1 asks for the slope of D at the data
        x_fake = self.decode(self.mixed_styles(len(x), self.mixing))
        # Phase 1, discriminator: tell data from samples, and be flat around the data.
        real_logits = self.discriminator(x)
        d_loss = discriminator_loss(real_logits, self.discriminator(x_fake.detach()))
        r1 = r1_penalty(real_logits, x)
        self.minimize(discriminator=d_loss + self.gamma * r1)
        # Phase 2, generator: the same samples, judged by the discriminator that has just stepped.
        g_loss = generator_loss(self.discriminator(x_fake))
        self.minimize(generator=g_loss)
        return {"discriminator": d_loss, "r1": r1, "generator": g_loss}

    def styles(self, n: int) -> Tensor:
        """n styles w (n, style_dim): noise from the prior through the mapping."""
        return self.mapping(self.prior.sample(n))

    def mixed_styles(self, n: int, mixing: float) -> Tensor:
        """Styles for every layer, (n, n_layers, style_dim): one w, or, in the share `mixing`, one and then another."""
        first, second = self.styles(2 * n)[:, None].chunk(2)  # (n, 1, style_dim) each
        layer = torch.arange(self.synthesis.n_layers, device=first.device)
        crossover = torch.randint(1, len(layer), (n, 1), device=first.device)
        mixed = torch.rand(n, 1, device=first.device) < mixing
        return torch.where((mixed & (layer >= crossover))[..., None], second, first)

    def mix(self, w: Tensor, other: Tensor, layers: Sequence[int]) -> Tensor:
        """Styles for every layer, (B, n_layers, style_dim): w (B, style_dim), but at `layers`, from 0, the other w."""
        styles = w[:, None].repeat(1, self.synthesis.n_layers, 1)
        styles[:, list(layers)] = other[:, None]
        return styles

    def mean_style(self, n: int = 10_000) -> Tensor:
        """The mean of w, (style_dim,), estimated from n draws."""
        return self.styles(n).mean(0)

    def decode(self, styles: Tensor, noise: list[Tensor] | None = None) -> Tensor:
        """Images (B, C, H, W) of w (B, style_dim), or of a style for every layer (B, n_layers, style_dim).

        noise: as `synthesis.noise` draws it; None: fresh noise.
        """
        if styles.ndim == 2:
            styles = styles[:, None].expand(-1, self.synthesis.n_layers, -1)
        return self.synthesis(styles, noise)

    def sample(self, n: int, psi: float = 1.0) -> Tensor:
        """n images. psi < 1 draws their styles towards the mean one: the truncation trick in W (their appendix B)."""
        return self.decode(torch.lerp(self.mean_style(), self.styles(n), psi))
