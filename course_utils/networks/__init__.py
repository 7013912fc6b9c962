"""Networks: trunks (MLP, convolutional), encoders, decoders/generators, discriminators.

Images are (B, C, H, W) in [0, 1]; codes z are (B, latent_dim). Every network returns its input's number format
(float32 in, float32 out), whatever autocast computes inside: so losses, ``exp`` and ``log`` never see bfloat16.
"""

from course_utils.networks.class_conditional import (
    ClassConditionalGenerator,
    ConditionalBatchNorm,
    ProjectionDiscriminator,
)
from course_utils.networks.common import (
    count_parameters,
    dcgan_init,
    is_large,
    normal_init,
    orthogonal_init,
    spectrally_normalised,
)
from course_utils.networks.decoders import ConvDecoder, MLPDecoder, StridedDecoder
from course_utils.networks.discriminators import Discriminator, FeatureDiscriminator
from course_utils.networks.encoders import (
    AttributeEncoder,
    CholeskyEncoder,
    ClassStyleEncoder,
    DeterministicEncoder,
    GaussianEncoder,
    UniversalEncoder,
)
from course_utils.networks.patches import PatchDiscriminator
from course_utils.networks.refiner import Refiner
from course_utils.networks.skip import SkipAutoencoder
from course_utils.networks.spatial import SpatialDecoder, SpatialEncoder
from course_utils.networks.style import (
    MappingNetwork,
    SpreadDiscriminator,
    StyleLayer,
    SynthesisNetwork,
    adaptive_instance_norm,
)
from course_utils.networks.trunks import ACTIVATIONS, Trunk, activation, conv, mlp, strided_conv

__all__ = [
    "ACTIVATIONS",
    "AttributeEncoder",
    "CholeskyEncoder",
    "ClassConditionalGenerator",
    "ClassStyleEncoder",
    "ConditionalBatchNorm",
    "ConvDecoder",
    "DeterministicEncoder",
    "Discriminator",
    "FeatureDiscriminator",
    "GaussianEncoder",
    "MLPDecoder",
    "MappingNetwork",
    "PatchDiscriminator",
    "ProjectionDiscriminator",
    "Refiner",
    "SkipAutoencoder",
    "SpatialDecoder",
    "SpatialEncoder",
    "SpreadDiscriminator",
    "StridedDecoder",
    "StyleLayer",
    "SynthesisNetwork",
    "Trunk",
    "UniversalEncoder",
    "activation",
    "adaptive_instance_norm",
    "conv",
    "count_parameters",
    "dcgan_init",
    "is_large",
    "mlp",
    "normal_init",
    "orthogonal_init",
    "spectrally_normalised",
    "strided_conv",
]
