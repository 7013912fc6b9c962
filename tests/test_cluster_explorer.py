"""The cluster explorer, without a browser: what a frame shows, what it says, its sliders."""

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils.widgets.cluster_explorer import ClusterExplorer, cluster_explorer

SIDE = 4


class Known:
    """Three clusters; image i of brightness i / 10: the first three fall into cluster 0, ever more surely, 3 into 2."""

    def probabilities(self, x):
        i = (10 * x[:, 0, 0, 0]).round().long()
        q = torch.zeros(len(x), 3)
        q[:, 0] = torch.tensor([0.5, 0.7, 0.9, 0.1])[i]
        q[:, 2] = 1 - q[:, 0]
        q[i == 0] = torch.tensor([0.5, 0.3, 0.2])
        return q

    def decode(self, y, z):
        """As bright as the cluster / 10 plus the second number of z."""
        return (y.argmax(1) / 10 + z[:, 1])[:, None, None, None].expand(-1, 1, SIDE, SIDE)


X = (torch.arange(4) / 10).view(4, 1, 1, 1).expand(4, 1, SIDE, SIDE)
Y = torch.tensor([7, 7, 1, 5])


@pytest.fixture
def explorer():
    yield ClusterExplorer(Known(), X, Y, latent_dim=2, n=2)
    plt.close("all")


def test_members_are_the_images_whose_first_choice_it_is_surest_first(explorer):
    assert [explorer.members(k).tolist() for k in range(3)] == [[2, 1, 0], [], [3]]


def test_the_head_has_the_style_asked_for(explorer):
    assert explorer.head(2)[0, 0, 0].item() == pytest.approx(0.2)
    assert explorer.head(1, [0.5, 0.25])[0, 0, 0].item() == pytest.approx(0.35)


def test_frame_shows_the_decoded_cluster_and_both_ends_of_it(explorer):
    axes = {ax.get_title(): ax.images[0].get_array() for ax in explorer.frame(0, [0.0, 0.4]).axes}
    assert axes["cluster 0, decoded"][0, 0] == pytest.approx(0.4)
    assert axes["surest images of it"][0, :: SIDE + 1].tolist() == pytest.approx([0.2, 0.1])
    assert axes["least sure images of it"][0, :: SIDE + 1].tolist() == pytest.approx([0, 0.1])


def test_a_small_or_empty_cluster_leaves_white(explorer):
    axes = {ax.get_title(): ax.images[0].get_array() for ax in explorer.frame(2).axes}
    assert axes["surest images of it"][0, :: SIDE + 1].tolist() == pytest.approx([0.3, 1])
    axes = {ax.get_title(): ax.images[0].get_array() for ax in explorer.frame(1).axes}
    assert (axes["least sure images of it"] == 1).all()


def test_sentence_counts_the_classes_of_a_cluster(explorer):
    said = explorer.sentence(0)
    assert said == "Cluster 0 holds 3 of 4 images: 67 % are 7s, 33 % are 1s. The surest: 1."
    assert "empty" in explorer.sentence(1)


def test_widget_follows_its_sliders():
    box = cluster_explorer(Known(), X, Y, latent_dim=2)
    cluster, first, second, picture, words = box.children
    assert (cluster.max, first.description, second.description) == (2, "z1", "z2")
    start = picture.value
    cluster.value = 2
    after = picture.value
    assert after != start and "Cluster 2 holds 1" in words.value
    second.value = 1.0
    assert picture.value != after
    assert plt.get_fignums() == []


def test_images_need_classes():
    with pytest.raises(ValueError, match="4 images, 2 classes"):
        ClusterExplorer(Known(), X, Y[:2], latent_dim=2)
