"""Figures that run in the page: a decoder, evaluated by the browser itself, without a server and without Python.

    models     the decoder of each figure, from the shipped weights, as a script that the page loads
    figures    the figures, their place in the lessons, and their page of the website

What runs in the browser: `decoder.js` reads a model and evaluates it, `picture.js` draws images, and `plane.js`,
`mixer.js` and `roll.js` are the three figures, each with its controls in the HTML file of its name.
"""

from course_utils.publish.live.figures import FOLDER, PAGE, PREVIEW, PREVIEW_ALT, in_lesson, page, preview, write

__all__ = ["FOLDER", "PAGE", "PREVIEW", "PREVIEW_ALT", "in_lesson", "page", "preview", "write"]
