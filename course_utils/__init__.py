"""The model code of the course on generative models: GAN, VAE, adversarial autoencoders, VAE-GAN.

Importing the package imports nothing heavy: name the module you need, for example
``from course_utils import networks``. The modules import each other in one direction only:

    runtime <- distributions, datasets, networks, losses <- methods <- training <- experiments
    metrics, attributes, plotting, widgets use them and are used by notebooks and experiments
"""

__version__ = "0.1.0"
