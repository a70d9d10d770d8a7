import pytest

from ussd_gateway.scenario.secrets import Secrets, is_secret


@pytest.mark.parametrize(
    "name", ["password", "first_password", "new_PIN", "pin2", "secret", "sms_code", "code", "пароль", "otp_1"]
)
def test_a_name_tells_a_secret(name):
    assert is_secret(name)


@pytest.mark.parametrize("name", ["sum", "spinning", "codec", "balance", "encode_it", "passenger"])
def test_other_names_do_not(name):
    assert not is_secret(name)


def test_a_secret_is_masked_wherever_it_stands_and_however_a_pattern_writes_it():
    secrets = Secrets()
    secrets.add("password", "aB3.xY")
    assert secrets.mask("Пароль: aB3.xY. /aB3\\.xY/ xaB3.xYz") == "Пароль: ********. /********/ x********z"


def test_the_longer_of_two_secrets_is_masked_as_one():
    secrets = Secrets()
    secrets.add("pin", "1234")
    secrets.add("code", "123456")
    assert secrets.mask("123456 1234") == "******** ********"


def test_a_short_secret_is_masked_only_where_it_stands_alone():
    secrets = Secrets()
    secrets.add("code", "7")
    assert secrets.mask("7: 70001000001, 77") == "********: 70001000001, 77"


def test_what_is_no_secret_or_empty_is_not_masked():
    secrets = Secrets()
    secrets.add("sum", "150.00")
    secrets.add("password", "")
    assert secrets.mask("150.00") == "150.00"
