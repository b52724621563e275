"""The terms of the training objective, and the objective that adds them up."""

from bdnet.losses.base import LabelLoss, Loss, MotionLoss, Objective, Offer, TeacherLoss, UnmetNeed

__all__ = ["LabelLoss", "Loss", "MotionLoss", "Objective", "Offer", "TeacherLoss", "UnmetNeed"]
