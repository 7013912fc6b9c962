"""What the recipes are measured by: functions of (method, data) that return named numbers.

They score the test images once, after training; nothing is chosen by these numbers. One file a subject.
"""

from course_utils.evaluation.age_cgan import aged_images
from course_utils.evaluation.anomalies import class_subset, detection, planted_defects
from course_utils.evaluation.attributes import (
    attribute_images,
    attribute_images_and_reconstructions,
    attribute_regression,
    followed,
    likeness,
)
from course_utils.evaluation.big_gan import big_gan
from course_utils.evaluation.classes import classifier, semi_supervised, validation_error
from course_utils.evaluation.clusters import (
    class_style_codes,
    cluster_labels,
    cluster_probabilities,
    clustering,
    clustering_scores,
    points_scores,
    reduction,
    reduction_scores,
    unlabelled_reduction,
    unlabelled_reduction_scores,
    validation_clustering,
)
from course_utils.evaluation.codes import PARZEN_WIDTHS, bounds, codes, likelihood, parzen
from course_utils.evaluation.common import N_IMAGES, random_subset, test_images
from course_utils.evaluation.faces import attribute_faces, faces
from course_utils.evaluation.family import asks_for_class, family
from course_utils.evaluation.images import class_images, image_game, image_quality, images, images_and_bound
from course_utils.evaluation.parts import mixture_parts, parts, roll_parts
from course_utils.evaluation.points import N_POINTS, points, ring, ring_game
from course_utils.evaluation.posteriors import draws, normality, posteriors, slope
from course_utils.evaluation.stack_gan import captioned_images, stacked_images
from course_utils.evaluation.style import in_every_class, seen_percent, style, style_and_content
from course_utils.evaluation.style_gan import layers_followed, style_gan
from course_utils.evaluation.translation import drawn_both_ways, drawn_digits, striped_both_ways
from course_utils.evaluation.truncation import trade_off, truncation_of_z
from course_utils.evaluation.vae_gan import (
    SANE_CLASS_PERCENT,
    SANE_RAREST_PERCENT,
    samples_and_reconstructions,
    samples_by_region,
    sanity,
)

__all__ = [
    "N_IMAGES",
    "N_POINTS",
    "PARZEN_WIDTHS",
    "SANE_CLASS_PERCENT",
    "SANE_RAREST_PERCENT",
    "aged_images",
    "asks_for_class",
    "attribute_faces",
    "attribute_images",
    "attribute_images_and_reconstructions",
    "attribute_regression",
    "big_gan",
    "bounds",
    "captioned_images",
    "class_images",
    "class_style_codes",
    "class_subset",
    "classifier",
    "cluster_labels",
    "cluster_probabilities",
    "clustering",
    "clustering_scores",
    "codes",
    "detection",
    "drawn_both_ways",
    "drawn_digits",
    "draws",
    "faces",
    "family",
    "followed",
    "image_game",
    "image_quality",
    "images",
    "images_and_bound",
    "in_every_class",
    "layers_followed",
    "likelihood",
    "likeness",
    "mixture_parts",
    "normality",
    "parts",
    "parzen",
    "planted_defects",
    "points",
    "points_scores",
    "posteriors",
    "random_subset",
    "reduction",
    "reduction_scores",
    "ring",
    "ring_game",
    "roll_parts",
    "samples_and_reconstructions",
    "samples_by_region",
    "sanity",
    "seen_percent",
    "semi_supervised",
    "slope",
    "stacked_images",
    "striped_both_ways",
    "style",
    "style_and_content",
    "style_gan",
    "test_images",
    "trade_off",
    "truncation_of_z",
    "unlabelled_reduction",
    "unlabelled_reduction_scores",
    "validation_clustering",
    "validation_error",
]
