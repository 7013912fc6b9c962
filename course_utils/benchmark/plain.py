"""The plain loops: each model's algorithm as tutorials write it.

torchvision's data set with a transform for every image, a `DataLoader`, float32, Adam as it comes, ``zero_grad`` /
``backward`` / ``step``.
"""

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from course_utils.benchmark.models import ADVERSARIAL_BETA1, BATCH_SIZE, GAMMA, LR
from course_utils.methods import AAE, GAN, VAE, VAEGAN
from course_utils.methods.base import Method


def train(name: str, images: Dataset, model: Method, steps: int, where: torch.device) -> None:
    """Train the networks of `model` on the first `steps` batches of a data set of (image, label) pairs."""
    loader = DataLoader(Subset(images, range(steps * BATCH_SIZE)), batch_size=BATCH_SIZE, shuffle=True)
    LOOPS[name](model, loader, where)


def _adam(parameters, beta1: float = ADVERSARIAL_BETA1) -> torch.optim.Adam:
    return torch.optim.Adam(parameters, lr=LR, betas=(beta1, 0.999))


def _bce(logits: Tensor, real: bool) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))


def _kl(mu: Tensor, logvar: Tensor) -> Tensor:
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1).mean()


def aae(model: AAE, loader: Iterable, where: torch.device) -> None:
    """Reconstruction, discriminator, generator, in turn."""
    encoder, decoder, discriminator = model.encoder, model.decoder, model.discriminator
    autoencoder_adam = _adam([*encoder.parameters(), *decoder.parameters()], beta1=0.9)
    discriminator_adam = _adam(discriminator.parameters())
    generator_adam = _adam(encoder.parameters())
    for x, _ in loader:
        x = x.to(where)
        autoencoder_adam.zero_grad()
        reconstruction = 0.5 * F.mse_loss(decoder(encoder(x)), x, reduction="sum") / len(x)
        reconstruction.backward()
        autoencoder_adam.step()

        z = encoder(x)
        discriminator_adam.zero_grad()
        d_loss = _bce(discriminator(model.prior.sample(len(x))), True) + _bce(discriminator(z.detach()), False)
        d_loss.backward()
        discriminator_adam.step()

        generator_adam.zero_grad()
        g_loss = _bce(discriminator(z), True)
        g_loss.backward()
        generator_adam.step()


def vae(model: VAE, loader: Iterable, where: torch.device) -> None:
    """One loss, one optimiser."""
    encoder, decoder = model.encoder, model.decoder
    optimizer = _adam([*encoder.parameters(), *decoder.parameters()], beta1=0.9)
    for x, _ in loader:
        x = x.to(where)
        optimizer.zero_grad()
        mu, logvar = encoder(x)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        reconstruction = F.binary_cross_entropy(decoder(z), x, reduction="sum") / len(x)
        (reconstruction + _kl(mu, logvar)).backward()
        optimizer.step()


def vae_gan(model: VAEGAN, loader: Iterable, where: torch.device) -> None:
    """Three losses; all gradients are taken before the first of the three optimisers steps."""
    encoder, decoder, discriminator = model.encoder, model.decoder, model.discriminator
    encoder_adam, decoder_adam = _adam(encoder.parameters()), _adam(decoder.parameters())
    discriminator_adam = _adam(discriminator.parameters())
    for x, _ in loader:
        x = x.to(where)
        mu, logvar = encoder(x)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        x_hat, x_fake = decoder(z), decoder(model.prior.sample(len(x)))

        discriminator_adam.zero_grad()
        fakes = _bce(discriminator(x_hat.detach()), False) + _bce(discriminator(x_fake.detach()), False)
        (_bce(discriminator(x), True) + fakes).backward()

        _, features = discriminator.look(x, 1)
        hat, features_hat = discriminator.look(x_hat, 1)
        feature = 0.5 * F.mse_loss(features_hat, features.detach(), reduction="sum") / len(x)
        fooled = _bce(hat, True) + _bce(discriminator(x_fake), True)
        encoder_adam.zero_grad()
        (_kl(mu, logvar) + feature).backward(retain_graph=True, inputs=list(encoder.parameters()))
        decoder_adam.zero_grad()
        (GAMMA * feature + fooled).backward(inputs=list(decoder.parameters()))

        encoder_adam.step()
        decoder_adam.step()
        discriminator_adam.step()


def dcgan(model: GAN, loader: Iterable, where: torch.device) -> None:
    """Discriminator, then generator, each with new samples."""
    generator, discriminator = model.generator, model.discriminator
    discriminator_adam, generator_adam = _adam(discriminator.parameters()), _adam(generator.parameters())
    for x, _ in loader:
        x = x.to(where)
        discriminator_adam.zero_grad()
        x_fake = generator(model.prior.sample(len(x)))
        (_bce(discriminator(x), True) + _bce(discriminator(x_fake.detach()), False)).backward()
        discriminator_adam.step()

        generator_adam.zero_grad()
        _bce(discriminator(generator(model.prior.sample(len(x)))), True).backward()
        generator_adam.step()


LOOPS: dict[str, Callable[[Method, Iterable, torch.device], None]] = {
    "aae": aae,
    "vae": vae,
    "vae_gan": vae_gan,
    "dcgan": dcgan,
}
