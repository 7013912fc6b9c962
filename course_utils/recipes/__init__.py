"""The named recipes of the course, one file a family. `course_utils.experiments` finds and runs them."""

from course_utils.recipes import (
    adversarial,
    attributes,
    autoencoders,
    clustering,
    dimension_reduction,
    faces,
    images,
    judges,
    limits,
    posteriors,
    priors,
    semi_supervised,
    semi_supervised_vae,
    supervised,
    toy,
    vae_gan,
    variational,
)

FAMILIES = (
    toy,
    judges,
    autoencoders,
    variational,
    adversarial,
    images,
    limits,
    semi_supervised,
    semi_supervised_vae,
    supervised,
    priors,
    posteriors,
    clustering,
    dimension_reduction,
    vae_gan,
    attributes,
    faces,
)
ALL = {recipe.name: recipe for family in FAMILIES for recipe in family.RECIPES}
