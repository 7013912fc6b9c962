"""Everything that turns a model into a number, one file a question.

Nothing here is differentiable and nothing moves the global random state: what is random takes a `seed`, except
`iwae_bound`, which draws its codes from the state it finds.
"""

from course_utils.metrics.anomalies import Localisation, auroc, average_precision, best_threshold, localisation
from course_utils.metrics.clustering import Partition, label_by_majority, label_by_most_confident, partition
from course_utils.metrics.codes import KLDecomposition, holes, kl_decomposition
from course_utils.metrics.histogram import misplaced_mass
from course_utils.metrics.leakage import NetworkProbe, kept, network_probe
from course_utils.metrics.likelihood import choose_parzen_width, iwae_bound, parzen_log_likelihood
from course_utils.metrics.modes import ModeCount, modes_covered
from course_utils.metrics.normality import (
    Mardia,
    NormalityTest,
    distance_to_gaussian,
    is_flat,
    mardia,
    normality_test,
    standardised,
)
from course_utils.metrics.placement import Agreement, field_agreement, matched_share, smaller_inside
from course_utils.metrics.regions import RegionSharpness, region_sharpness
from course_utils.metrics.retrieval import hamming_distances, precision_at_k
from course_utils.metrics.samples import PrecisionRecall, fid, inception_score, kid, precision_recall, sharpness
from course_utils.metrics.semi_supervised import (
    Binned,
    ClassProbe,
    Nearest,
    class_probe,
    effective_classes,
    nearest_labelled,
    share_by_quantile,
    style_probe,
)
from course_utils.metrics.similarity import ms_ssim, mse, psnr, ssim
from course_utils.metrics.subspace import angles_to_subspace, principal_angles, principal_components, project
from course_utils.metrics.two_sample import TwoSampleTest, energy_distance, two_sample_test

__all__ = [
    "Agreement",
    "Binned",
    "ClassProbe",
    "KLDecomposition",
    "Localisation",
    "Mardia",
    "ModeCount",
    "Nearest",
    "NetworkProbe",
    "NormalityTest",
    "Partition",
    "PrecisionRecall",
    "RegionSharpness",
    "TwoSampleTest",
    "angles_to_subspace",
    "auroc",
    "average_precision",
    "best_threshold",
    "choose_parzen_width",
    "class_probe",
    "distance_to_gaussian",
    "effective_classes",
    "energy_distance",
    "fid",
    "field_agreement",
    "hamming_distances",
    "holes",
    "inception_score",
    "is_flat",
    "iwae_bound",
    "kept",
    "kid",
    "kl_decomposition",
    "label_by_majority",
    "label_by_most_confident",
    "localisation",
    "mardia",
    "matched_share",
    "misplaced_mass",
    "modes_covered",
    "ms_ssim",
    "mse",
    "nearest_labelled",
    "network_probe",
    "normality_test",
    "partition",
    "parzen_log_likelihood",
    "precision_at_k",
    "precision_recall",
    "principal_angles",
    "principal_components",
    "project",
    "psnr",
    "region_sharpness",
    "share_by_quantile",
    "sharpness",
    "smaller_inside",
    "ssim",
    "standardised",
    "style_probe",
    "two_sample_test",
]
