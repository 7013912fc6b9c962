"""One file a method, each with the training step of its paper, on the contract in `base`."""

from course_utils.methods.aae import AAE
from course_utils.methods.age_cgan import AgeCGAN
from course_utils.methods.anogan import AnoGAN
from course_utils.methods.attention_vae import AttentionVAE
from course_utils.methods.attribute_gan import AttributeGAN
from course_utils.methods.attribute_regressor import AttributeRegressor
from course_utils.methods.attribute_vae import AttributeVAE
from course_utils.methods.attribute_vae_gan import AttributeVAEGAN
from course_utils.methods.autoencoder import Autoencoder, DenoisingAutoencoder
from course_utils.methods.base import Method
from course_utils.methods.big_gan import BigGAN
from course_utils.methods.categorical_vae import CategoricalVAE
from course_utils.methods.classifier import Classifier
from course_utils.methods.clustering_aae import ClusteringAAE
from course_utils.methods.conditional_gan import ConditionalGAN
from course_utils.methods.conditional_vae import ConditionalVAE
from course_utils.methods.cycle_gan import CycleGAN
from course_utils.methods.dimension_reduction_aae import DimensionReductionAAE
from course_utils.methods.feature_vae import FeatureVAE
from course_utils.methods.full_covariance_vae import FullCovarianceVAE
from course_utils.methods.gan import GAN
from course_utils.methods.ganomaly import GANomaly
from course_utils.methods.labelled_aae import LabelledAAE
from course_utils.methods.moment_matching import MomentMatching
from course_utils.methods.pix2pix import L1Translator, Pix2Pix
from course_utils.methods.semantic_hashing import SemanticHashing
from course_utils.methods.semi_supervised_aae import SemiSupervisedAAE
from course_utils.methods.semi_supervised_vae import LayeredVAE, SemiSupervisedVAE
from course_utils.methods.skip_ganomaly import SkipGANomaly
from course_utils.methods.stack_gan import StackGAN
from course_utils.methods.style_gan import StyleGAN
from course_utils.methods.supervised_aae import SupervisedAAE
from course_utils.methods.vae import VAE
from course_utils.methods.vae_gan import VAEGAN

__all__ = [
    "AAE",
    "GAN",
    "VAE",
    "VAEGAN",
    "AgeCGAN",
    "AnoGAN",
    "AttentionVAE",
    "AttributeGAN",
    "AttributeRegressor",
    "AttributeVAE",
    "AttributeVAEGAN",
    "Autoencoder",
    "BigGAN",
    "CategoricalVAE",
    "Classifier",
    "ClusteringAAE",
    "ConditionalGAN",
    "ConditionalVAE",
    "CycleGAN",
    "DenoisingAutoencoder",
    "DimensionReductionAAE",
    "FeatureVAE",
    "FullCovarianceVAE",
    "GANomaly",
    "L1Translator",
    "LabelledAAE",
    "LayeredVAE",
    "Method",
    "MomentMatching",
    "Pix2Pix",
    "SemanticHashing",
    "SemiSupervisedAAE",
    "SemiSupervisedVAE",
    "SkipGANomaly",
    "StackGAN",
    "StyleGAN",
    "SupervisedAAE",
]
