"""The named recipes of the course, one file a family. `course_utils.experiments` finds and runs them."""

from course_utils.recipes import adversarial, autoencoders, images, judges, limits, toy, variational

ALL = {
    recipe.name: recipe
    for family in (toy, judges, variational, autoencoders, adversarial, limits, images)
    for recipe in family.RECIPES
}
