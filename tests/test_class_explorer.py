"""The class explorer, without a browser: what a frame shows, what it says, its sliders."""

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils.widgets.class_explorer import ClassExplorer, class_explorer

SIDE = 4


class Known:
    """A model whose answers are known: image i of three has the brightness i / 10, and its class is certain to 80 %."""

    def probabilities(self, x):
        p = torch.full((len(x), 10), 0.2 / 9)
        p[torch.arange(len(x)), torch.arange(len(x))] = 0.8
        return p

    def encode(self, x):
        return x[:, 0, 0, :2]

    def decode(self, y, z):
        """The upper half as bright as z, the lower as the class / 10."""
        images = torch.zeros(len(y), 1, SIDE, SIDE)
        images[:, :, : SIDE // 2] = z[:, :1, None, None]
        images[:, :, SIDE // 2 :] = y.argmax(1)[:, None, None, None] / 10
        return images


X = (torch.arange(3) / 10).view(3, 1, 1, 1).expand(3, 1, SIDE, SIDE)
Y = torch.tensor([0, 7, 2])


@pytest.fixture
def explorer():
    yield ClassExplorer(Known(), X, Y)
    plt.close("all")


def test_all_classes_share_the_style_of_the_image(explorer):
    classes = explorer.classes(2)
    assert torch.allclose(classes[:, 0, 0, 0], torch.tensor(0.2))
    assert torch.allclose(classes[:, 0, -1, 0], torch.arange(10) / 10)
    assert torch.allclose(explorer.classes(2, style=0.5)[:, 0, 0, 0], torch.tensor(0.1))


def test_frame_shows_the_image_its_probabilities_and_the_classes(explorer):
    image, bars, _, classes = explorer.frame(1).axes
    assert image.images[0].get_array()[0, 0] == pytest.approx(0.1)
    heights = [bar.get_height() for bar in bars.patches]
    assert heights[1] == pytest.approx(80) and sum(heights) == pytest.approx(100)
    assert [(t.get_text(), t.get_position()[0]) for t in bars.texts] == [("true", 7)]  # not the class that is named
    sheet = classes.images[0].get_array()
    assert sheet[SIDE - 1, :: SIDE + 1].tolist() == pytest.approx([k / 10 for k in range(10)])


def test_sentence_names_the_true_class_and_the_choices(explorer):
    assert explorer.sentence(1).startswith("Image 1 is a 7. The network says 1 (80.0 %)")


def test_widget_follows_its_sliders():
    box = class_explorer(Known(), X, Y)
    image, style, picture, words = box.children
    first = picture.value
    image.value = 2
    second = picture.value
    assert second != first and "Image 2 is a 2" in words.value
    style.value = 0.0
    assert picture.value != second
    assert (image.max, plt.get_fignums()) == (2, [])


def test_images_need_classes():
    with pytest.raises(ValueError, match="3 images, 2 classes"):
        ClassExplorer(Known(), X, Y[:2])
