"""What the student is trained to: one file per term, and the objective that adds them up."""

from bdnet.losses.base import LabelLoss, Loss, MotionLoss, Objective, Offer, TeacherLoss, UnmetNeed

__all__ = ["LabelLoss", "Loss", "MotionLoss", "Objective", "Offer", "TeacherLoss", "UnmetNeed"]
