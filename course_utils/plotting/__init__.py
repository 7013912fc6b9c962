"""Figures. Every function returns a matplotlib Figure with labelled axes; `notebook.show` adds caption and alt text."""

from course_utils.plotting.codes import code_scatter, decoded_grid
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
    "bounds",
    "code_scatter",
    "codes_on_prior",
    "coloured_points",
    "cumulative",
    "curves",
    "decoded_grid",
    "decoded_points",
    "figure",
    "game_strip",
    "gan_diagram",
    "image_grid",
    "image_rows",
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
    "tradeoff",
    "vae_diagram",
]
