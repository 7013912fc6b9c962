"""The same models in pythae, as its users run it: their networks wrapped, a `TrainingPipeline` on the images."""

import contextlib
import io
import logging
import tempfile
import time

import torch
from pythae import models as pythae_models
from pythae import trainers as pythae_trainers
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseDiscriminator, BaseEncoder
from pythae.pipelines import TrainingPipeline
from pythae.trainers.training_callbacks import TrainingCallback
from torch import Tensor, nn

from course_utils.benchmark.models import ADVERSARIAL_BETA1, BATCH_SIZE, IMAGE, LATENT_DIM, LR, build

ADAM = {"betas": (ADVERSARIAL_BETA1, 0.999)}


class _Encoder(BaseEncoder):
    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor) -> ModelOutput:
        code = self.encoder(x)
        mu, logvar = code if isinstance(code, tuple) else (code, torch.zeros_like(code))
        return ModelOutput(embedding=mu, log_covariance=logvar)


class _Decoder(BaseDecoder):
    def __init__(self, decoder: nn.Module):
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=self.decoder(z))


class _Discriminator(BaseDiscriminator):
    """Probabilities, as pythae wants them; where it asks for features, layer 1 of 2."""

    depth = 2

    def __init__(self, discriminator: nn.Module):
        super().__init__()
        self.discriminator = discriminator

    def forward(self, x: Tensor, output_layer_levels=None) -> ModelOutput:
        if output_layer_levels == [1]:
            return ModelOutput(embedding_layer_1=self.discriminator.look(x, 1)[1])
        return ModelOutput(embedding=self.discriminator(x).sigmoid().unsqueeze(1))


class _Stopwatch(TrainingCallback):
    """The time between the beginning and the end of the epoch."""

    def on_epoch_begin(self, training_config, **kwargs):
        self.began = time.perf_counter()

    def on_epoch_end(self, training_config, **kwargs):
        self.seconds = time.perf_counter() - self.began


def _model_and_config(name: str, folder: str):
    """The model, and the configuration of its trainer."""
    model = build(name)
    about = {"input_dim": IMAGE, "latent_dim": LATENT_DIM}
    networks = {"encoder": _Encoder(model.encoder), "decoder": _Decoder(model.decoder)}
    if name != "vae":
        networks["discriminator"] = _Discriminator(model.discriminator)
    training = {"output_dir": folder, "num_epochs": 1, "per_device_train_batch_size": BATCH_SIZE}
    if name == "vae":
        config = pythae_trainers.BaseTrainerConfig(**training, learning_rate=LR)
        return pythae_models.VAE(pythae_models.VAEConfig(**about, reconstruction_loss="bce"), **networks), config
    if name == "aae":
        config = pythae_trainers.AdversarialTrainerConfig(
            **training,
            autoencoder_learning_rate=LR,
            discriminator_learning_rate=LR,
            discriminator_optimizer_params=ADAM,
        )
        about |= {"reconstruction_loss": "mse", "deterministic_posterior": True}
        return pythae_models.Adversarial_AE(pythae_models.Adversarial_AE_Config(**about), **networks), config
    config = pythae_trainers.CoupledOptimizerAdversarialTrainerConfig(
        **training,
        encoder_learning_rate=LR,
        decoder_learning_rate=LR,
        discriminator_learning_rate=LR,
        encoder_optimizer_params=ADAM,
        decoder_optimizer_params=ADAM,
        discriminator_optimizer_params=ADAM,
    )
    return pythae_models.VAEGAN(pythae_models.VAEGANConfig(**about, reconstruction_layer=1), **networks), config


def seconds_of(name: str, images: Tensor, where: torch.device) -> float:
    """Seconds for one epoch over images (N, C, H, W) in float32. What the pipeline checks and saves is not timed."""
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        model, config = _model_and_config(name, folder)
        config.no_cuda = where.type != "cuda"
        stopwatch = _Stopwatch()
        TrainingPipeline(model=model, training_config=config)(train_data=images, callbacks=[stopwatch])
    return stopwatch.seconds
