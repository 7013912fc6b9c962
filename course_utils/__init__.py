"""The model code of the course on generative models: GAN, VAE, adversarial autoencoders, VAE-GAN.

Importing the package imports nothing heavy: name the module you need, for example
``from course_utils import networks``. The modules import each other in one direction only: each uses those in the
lines above it (and some in its own line). What trains and measures knows nothing of figures and notebooks.

    set_up  files  runtime  distributed  checkpoints  progress  results  losses  networks  distributions  attributes
    corruptions  distortions  datasets  metrics
    attribute_vectors  strokes
    defects  outlines  stripes
    methods
    anomalies
    pretrained  judge  regressor  batches  capture
    training  evaluation  taxonomy
    recipes
    experiments
    plotting  notebook  tables  benchmark  comparison
    widgets
    publish
    homework  run_notebooks  lock  commands  __main__
"""

__version__ = "0.1.0"
