"""How seconds of frames are put together, and what the paper has beside them."""

from bdnet.reports.cost import SECONDS, Comparison, Cost, Costs, Frames


def test_the_paper_stands_beside_its_own_setting_only():
    ones = Cost((1.0, 2.0), 3.0)
    networks = dict.fromkeys(("single_frame", "dff", "grfp", "bdnet", "mine"), Frames(ones, ones))
    published = {}
    for backbone in ("resnet18", "resnet34", "resnet50", "resnet101"):
        comparison = Comparison(backbone, networks, ones)
        for name, frame, cost in comparison.rows([5, 10]):
            if cost.published is not None:
                published[name, backbone, frame] = round(cost.published, 2)
    mean = "mean at interval 5"
    assert published == {
        ("bdnet", "resnet18", mean): 0.64,
        ("bdnet", "resnet50", mean): 0.44,
        ("bdnet", "resnet101", mean): 0.40,
        ("dff", "resnet101", mean): 0.44,
        ("grfp", "resnet101", mean): 0.65,
    }


def test_relative_is_the_median_within_rounds():
    single, other = Cost((1.0, 10.0, 4.0), 8.0), Cost((0.5, 2.0, 2.0), 0.25)
    networks = {"single_frame": Frames(single, single), "bdnet": Frames(single, other)}
    comparison = Comparison("resnet50", networks, Cost((0.1, 0.1, 0.1), 0.0))
    table = Costs([comparison], [5], {}, {}).table().splitlines()
    assert (
        "| resnet50, bdnet, other frame | 2.000 | 0.500 to 2.000 | 0.50 | 0.20 to 0.50 |  | 0.2 |"
    ) in table
    (mean,) = (line for line in table if "mean" in line)
    assert mean.endswith("| 0.60 | 0.36 to 0.60 | 0.44 | 1.8 |")


def test_seconds_of_the_paper_are_those_of_its_table_1():
    assert SECONDS == {
        "single_frame": {"resnet18": 0.22, "resnet50": 0.48, "resnet101": 0.72},
        "dff": {"resnet101": 0.32},
        "grfp": {"resnet101": 0.47},
        "bdnet": {"resnet18": 0.14, "resnet50": 0.21, "resnet101": 0.29},
    }
