"""What somebody has chosen for their own screen is remembered for them alone."""

from crm_core.access.permissions import Role
from crm_core.access.preferences import TourChoice
from crm_core.services import Services
from tests.actors import ASHA, BEN, person


def test_a_choice_is_each_persons_own_and_can_be_changed(services: Services) -> None:
    preferences = services.preferences
    assert preferences.tour(actor=ASHA) is None
    preferences.choose_tour(TourChoice.HIDDEN, actor=ASHA)
    assert preferences.tour(actor=ASHA) is TourChoice.HIDDEN
    assert preferences.tour(actor=BEN) is None
    preferences.choose_tour(TourChoice.SHOWN, actor=ASHA)
    assert preferences.tour(actor=ASHA) is TourChoice.SHOWN


def test_everybody_may_choose_and_the_audit_log_does_not_tell(services: Services) -> None:
    services.preferences.choose_tour(TourChoice.HIDDEN, actor=person("vera", Role.VIEWER))
    assert not services.db.audit.count_documents({})


def test_the_choices_of_a_user_go_with_the_user(services: Services) -> None:
    user = services.users.invite("ada@example.com", Role.VIEWER, actor=ASHA)
    services.preferences.choose_tour(TourChoice.HIDDEN, actor=person(user.id, Role.VIEWER))
    services.users.remove(user.id, actor=ASHA)
    assert not services.db.preferences.count_documents({})
