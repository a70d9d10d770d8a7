"""config.toml: defaults, overrides, and mistakes that name their place and the way out."""

import re
import tomllib
from pathlib import Path

import pytest

from ussd_gateway.coding.data_coding import DEFAULT_ALPHABETS
from ussd_gateway.config import SECTIONS, Aggregator, Application, Config, ConfigError, Esme, data_directory, load
from ussd_gateway.dialects.table import ASYNCHRONOUS, DIALECTS
from ussd_gateway.smpp.receipts import ReceiptStyle

SHIPPED = Path(__file__).parent.parent / "config.toml"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write


def test_the_shipped_file_names_every_key_with_its_default():
    values = tomllib.loads(SHIPPED.read_text())
    config = Config()
    for section in SECTIONS:
        assert values[section] == getattr(config, section).model_dump(mode="json"), section
    none = {"aggregator", "application", "distribution_lists", "fault", "idp_account", "link", "outcome"}
    assert set(values) | none == set(Config.model_fields)


def test_the_shipped_file_shows_a_link(written):
    shown = re.search(r"^# \[\[link\]\](?:\n# .*)+", SHIPPED.read_text(), re.MULTILINE)[0]
    (link,) = load(written(re.sub("^# ", "", shown, flags=re.MULTILINE)), environment={}).config.link
    assert set(link.model_dump()) == link.model_fields_set
    assert (link.codes, link.relay) == (("*111#",), ("79990000001",))


def test_the_shipped_file_shows_applications_and_an_aggregator(written):
    shown = re.findall(r"^# \[\[(?:application|aggregator)\]\](?:\n# .*)+", SHIPPED.read_text(), re.MULTILINE)
    config = load(written(re.sub("^# ", "", "\n".join(shown), flags=re.MULTILINE)), environment={}).config
    behind_url, function = config.application
    assert Application(codes=(), function="", menu="", **behind_url.model_dump(exclude_unset=True)) == Application(
        code="*384*77#", url="http://127.0.0.1:9000/ussd"
    )
    assert set(Application.model_fields) - behind_url.model_fields_set == {"codes", "function", "menu"}
    assert (function.every_code, function.function) == (("*384*79#",), "airtime:balance")
    (aggregator,) = config.aggregator
    assert aggregator == Aggregator(path="/aggregators/at")
    assert set(Aggregator.model_fields) == aggregator.model_fields_set


URL = "url = 'http://a/'\n"
APPLICATION_MISTAKES = [
    ("codes = ['*1#']\nurl = 'ftp://a/'", "url: 'ftp://a/' cannot be used: write a whole URL, such as \"http://127"),
    ("code = '*1#'\nurl = '/ussd'", "url: '/ussd' cannot be used: write a whole URL"),
    ("code = '*1#'\nurl = 'http://a:x/'", "url: 'http://a:x/' cannot be used: write a whole URL"),
    (URL, 'code: is missing; write the code that it answers, such as "*384*77#"'),
    ("code = '*1#'", "url: an application has one of url, function and menu; this one has none of them"),
    (
        "code = '*1#'\nmenu = 'm'\n" + URL,
        "url: an application has one of url, function and menu; this one has url and m",
    ),
    ("code = '*1#'\nfunction = 'a:b'\ntimeout = 1", "timeout: goes with url only"),
    (
        "code = '*1#'\ndialect = 'africastalking'\n" + URL,
        'dialect: the dialect "africastalking" is unknown; did you mean "africas_talking"?',
    ),
    (
        "code = '*1#'\nsettings = { networkcode = '1' }\n" + URL,
        'settings: the dialect africas_talking has no setting "networkcode"; did you mean "network_code"?',
    ),
    (
        "code = '*1#'\ntoo_long = 'page'\n" + URL,
        "too_long: 'page' cannot be used: input should be 'error' or 'truncate'",
    ),
    (
        "code = '*1#'\nend_url = 'http://a/'\ndialect = 'hubtel'\n" + URL,
        "end_url: the dialect hubtel tells no end to a second URL",
    ),
    (
        "codes = ['*1#', '*21#']\n" + URL,
        'code: "*21#" never comes to an application; take another. The phone asks the network to ',
    ),
    ("code = '*#06#'\n" + URL, 'code: "*#06#" never comes to an application; take another. The phone '),
    ("code = '*1#'\ntimeout = -1\n" + URL, "timeout: -1 cannot be used: input should be greater than or equal to 0"),
    ("code = '*1#'\nsetting = {}\n" + URL, "setting: there is no such key; did you mean settings?"),
]


@pytest.mark.parametrize(("written_", "said"), APPLICATION_MISTAKES)
def test_a_mistake_in_an_application_names_its_key(written, written_, said):
    with pytest.raises(ConfigError) as caught:
        load(written(f"[[application]]\n{written_}\n"), environment={})
    assert str(caught.value).removeprefix("config.toml: application[0].")[: len(said)] == said


def test_every_dialect_can_be_named_and_its_settings_are_a_table(written):
    text = "".join(
        f"[[application]]\ncode = '*{number}#'\nurl = 'http://a/'\ndialect = '{name}'\n"
        for number, name in enumerate(sorted({*DIALECTS, *ASYNCHRONOUS} - {"generic"}))
    )
    text += "[[application]]\ncodes = ['*98#', '*99#']\nurl = 'https://a:8443/'\ndialect = 'generic'\n"
    text += "[application.settings]\nsession = 'id'\nmsisdn = 'from'\ntext = 'input'\n"
    text += "signal = 'prefix'\ncontinues = ['+']\nends = ['.']\n"
    *_, generic = load(written(text), environment={}).config.application
    assert (generic.every_code, generic.settings["session"]) == (("*98#", "*99#"), "id")


def test_what_the_page_about_aggregators_shows_can_be_written_so(written):
    page = (SHIPPED.parent / "docs" / "aggregators.md").read_text()
    shown = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    configs = [load(written(text), environment={}).config for text in shown]
    assert [len(config.application) + len(config.aggregator) for config in configs] == [1, 1, 1]


def test_the_shipped_account_names_every_key_that_is_offered_with_its_default():
    (written,) = tomllib.loads(SHIPPED.read_text())["esme"]
    (account,) = load(SHIPPED, environment={}).config.esme
    defaults = Esme(system_id="test", password="test", numbers=("5000-5999",), codes=("*500#",))
    assert account == defaults
    assert set(defaults.receipt.model_dump()) == set(written["receipt"])
    assert set(Esme.model_fields) - set(written) == {"default_alphabet"}  # whose comment says it


def test_receipts_are_set_by_account(written):
    path = written(
        "[[esme]]\nsystem_id = 'a'\npassword = 'a'\nresponse_id = '%x'\n"
        "[esme.receipt]\nerr = 4\nid = '%d'\nwords = { DELIVERED = 'DONE' }\n"
        "[[esme]]\nsystem_id = 'b'\npassword = 'b'\n[esme.receipt]\nerr = 'none'\npdu = 'data_sm'\n"
    )
    a, b = load(path, environment={}).config.esme
    assert (a.response_id, a.receipt.style()) == ("%x", ReceiptStyle(err="%04d", id="%d", words={"DELIVERED": "DONE"}))
    assert (b.response_id, b.receipt.style()) == ("%010d", ReceiptStyle(err="none", pdu="data_sm"))


ACCOUNT = "[[esme]]\nsystem_id = 'a'\npassword = 'a'\n"
ACCOUNT_MISTAKES = [
    ("when_bound = 'kick'", "esme[0].when_bound: 'kick' cannot be used: input should be 'refuse' or 'replace'"),
    ("modes = ['both']", "esme[0].modes[0]: 'both' cannot be used: input should be 'transmitter', 'receiver' or 't"),
    ("modes = []", "esme[0].modes: [] cannot be used: tuple should have at least 1 item"),
    ("rate = -1", "esme[0].rate: -1 cannot be used: input should be greater than or equal to 0"),
    ("response_id = '%s'", "esme[0].response_id: '%s' cannot be used: '%s' is no form of a number; write %d, %010d"),
    ("[esme.receipt]\nid = 'x'", "esme[0].receipt.id: 'x' cannot be used: 'x' is no form of a number"),
    ("[esme.receipt]\nerr = true", "esme[0].receipt.err: True cannot be used: 'True' is no form of a number"),
    ("[esme.receipt]\ntext = '{no}'", "esme[0].receipt.text: '{no}' cannot be used: {no} is no field; known: {id}, "),
    ("[esme.receipt]\ndate = 'да'", "esme[0].receipt.date: 'да' cannot be used: 'да' has letters beyond ASCII"),
    (
        "[esme.receipt]\nwords = { X = 'Y' }",
        "esme[0].receipt.words: {'X': 'Y'} cannot be used: X is no state; known: S",
    ),
    ("[esme.receipt]\nwrds = 1", "esme[0].receipt.wrds: there is no such key; did you mean words?"),
    ("[esme.receipt]\nnetwork_type = 256", "esme[0].receipt.network_type: 256 cannot be used: input should be less"),
]


@pytest.mark.parametrize(("written_", "said"), ACCOUNT_MISTAKES)
def test_a_mistake_in_an_account_names_its_key(written, written_, said):
    with pytest.raises(ConfigError) as caught:
        load(written(ACCOUNT + written_ + "\n"), environment={})
    assert str(caught.value).removeprefix("config.toml: ")[: len(said)] == said


def test_the_shipped_file_is_the_one_that_comes_along():
    assert (data_directory() / "config.toml").read_text() == SHIPPED.read_text()
    assert (data_directory() / "menus" / "portal.toml").is_file()


def test_a_file_is_not_needed_for_the_defaults(written):
    config = load(written(""), environment={}).config
    assert (config.server.http_port, config.network.user_timeout) == (8080, 30)


def test_a_flag_without_a_dot_is_a_whole_table_in_place_of_the_files(written):
    path = written('[[subscriber]]\nmsisdn = "70001000001"\n[server]\nhttp_port = 1\nsmpp_port = 2\n')
    server = {"http_port": 3}
    flags = {"server.host": "::1", "server": server, "subscriber": [{"msisdn": "70001000009"}]}
    config = load(path, flags, environment={}).config
    assert [subscriber.msisdn for subscriber in config.subscriber] == ["70001000009"]
    assert (config.server.host, config.server.http_port, config.server.smpp_port) == ("::1", 3, 2775)
    assert server == {"http_port": 3}


def test_flags_win_over_the_environment_which_wins_over_the_file(written):
    path = written("[server]\nhttp_port = 1\nsmpp_port = 1\n[log]\nlevel = 'error'\n")
    environment = {"USSD_GATEWAY_SERVER_HTTP_PORT": "2", "USSD_GATEWAY_SERVER_SMPP_PORT": "2", "HOME": "/"}
    loaded = load(path, {"server.http_port": 3, "store.path": None}, environment)
    assert (loaded.config.server.http_port, loaded.config.server.smpp_port) == (3, 2)
    assert loaded.origins == {
        "server.http_port": "flag",
        "server.smpp_port": "environment (USSD_GATEWAY_SERVER_SMPP_PORT)",
        "log.level": "file",
    }


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_every_loopback_address_will_do(written, host):
    assert load(written(f"[server]\nhost = '{host}'\n"), environment={}).config.server.host == host


def test_data_coding_0_can_mean_any_alphabet_that_there_is_for_it(written):
    text = "[[esme]]\nsystem_id = 'a'\npassword = 'b'\n"
    (esme,) = load(written(text), environment={}).config.esme
    assert esme.default_alphabet == "gsm7"
    for alphabet in DEFAULT_ALPHABETS:
        (esme,) = load(written(f"{text}default_alphabet = '{alphabet}'\n"), environment={}).config.esme
        assert esme.default_alphabet == alphabet
    with pytest.raises(ConfigError, match=r"esme\[0\].default_alphabet: .*'gsm7', 'gsm7_packed', 'latin1'"):
        load(written(f"{text}default_alphabet = 'hebrew'\n"), environment={})


def test_money_and_numbers_are_written_as_people_write_them(written):
    path = written('[[subscriber]]\nmsisdn = "8 (000) 100-00-01"\nbalance = "150.05"\n')
    (subscriber,) = load(path, environment={}).config.subscriber
    assert (subscriber.msisdn, subscriber.balance) == ("70001000001", 15005)


MISTAKES = {
    "an unknown key": (
        "[network]\nuser_timout = 1\n",
        "config.toml: network.user_timout: there is no such key; did you mean user_timeout?",
    ),
    "a key like no other": ("[log]\nzzz = 1\n", "config.toml: log.zzz: there is no such key; known: level, format"),
    "an unknown section": (
        "[netwrk]\n",
        "config.toml: netwrk: there is no such key; did you mean network?",
    ),
    "a word that is not one of those": (
        "[network]\nsecond_dial = 'wait'\n",
        "config.toml: network.second_dial: 'wait' cannot be used: input should be 'busy' or 'replace'",
    ),
    "a negative time": (
        "[network]\nuser_timeout = -1\n",
        "config.toml: network.user_timeout: -1 cannot be used: input should be greater than 0",
    ),
    "a port beyond the last": (
        "[server]\nhttp_port = 70000\n",
        "config.toml: server.http_port: 70000 cannot be used: input should be less than or equal to 65535",
    ),
    "fractions of a kopeck": (
        "[[subscriber]]\nmsisdn = '70001000001'\nbalance = '1.234'\n",
        "config.toml: subscriber[0].balance: '1.234' cannot be used:"
        " '1.234' is no sum of money; write roubles and kopecks as \"150.00\"",
    ),
    "more money than there is": (
        "[[subscriber]]\nmsisdn = '70001000001'\nbalance = '99999999999999999999'\n",
        "config.toml: subscriber[0].balance: '99999999999999999999' cannot be used:"
        " '99999999999999999999' is no sum of money; write roubles and kopecks as \"150.00\"",
    ),
    "one bracket too few": (
        "[subscriber]\nmsisdn = '70001000001'\n",
        "config.toml: subscriber: there can be several; write each as [[subscriber]]",
    ),
    "a list that is none": (
        "[retry]\nabsent = 'x'\n",
        "config.toml: retry.absent: 'x' cannot be used: write a list in brackets",
    ),
    "no store": (
        "[store]\npath = ''\n",
        "config.toml: store.path: '' cannot be used: string should have at least 1 character",
    ),
    "a journal of nothing": (
        "[store]\njournal_mib = 0\n",
        "config.toml: store.journal_mib: 0 cannot be used: input should be greater than 0",
    ),
    "a subscriber without a number": (
        "[[subscriber]]\nowner = 'anna'\n",
        "config.toml: subscriber[0].msisdn: is missing",
    ),
    "a long password": (
        "[[esme]]\nsystem_id = 'a'\npassword = '123456789'\n",
        "config.toml: esme[0].password: '123456789' cannot be used: string should have at most 8 characters",
    ),
    "an address that others reach": (
        "[server]\nhost = '0.0.0.0'\n",
        "config.toml: server.host: '0.0.0.0' cannot be used:"
        " the HTTP API asks nobody for a password, so it listens on loopback only, such as 127.0.0.1",
    ),
    "a fault that lacks a key": (
        "[[fault]]\neffect = 'slow'\n",
        "config.toml: fault[0]: {'effect': 'slow'} cannot be used: seconds is missing; slow needs it",
    ),
    "a fault with a key too many": (
        "[[fault]]\neffect = 'drop'\nacount = 'test'\n",
        "config.toml: fault[0].acount: there is no such key; did you mean account?",
    ),
    "a delay that is none": (
        "[[outcome]]\ndelay = 'long'\n",
        "config.toml: outcome[0].delay: 'long' cannot be used:"
        " write seconds such as 5, {uniform = [1, 3]} from least to most, or {normal = [2.0, 0.5]}",
    ),
    "a number twice": (
        "[[subscriber]]\nmsisdn = '70001000001'\n[[subscriber]]\nmsisdn = '80001000001'\n",
        "config.toml: subscriber.msisdn: 70001000001 is there twice; each can be there once",
    ),
    "a passport that is none, which is not repeated": (
        "[[subscriber]]\nmsisdn = '70001000001'\npassport = '4509'\n",
        "config.toml: subscriber[0].passport: what is written cannot be used:"
        " a passport has a series of four digits and a number of six, such as 12 34 567890",
    ),
    "one of the desk's people twice": (
        2 * "[[desk]]\nname = 'oleg'\npassword = 'x'\nrole = 'reviewer'\n",
        "config.toml: desk.name: oleg is there twice; each can be there once",
    ),
    "opening hours that are none": (
        "[selfcare]\ndesk_hours = '9-21'\n",
        "config.toml: selfcare.desk_hours: '9-21' cannot be used:"
        ' write opening hours as "09:00-21:00", or "" for always',
    ),
    "a dialect of USSD that nobody speaks": (
        "[[esme]]\nsystem_id = 'a'\npassword = 'x'\ncodes = ['*500#']\nussd_dialect = 'vumy'\n",
        "config.toml: esme[0].ussd_dialect: 'vumy' cannot be used: known dialects: standard, nowsms, vumi, vumi_6d,"
        " vumi_6d_destination, vumi_mica, huawei, php_smpp, last_value",
    ),
    "the account of self-care taken": (
        "[[esme]]\nsystem_id = 'selfcare'\npassword = 'x'\n",
        "config.toml: esme.system_id: selfcare is there twice; each can be there once",
    ),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_its_place_and_the_way_out(written, text, said):
    with pytest.raises(ConfigError) as mistake:
        load(written(text), environment={})
    assert str(mistake.value) == said


def test_what_is_promised_and_not_offered_yet_is_told_and_otherwise_left_alone(written):
    text = """
[[modem]]
msisdn = "70003000001"
"""
    loaded = load(written(text), environment={})
    assert loaded.notices == ("config.toml: modem has no effect yet",)


def test_every_mistake_is_told_at_once(written):
    with pytest.raises(ConfigError) as mistakes:
        load(written("[log]\nlevel = 'loud'\nform = 1\n"), environment={})
    assert len(str(mistakes.value).splitlines()) == 2


def test_a_mistake_in_the_environment_names_the_variable(written):
    with pytest.raises(ConfigError, match=r"environment \(USSD_GATEWAY_LOG_LEVEL\): log.level: 'loud'"):
        load(written(""), environment={"USSD_GATEWAY_LOG_LEVEL": "loud"})


def test_broken_toml_and_missing_files_are_told(written, tmp_path):
    with pytest.raises(ConfigError, match=r"config.toml: Expected"):
        load(written("[server"), environment={})
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file or directory; name another file with --config"):
        load(tmp_path / "nowhere.toml")


def test_the_file_of_this_folder_is_found(written, monkeypatch):
    path = written("[log]\nlevel = 'debug'\n")
    monkeypatch.chdir(path.parent)
    assert load(environment={}).config.log.level == "debug"


def test_faults_are_off_until_the_file_has_one(written):
    assert Config().fault == ()
    path = written("[[fault]]\neffect = 'throttle'\naccount = 'test'\nrate = 10\n")
    (fault,) = load(path, environment={}).config.fault
    assert str(fault.rule()) == "throttle on submit_sm of test"


def test_the_example_of_a_fault_in_the_shipped_file_is_one(written):
    _, _, example = SHIPPED.read_text().rpartition("#\n")
    uncommented = "\n".join(line.removeprefix("# ") for line in example.splitlines())
    (fault,) = load(written(uncommented), environment={}).config.fault
    assert str(fault.rule()) == "throttle on submit_sm of test"


def test_the_example_of_an_outcome_in_the_shipped_file_is_one(written):
    _, _, behind = SHIPPED.read_text().partition("# [[outcome]]\n")
    example = "\n".join(line.removeprefix("# ") for line in behind.partition("\n\n")[0].splitlines())
    (outcome,) = load(written(f"[[outcome]]\n{example}"), environment={}).config.outcome
    assert (outcome.account, outcome.receipt_delay) == ("test", 1)


def test_menus_are_beside_the_file_or_those_that_came_along(tmp_path):
    assert Config().menus_directory(tmp_path) == data_directory() / "menus"
    (tmp_path / "menus").mkdir()
    assert Config().menus_directory(tmp_path) == tmp_path / "menus"


SMPP_KEYS = """
[smpp]
default_messages = ["Ready."]
[distribution_lists]
staff = ["+7 000 100-00-01"]
[[esme]]
system_id = "shop"
password = "pw"
deliver_by = "data_sm"
outbind = "[::1]:2776"
"""


def test_what_requests_of_esmes_need(written):
    config = load(written(SMPP_KEYS), environment={}).config
    assert (config.smpp.default_messages, config.distribution_lists) == (("Ready.",), {"staff": ("70001000001",)})
    assert (config.esme[0].deliver_by, config.esme[0].outbind) == ("data_sm", ("::1", 2776))


@pytest.mark.parametrize("outbind", ["2776", "host:", "host:0", "host:65536", ":2776"])
def test_an_outbind_names_a_host_and_a_port(written, outbind):
    with pytest.raises(ConfigError, match="write a host and a port"):
        load(written(f'[[esme]]\nsystem_id = "shop"\npassword = "pw"\noutbind = "{outbind}"\n'), environment={})
