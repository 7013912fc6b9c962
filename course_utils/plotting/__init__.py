"""Figures. Every function returns a matplotlib Figure with labelled axes; `notebook.show` adds caption and alt text."""

from course_utils.plotting.autoencoders import (
    along_paths,
    autoencoder_diagram,
    by_code_size,
    code_histograms,
    directions_learned,
    judged_images,
)
from course_utils.plotting.codes import code_scatter, decoded_grid
from course_utils.plotting.distortions import distortion_grid
from course_utils.plotting.gans import (
    by_seed,
    class_shares,
    confusion,
    feature_maps,
    image_panels,
    probe_accuracy,
    style_by_class,
)
from course_utils.plotting.images import image_grid, image_rows
from course_utils.plotting.priors import (
    aae_diagram,
    against_width,
    codes_on_prior,
    cumulative,
    decoded_points,
    kl_bars,
    path,
    percentile_grid,
    prior_samples,
)
from course_utils.plotting.style import CLASS_COLORS, figure
from course_utils.plotting.toy import (
    coloured_points,
    game_strip,
    gan_diagram,
    line_panels,
    measured_against,
    point_panels,
)
from course_utils.plotting.training import loss_curves
from course_utils.plotting.vae_against_gan import (
    completions,
    fitted_posteriors,
    judged_sets,
    judges_diagram,
    sharpness_strips,
)
from course_utils.plotting.variational import (
    bounds,
    curves,
    latent_pictures,
    posterior_ellipses,
    tradeoff,
    vae_diagram,
)

__all__ = [
    "CLASS_COLORS",
    "aae_diagram",
    "against_width",
    "along_paths",
    "autoencoder_diagram",
    "bounds",
    "by_code_size",
    "by_seed",
    "class_shares",
    "code_histograms",
    "code_scatter",
    "codes_on_prior",
    "coloured_points",
    "completions",
    "confusion",
    "cumulative",
    "curves",
    "decoded_grid",
    "decoded_points",
    "directions_learned",
    "distortion_grid",
    "feature_maps",
    "figure",
    "fitted_posteriors",
    "game_strip",
    "gan_diagram",
    "image_grid",
    "image_panels",
    "image_rows",
    "judged_images",
    "judged_sets",
    "judges_diagram",
    "kl_bars",
    "latent_pictures",
    "line_panels",
    "loss_curves",
    "measured_against",
    "path",
    "percentile_grid",
    "point_panels",
    "posterior_ellipses",
    "prior_samples",
    "probe_accuracy",
    "sharpness_strips",
    "style_by_class",
    "tradeoff",
    "vae_diagram",
]
