"""Everything that turns a model into a number, one file a question.

Nothing here is differentiable and nothing moves the global random state: what is random takes a `seed`, except
`iwae_bound`, which draws its codes from the state it finds.
"""

from course_utils.metrics.codes import KLDecomposition, holes, kl_decomposition
from course_utils.metrics.likelihood import choose_parzen_width, iwae_bound, parzen_log_likelihood
from course_utils.metrics.modes import ModeCount, modes_covered
from course_utils.metrics.two_sample import TwoSampleTest, energy_distance, two_sample_test

__all__ = [
    "KLDecomposition",
    "ModeCount",
    "TwoSampleTest",
    "choose_parzen_width",
    "energy_distance",
    "holes",
    "iwae_bound",
    "kl_decomposition",
    "modes_covered",
    "parzen_log_likelihood",
    "two_sample_test",
]
