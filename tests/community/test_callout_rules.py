"""[callout.NAME] of a rule set: what it may say, and what is said of a mistake."""

from __future__ import annotations

import pytest

from relay.community.callouts.rules import Target
from relay.errors import RuleError
from tests.community.callouts import BLOOD, FUND, rule

DAY = 86_400_000


def test_a_kind_of_call_out_is_what_staff_wrote() -> None:
    blood = rule()
    assert (blood.word, blood.tag, blood.rest_ms) == ("blood", "donor", 90 * DAY)
    assert (blood.waves, blood.wave_wait_ms, blood.appeal_every_ms) == (3, 1_200_000, 7 * DAY)
    assert blood.target is Target.PEOPLE
    assert rule(FUND).target is Target.SUM


def test_only_the_very_value_fits_unless_staff_have_written_otherwise() -> None:
    """relay knows nothing of blood: O- fits A+ only where a table says so."""
    assert rule().fitting({"group": "A+"}) == {"group": ("A+",)}
    table = BLOOD.replace("rest =", 'accepts = { "A+" = ["A+", "O-"] }\nrest =')
    assert rule(table).fitting({"group": "A+"}) == {"group": ("A+", "O-")}
    assert rule(table).fitting({"group": "O-"}) == {"group": ("O-",)}


@pytest.mark.parametrize(
    ("old", "new", "keys", "says"),
    [
        ('["nurse"]\nconf', "[]\nconf", "callout.BLOOD.asked_by", "is empty"),
        ('"90d"', '"90"', "callout.BLOOD.rest", "is '90'; write a time"),
        ("quiet_hours = false", "quiet = false", "callout.BLOOD.quiet", "is not known"),
        ('match = ["group"]', 'match = ["blood"]', "callout.BLOOD.match", 'names "blood"'),
        ("rest =", 'accepts = { "Z" = [] }\nrest =', "callout.BLOOD.accepts", 'names "Z"'),
        ('word = "DONOR"', 'word = "BLOOD"', "callout.BLOOD", "twice"),
        ('word = "DONOR"', 'word = "BE DONOR"', "callout.BLOOD", "one word"),
        ("rest =", 'come.en = "Go to {who}"\nrest =', "callout.BLOOD.come.en", "{who} is not"),
        ("rest =", 'come.en = "Go to {"\nrest =', "callout.BLOOD.come.en", "has a {"),
        ("rest =", 'pledge = "GIVE"\nrest =', "callout.BLOOD.pledge", "goes with a sum"),
        ('tag = "donor"', 'tag = "Don or"', "callout.BLOOD.register.tag", 'has "Don or"'),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_remedy(
    old: str, new: str, keys: str, says: str
) -> None:
    with pytest.raises(RuleError) as raised:
        rule(BLOOD.replace(old, new, 1))
    assert ".".join(raised.value.keys) == keys
    assert says in str(raised.value)
    assert raised.value.remedy


def test_a_volunteers_number_can_stand_in_texts_for_staff_only() -> None:
    """Whoever writes a rule set cannot give it away by mistake."""
    for key in ("appeal", "again", "come", "enough", "over", "stranger", "pledged", "reached"):
        for field in ("who", "number", "name"):
            with pytest.raises(RuleError, match="is not known here"):
                rule(BLOOD.replace("rest =", f'{key}.en = "{{{field}}}"\nrest =', 1))
    assert rule(BLOOD.replace("rest =", 'coming.en = "{who}"\nrest =', 1)).texts["coming"]
