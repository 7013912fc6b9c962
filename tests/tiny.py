"""Small images and small methods of every kind, for tests that train."""

from collections.abc import Callable

import torch
from torch import nn

from course_utils import corruptions, distributions, networks, runtime
from course_utils.datasets import Images
from course_utils.methods import (
    AAE,
    GAN,
    VAE,
    VAEGAN,
    AgeCGAN,
    AnoGAN,
    AttentionVAE,
    AttributeGAN,
    AttributeRegressor,
    AttributeVAE,
    AttributeVAEGAN,
    Autoencoder,
    BigGAN,
    Classifier,
    ClusteringAAE,
    ConditionalGAN,
    ConditionalVAE,
    CycleGAN,
    DimensionReductionAAE,
    FeatureVAE,
    GANomaly,
    L1Translator,
    LabelledAAE,
    Method,
    MomentMatching,
    Pix2Pix,
    SemiSupervisedAAE,
    SkipGANomaly,
    StackGAN,
    StyleGAN,
    SupervisedAAE,
)
from course_utils.methods.class_style_aae import ClassStyleAAE

IMAGE = (1, 8, 8)
LATENT_DIM = 2
N_ATTRIBUTES = 3


def images(n: int = 64) -> Images:
    """n images of noise with labels 0..9 in turn, and random attributes."""
    x = torch.rand(n, *IMAGE, generator=torch.Generator().manual_seed(1))
    attributes = torch.randn(n, N_ATTRIBUTES, generator=torch.Generator().manual_seed(2))
    return Images(x, torch.arange(n) % 10, attributes)


def batch(n: int = 16) -> dict[str, torch.Tensor]:
    """A batch of a data set whose labels are all known, and beside it a smaller one of labelled images."""
    labelled = images(10)
    return {
        "x": images(n).x,
        "y": images(n).y,
        "x_labelled": labelled.x,
        "y_labelled": labelled.y,
        "attributes": images(n).attributes,
    }


def trunk(kind: str, shape=IMAGE) -> networks.Trunk:
    if kind == "conv":
        return networks.conv(shape, width=4)
    return networks.mlp(shape, (16,), act="tanh", batch_norm=kind == "batch_norm")


def decoder(kind: str, out: str = "sigmoid") -> nn.Module:
    if kind == "conv":
        return networks.ConvDecoder(LATENT_DIM, IMAGE, width=4, out=out)
    return networks.MLPDecoder(LATENT_DIM, IMAGE, (16,), act="tanh", batch_norm=kind == "batch_norm", out=out)


def universal_encoder() -> networks.UniversalEncoder:
    n_pixels = torch.Size(IMAGE).numel()
    return networks.UniversalEncoder(networks.mlp((n_pixels + 3,), (16,)), LATENT_DIM, noise_dim=3)


def aae(kind: str, encoder: Callable = networks.DeterministicEncoder, prior=None, **options) -> AAE:
    discriminator = networks.Discriminator(networks.mlp((LATENT_DIM,), (16,)))
    prior = prior or distributions.Gaussian(LATENT_DIM)
    return AAE(encoder(trunk(kind), LATENT_DIM), decoder(kind), discriminator, prior, **options)


def labelled_aae(prior) -> LabelledAAE:
    discriminator = networks.Discriminator(networks.mlp((LATENT_DIM + prior.n_classes + 1,), (16,)))
    return LabelledAAE(networks.DeterministicEncoder(trunk("mlp"), LATENT_DIM), decoder("mlp"), discriminator, prior)


def universal_aae(**options) -> AAE:
    return aae("mlp", lambda *_: universal_encoder(), **options)


def gan(kind: str, **options) -> GAN:
    prior = distributions.Gaussian(LATENT_DIM)
    return GAN(decoder(kind), networks.Discriminator(trunk(kind)), prior, **options)


def vae(kind: str, prior=None, **options) -> VAE:
    prior = prior or distributions.Gaussian(LATENT_DIM)
    return VAE(networks.GaussianEncoder(trunk(kind), LATENT_DIM), decoder(kind), prior, **options)


def conditional_vae() -> ConditionalVAE:
    n_pixels = torch.Size(IMAGE).numel()
    encoder = networks.GaussianEncoder(networks.mlp((n_pixels + 10,), (16,)), LATENT_DIM)
    return ConditionalVAE(
        encoder, networks.MLPDecoder(LATENT_DIM + 10, IMAGE, (16,)), distributions.Gaussian(LATENT_DIM)
    )


def conditional_gan() -> ConditionalGAN:
    generator = networks.ConvDecoder(LATENT_DIM + 10, IMAGE, width=4)
    discriminator = networks.Discriminator(networks.conv((1 + 10, *IMAGE[1:]), width=4))
    return ConditionalGAN(generator, discriminator, distributions.Gaussian(LATENT_DIM))


def supervised_aae(discriminator_sees_class: bool, **options) -> SupervisedAAE:
    seen = LATENT_DIM + (10 if discriminator_sees_class else 0)
    return SupervisedAAE(
        networks.DeterministicEncoder(trunk("mlp"), LATENT_DIM),
        networks.MLPDecoder(LATENT_DIM + 10, IMAGE, (16,)),
        networks.Discriminator(networks.mlp((seen,), (16,))),
        distributions.Gaussian(LATENT_DIM),
        discriminator_sees_class=discriminator_sees_class,
        **options,
    )


def class_style_aae(method: type[ClassStyleAAE], kind: str, n_classes: int = 10, **options) -> ClassStyleAAE:
    def discriminator(n: int) -> networks.Discriminator:
        return networks.Discriminator(networks.mlp((n,), (16,)))

    one_point = method is DimensionReductionAAE  # its decoder sees the head of the class plus the style
    return method(
        networks.ClassStyleEncoder(trunk(kind), n_classes, LATENT_DIM),
        networks.MLPDecoder(LATENT_DIM if one_point else n_classes + LATENT_DIM, IMAGE, (16,)),
        discriminator(n_classes),
        discriminator(LATENT_DIM),
        distributions.Gaussian(LATENT_DIM),
        **options,
    )


def semi_supervised_aae(kind: str, **options) -> SemiSupervisedAAE:
    return class_style_aae(SemiSupervisedAAE, kind, **options)


def autoencoder(kind: str) -> Autoencoder:
    return Autoencoder(networks.DeterministicEncoder(trunk(kind), LATENT_DIM), decoder(kind))


def strided_encoder(n_attributes: int = 0) -> networks.GaussianEncoder:
    kind = networks.AttributeEncoder if n_attributes else networks.GaussianEncoder
    return kind(networks.strided_conv(IMAGE, (4, 4), 8, n_attributes), LATENT_DIM)


def strided_decoder(n_attributes: int = 0) -> networks.StridedDecoder:
    return networks.StridedDecoder(LATENT_DIM + n_attributes, IMAGE, start=4, widths=(4,))


def feature_discriminator(n_attributes: int = 0) -> networks.FeatureDiscriminator:
    return networks.FeatureDiscriminator(IMAGE, (4, 4), 8, n_attributes=n_attributes)


def vae_gan(**options) -> VAEGAN:
    prior = distributions.Gaussian(LATENT_DIM)
    return VAEGAN(strided_encoder(), strided_decoder(), feature_discriminator(), prior, **options)


def feature_vae() -> FeatureVAE:
    prior = distributions.Gaussian(LATENT_DIM)
    return FeatureVAE(strided_encoder(), strided_decoder(), feature_discriminator(), prior)


def attribute_method(method: type[Method]) -> Method:
    n, prior = N_ATTRIBUTES, distributions.Gaussian(LATENT_DIM)
    parts = {
        AttributeVAEGAN: (strided_encoder, strided_decoder, feature_discriminator),
        AttributeVAE: (strided_encoder, strided_decoder),
        AttributeGAN: (strided_decoder, feature_discriminator),
    }
    return method(*(part(n) for part in parts[method]), prior)


def anogan(kind: str = "conv", **options) -> AnoGAN:
    prior = distributions.Gaussian(LATENT_DIM)
    return AnoGAN(decoder(kind), networks.Discriminator(trunk(kind)), prior, **options)


def ganomaly(kind: str = "conv", **options) -> GANomaly:
    encoder, second_encoder = (networks.DeterministicEncoder(trunk(kind), LATENT_DIM) for _ in range(2))
    return GANomaly(encoder, decoder(kind), second_encoder, networks.Discriminator(trunk(kind)), **options)


def skip_ganomaly(**options) -> SkipGANomaly:
    return SkipGANomaly(networks.SkipAutoencoder(IMAGE, width=4), networks.Discriminator(trunk("conv")), **options)


def attention_vae(channels: int = 3, **options) -> AttentionVAE:
    places = (IMAGE[1] // 4) * (IMAGE[2] // 4)
    return AttentionVAE(
        networks.SpatialEncoder(IMAGE, channels, width=4),
        networks.SpatialDecoder(channels, IMAGE, width=4),
        networks.Discriminator(trunk("conv")),
        distributions.Gaussian(channels * places),
        **options,
    )


HALF = (1, 8, 4)  # two images side by side make one of IMAGE


def pix2pix(**options) -> Pix2Pix:
    discriminator = networks.PatchDiscriminator((2, *HALF[1:]), width=4)
    return Pix2Pix(networks.SkipAutoencoder(HALF, width=4), discriminator, **options)


def cycle_gan(**options) -> CycleGAN:
    generators = [networks.SkipAutoencoder(HALF, width=4) for _ in range(2)]
    return CycleGAN(*generators, *(networks.PatchDiscriminator(HALF, width=4) for _ in range(2)), **options)


SMALL = (IMAGE[0], IMAGE[1] // 2, IMAGE[2] // 2)  # what the first stage of a tiny StackGAN draws


def stack_gan(stages: int = 1, **options) -> StackGAN:
    """The first stage; or the second, on top of a first that is not trained."""
    augmentation = networks.GaussianEncoder(networks.mlp((N_ATTRIBUTES,), (8,)), LATENT_DIM)
    if stages == 2:
        refiner = networks.Refiner(IMAGE, LATENT_DIM, width=4)
        return StackGAN(augmentation, refiner, feature_discriminator(N_ATTRIBUTES), below=stack_gan(), **options)
    generator = networks.StridedDecoder(2 * LATENT_DIM, SMALL, 4, (4,), ends_in_convolution=True)
    discriminator = networks.FeatureDiscriminator(SMALL, (4, 4), 8, first_stride=1, n_attributes=N_ATTRIBUTES)
    return StackGAN(augmentation, generator, discriminator, distributions.Gaussian(LATENT_DIM), **options)


def age_cgan(**options) -> AgeCGAN:
    n, judge = N_ATTRIBUTES, Classifier(trunk("conv"))
    parts = (strided_decoder(n), feature_discriminator(n), networks.DeterministicEncoder(trunk("conv"), LATENT_DIM))
    return AgeCGAN(*parts, judge, distributions.Gaussian(LATENT_DIM), **options)


def style_gan(**options) -> StyleGAN:
    discriminator = networks.Discriminator(networks.conv(IMAGE, width=4, batch_norm=False))
    mapping, synthesis = networks.MappingNetwork(LATENT_DIM, 3, depth=2), networks.SynthesisNetwork(IMAGE, 3, width=2)
    return StyleGAN(mapping, synthesis, discriminator, distributions.Gaussian(LATENT_DIM), **options)


def big_gan(**options) -> BigGAN:
    latent_dim = 3 * LATENT_DIM  # a part of z for each layer
    discriminator = networks.ProjectionDiscriminator(networks.conv(IMAGE, width=4, batch_norm=False))
    return BigGAN(
        networks.ClassConditionalGenerator(latent_dim, IMAGE, width=4),
        networks.spectrally_normalised(discriminator),
        distributions.Gaussian(latent_dim),
        **options,
    )


# name -> how to build it; the name begins with the method
BUILDERS: dict[str, Callable[[], Method]] = {
    "autoencoder mlp": lambda: autoencoder("mlp"),
    "autoencoder conv": lambda: autoencoder("conv"),
    "gan mlp": lambda: gan("mlp"),
    "gan minimax": lambda: gan("mlp", objective="minimax"),
    "gan conv": lambda: gan("conv"),
    "gan minimax conv": lambda: gan("conv", objective="minimax"),
    "gan batch_norm": lambda: gan("batch_norm"),
    "moment_matching mlp": lambda: MomentMatching(decoder("mlp"), distributions.Gaussian(LATENT_DIM)),
    "moment_matching conv": lambda: MomentMatching(decoder("conv"), distributions.Gaussian(LATENT_DIM)),
    "vae bernoulli": lambda: vae("mlp"),
    "vae gaussian": lambda: vae("mlp", likelihood="gaussian", std=0.5),
    "vae binarised": lambda: vae("mlp", binarise=True),
    "vae monte carlo": lambda: vae("mlp", distributions.ten_gaussians()),
    "vae gaussian monte carlo": lambda: vae("mlp", distributions.ten_gaussians(), likelihood="gaussian"),
    "vae conv": lambda: vae("conv"),
    "conditional_vae": conditional_vae,
    "conditional_gan conv": conditional_gan,
    "aae deterministic": lambda: aae("mlp"),
    "aae gaussian": lambda: aae("mlp", networks.GaussianEncoder),
    "aae universal": universal_aae,
    "aae adam": lambda: aae("mlp", optimizer="adam", lr=1e-3, adversarial_lr=1e-3, adversarial_momentum=0.5),
    "aae conv": lambda: aae("conv"),
    "aae gaussian conv": lambda: aae("conv", networks.GaussianEncoder),
    "aae ten gaussians": lambda: aae("mlp", prior=distributions.ten_gaussians()),
    "aae swiss roll": lambda: aae("mlp", prior=distributions.SwissRoll()),
    "labelled_aae ten gaussians": lambda: labelled_aae(distributions.ten_gaussians()),
    "labelled_aae swiss roll": lambda: labelled_aae(distributions.SwissRoll()),
    "supervised_aae": lambda: supervised_aae(False),
    "supervised_aae class seen": lambda: supervised_aae(True),
    "semi_supervised_aae mlp": lambda: semi_supervised_aae("mlp"),
    "semi_supervised_aae conv": lambda: semi_supervised_aae("conv"),
    "semi_supervised_aae noisy": lambda: semi_supervised_aae(
        "mlp", corruption=corruptions.GaussianNoise(0.3), discriminator_noise=0.3, optimizer="adam", lr=1e-3
    ),
    "clustering_aae mlp": lambda: class_style_aae(ClusteringAAE, "mlp", n_classes=16),
    "clustering_aae batch_norm": lambda: class_style_aae(
        ClusteringAAE,
        "batch_norm",
        n_classes=16,
        corruption=corruptions.GaussianNoise(0.3),
        discriminator_noise=0.3,
        optimizer="adam",
        lr=1e-3,
    ),
    "clustering_aae agreement": lambda: class_style_aae(ClusteringAAE, "mlp", n_classes=16, weight_agreement=0.3),
    "dimension_reduction_aae mlp": lambda: class_style_aae(DimensionReductionAAE, "mlp"),
    "dimension_reduction_aae agreement": lambda: class_style_aae(DimensionReductionAAE, "mlp", weight_agreement=0.3),
    "dimension_reduction_aae conv": lambda: class_style_aae(DimensionReductionAAE, "conv"),
    "vae_gan conv": vae_gan,
    "vae_gan absolute conv": lambda: vae_gan(relative_features=False, optimizer="rmsprop", momentum=0.9, lr=3e-4),
    "feature_vae conv": feature_vae,
    "attribute_vae_gan conv": lambda: attribute_method(AttributeVAEGAN),
    "attribute_vae conv": lambda: attribute_method(AttributeVAE),
    "attribute_gan conv": lambda: attribute_method(AttributeGAN),
    "attribute_regressor mlp": lambda: AttributeRegressor(trunk("mlp"), N_ATTRIBUTES),
    "anogan conv": lambda: anogan(search_steps=3),
    "anogan mlp": lambda: anogan("mlp", search_steps=3),
    "ganomaly conv": ganomaly,
    "ganomaly mlp": lambda: ganomaly("mlp"),
    "skip_ganomaly conv": skip_ganomaly,
    "attention_vae conv": attention_vae,
    "pix2pix conv": pix2pix,
    "l1_translator conv": lambda: L1Translator(networks.SkipAutoencoder(HALF, width=4)),
    "cycle_gan conv": cycle_gan,
    "stack_gan stage 1 conv": stack_gan,
    "stack_gan stage 2 conv": lambda: stack_gan(2),
    "age_cgan conv": age_cgan,
    "style_gan": style_gan,
    "big_gan conv": big_gan,
    "classifier mlp": lambda: Classifier(trunk("mlp")),
    "classifier conv": lambda: Classifier(trunk("conv")),
}


def build(name: str, seed: int = 0) -> Method:
    """A method in training mode, its weights drawn with `seed`."""
    runtime.seed_everything(seed)
    return BUILDERS[name]().train()


def state(method: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of everything a module holds."""
    return {name: value.clone() for name, value in method.state_dict().items()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    """Whether two states are equal, bit for bit."""
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
