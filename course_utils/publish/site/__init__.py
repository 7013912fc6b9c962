"""The course as a static website: `build` makes a folder that opens in any browser, without a server or a network.

readme    the front page and the page of results, from README.md
lessons   a lesson and the solutions to its exercises, as one notebook
sources   a page for each file of the package
figures   the pictures of a notebook as files, with their alt text
links     where the links of a page of the repository lead on the website
check     what a finished website promises: that every link in it leads somewhere
building  all of that, in order, with Sphinx and MyST-NB (`conf.py`)
"""

from course_utils.publish.site.building import build
from course_utils.publish.site.errors import SiteError

__all__ = ["SiteError", "build"]
