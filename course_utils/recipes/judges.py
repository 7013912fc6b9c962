"""Recipes of the networks that judge the others: classifiers."""

from course_utils import evaluation, judge
from course_utils.recipes.base import Recipe, by_mode

RECIPES = [
    Recipe(
        judge.NAME,
        "ours: the convolutional trunk of the DCGAN discriminator, 128 features, dropout 0.5, cross-entropy, "
        "Adam 1e-3, the rate divided by 10 after seven tenths",
        judge.build,
        evaluation.classifier,
        epochs=by_mode(20, 8, 20),
        decay_at=(0.7,),
    ),
]
