"""Whom to call first: value at stake, effect of a contact, policies, and the capacity plan.

Risk is not persuadability: what counts is (p0 - p1) x value - cost, what a call is expected to save.
"""

from churnkit.contact.comparing import compare_policies
from churnkit.contact.contact_effect import ContactEffect
from churnkit.contact.contact_plan import ContactPlan
from churnkit.contact.effect import EFFECTS, DeclaredEffect, Effect
from churnkit.contact.listing import FIXED
from churnkit.contact.plan import plan_contacts
from churnkit.contact.policies import (
    POLICIES,
    AnyPolicy,
    ByNetSaving,
    ByRisk,
    ByValueAtRisk,
    Calls,
    Policy,
    read_policy,
)
from churnkit.contact.rules import ContactRules, LeastFit, RoleMinutes, SizeFactors
from churnkit.contact.standing import STATUSES
from churnkit.contact.value import RemainingValue

__all__ = [
    "EFFECTS",
    "FIXED",
    "POLICIES",
    "STATUSES",
    "AnyPolicy",
    "ByNetSaving",
    "ByRisk",
    "ByValueAtRisk",
    "Calls",
    "ContactEffect",
    "ContactPlan",
    "ContactRules",
    "DeclaredEffect",
    "Effect",
    "LeastFit",
    "Policy",
    "RemainingValue",
    "RoleMinutes",
    "SizeFactors",
    "compare_policies",
    "plan_contacts",
    "read_policy",
]
