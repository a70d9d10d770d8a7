import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_gateway.scenario.tables import table


def read(text):
    mistakes = []
    return table(text, mistakes), [mistake.told("users.csv") for mistake in mistakes]


def test_the_first_row_names_the_columns_and_each_other_row_knows_its_line():
    found, mistakes = read(
        '\ufeffmsisdn,name\r\n70001000001, anna\r\n\r\n70002000001,"Борис, мл.\nи ""ст."""\r\n7,x\r\n'
    )
    assert mistakes == []
    assert found.columns == ("msisdn", "name")
    assert [(row.line, dict(row.values)) for row in found.rows] == [
        (2, {"msisdn": "70001000001", "name": "anna"}),
        (4, {"msisdn": "70002000001", "name": 'Борис, мл.\nи "ст."'}),
        (6, {"msisdn": "7", "name": "x"}),
    ]


def test_what_a_spreadsheet_separates_by_semicolons_is_read_too():
    found, _ = read("a;b\n1,5;2\n")
    assert found.rows[0].values == {"a": "1,5", "b": "2"}


NAMES = "the first row names the columns, each with one word of letters, digits and _"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", [f"users.csv:1:1: this table is empty\n    \n    ^\n{NAMES}"]),
        ("\n \n", [f"users.csv:1:1: this table is empty\n    \n    ^\n{NAMES}"]),
        ("a,b\n", ["users.csv:1:1: this table has no row below its header\n    a,b\n    ^^^\nadd one"]),
        (
            "a,b\n1,2\n1\n1,2,3\n",
            [
                "users.csv:3:1: this row has 1 value, and the header 2\n    1\n    ^\nthe header is a,b",
                "users.csv:4:1: this row has 3 values, and the header 2\n    1,2,3\n    ^^^^^\nthe header is a,b",
            ],
        ),
        ("a,\n1,2\n", [f"users.csv:1:1: column 2 has no name\n    a,\n    ^^\n{NAMES}"]),
        ("a,b c\n1,2\n", [f"users.csv:1:3: b c is no name\n    a,b c\n      ^^^\n{NAMES}"]),
        ("a,a\n1,2\n", ["users.csv:1:3: two columns are named a\n    a,a\n      ^\nname each otherwise"]),
        (
            'a,b\n1,"2\n',
            ['users.csv:2:1: this is no CSV: unexpected end of data\n    1,"2\n    ^^^^\nwrite a " behind the value'],
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_a_way_out(text, told):
    assert read(text)[1] == told


@given(st.text(alphabet='a1,;"\n\r \x00\ufeffя'))
@settings(deadline=None)
def test_any_text_is_rows_or_mistakes(text):
    found, mistakes = read(text)
    assert found.rows or mistakes
