"""Tables of sampling."""

from sampling.models.ceremony import DrawCeremony, DrawCommitment
from sampling.models.duties import DutyAct, OrganisationDuty, PersonPlanDuty, PersonSampleDuty, SeparationRefusal
from sampling.models.plan import (
    Business,
    BusinessFood,
    PlanCategory,
    PlanLine,
    RandomDraw,
    SamplingInstitution,
    SamplingPlan,
    SamplingTask,
    Signal,
)
from sampling.models.sample import FormCorrection, Sample, SamplePhoto, SampleSignature, SamplingForm

__all__ = [
    "Business",
    "BusinessFood",
    "DrawCeremony",
    "DrawCommitment",
    "DutyAct",
    "FormCorrection",
    "OrganisationDuty",
    "PersonPlanDuty",
    "PersonSampleDuty",
    "PlanCategory",
    "PlanLine",
    "RandomDraw",
    "Sample",
    "SamplePhoto",
    "SampleSignature",
    "SamplingForm",
    "SamplingInstitution",
    "SamplingPlan",
    "SamplingTask",
    "SeparationRefusal",
    "Signal",
]
