"""Read by every command of nbgrader that is started in this folder."""

from pathlib import Path

from course_utils.homework import settings

settings.apply(get_config(), Path(__file__).parent)  # noqa: F821 - nbgrader defines get_config
