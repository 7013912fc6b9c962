"""One file a method, each with the training step of its paper, on the contract in `base`."""

from course_utils.methods.aae import AAE
from course_utils.methods.autoencoder import Autoencoder
from course_utils.methods.base import Method
from course_utils.methods.classifier import Classifier
from course_utils.methods.conditional_vae import ConditionalVAE
from course_utils.methods.gan import GAN
from course_utils.methods.moment_matching import MomentMatching
from course_utils.methods.vae import VAE

__all__ = ["AAE", "GAN", "VAE", "Autoencoder", "Classifier", "ConditionalVAE", "Method", "MomentMatching"]
