"""BPKD's edge term: the teacher's distribution of classes along the outline of each class."""

from torch import Tensor
from torch.nn import functional

from bdnet.losses.base import TeacherLoss
from bdnet.losses.grids import counted, mean_over, to_larger
from bdnet.losses.outlines import check_width, outlines
from bdnet.types import Prediction


class BpkdEdge(TeacherLoss):
    """`sum_c (alpha / n_c) sum_i phi_i M_ci`, phi the KL of softmax over classes of Z M.

    M_c is the band around the outline of class c, averaged over the cells of the logits; n_c counts
    cells with M_c > 0 in the batch [reading]; a class without any adds 0. In a picture without
    labels the outlines are those that the teacher sees [reading].

    width:     of the window that widens and narrows a class, pixels of the labels
    pre_mask:  Z M instead of Z in the softmax
    post_mask: the factor M_ci; false: `alpha` times the mean of phi over all counted cells
    """

    def __init__(
        self,
        weight: float = 1.0,
        alpha: float = 2.0,
        width: int = 7,
        pre_mask: bool = True,
        post_mask: bool = True,
    ) -> None:
        super().__init__(weight)
        check_width(width, "bpkd_edge")
        self.alpha, self.width = alpha, width
        self.pre_mask, self.post_mask = pre_mask, post_mask

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, theirs = to_larger(student.logits, teacher.logits)
        masks = outlines(labels, theirs, self.width)
        if self.pre_mask:
            ours, theirs = ours * masks, theirs * masks
        divergence = functional.kl_div(
            ours.log_softmax(1), theirs.log_softmax(1), reduction="none", log_target=True
        ).sum(1)
        if not self.post_mask:
            height, width = divergence.shape[-2:]
            return self.alpha * mean_over(divergence, counted(labels, (height, width)))
        cells = (masks > 0).sum((0, 2, 3))
        along = (divergence[:, None] * masks).sum((0, 2, 3))
        return self.alpha * (along / cells.clamp(min=1)).sum()
