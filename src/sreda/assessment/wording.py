"""What entries of the audit log say of assessment."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import name_actions, name_objects

name_actions(
    {
        "assessment.appeal.decided": _("Appeal decided"),
        "assessment.appeal.lodged": _("Appeal lodged"),
        "assessment.attempt.closed": _("Attempt at a test handed in"),
        "assessment.item.added": _("Item added to the bank"),
        "assessment.item.archived": _("Item put away or brought back"),
        "assessment.item.draft_deleted": _("Draft of an item deleted"),
        "assessment.item.drafted": _("Draft of an item changed"),
        "assessment.item.published": _("Version of an item made ready"),
        "assessment.item.shared": _("Item opened to others or closed"),
        "assessment.marks.released": _("Marks published"),
        "assessment.marks.withheld": _("Marks withheld"),
        "assessment.package.taken": _("Package of items taken over"),
        "assessment.result.checked": _("Key checked by a person"),
        "assessment.result.marked": _("Answer marked"),
        "assessment.sitting.announced": _("Test announced to learners"),
        "assessment.sitting.changed": _("Terms of a test changed"),
        "assessment.sitting.closed": _("Test closed"),
        "assessment.sitting.planned": _("Test prepared for a class"),
        "assessment.sitting.rescored": _("Marks changed by a corrected key"),
        "assessment.test.added": _("Test added to the bank"),
        "assessment.test.archived": _("Test put away or brought back"),
        "assessment.test.draft_deleted": _("Draft of a test deleted"),
        "assessment.test.drafted": _("Draft of a test changed"),
        "assessment.test.published": _("Version of a test made ready"),
        "assessment.test.shared": _("Test opened to others or closed"),
    }
)
name_objects(
    {
        "assessment.appeal": _("appeal against a mark"),
        "assessment.attempt": _("attempt at a test"),
        "assessment.itemresult": _("result of an item"),
    }
)
