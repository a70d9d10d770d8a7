from ussd_gateway.menu.mistakes import MenuError, Mistake, Mistakes, spelled, way_out


def test_a_mistake_reads_as_file_line_key_and_words():
    mistake = Mistake("portal.toml", 14, "screens.main.choices[2].to", 'there is no screen "balanse"', "unknown-target")

    assert str(mistake) == 'portal.toml:14: screens.main.choices[2].to: there is no screen "balanse"'


def test_a_mistake_of_the_whole_file_has_no_key():
    assert str(Mistake("portal.toml", 3, "", "Invalid value", "syntax")) == "portal.toml:3: Invalid value"


def test_an_error_lists_its_mistakes_by_line_and_is_the_first_one():
    error = MenuError([Mistake("x.toml", 9, "b", "late", "empty"), Mistake("x.toml", 2, "a", "early", "empty")])

    assert str(error) == "x.toml:2: a: early\nx.toml:9: b: late"
    assert (error.source, error.line, error.key, error.message) == ("x.toml", 2, "a", "early")


def test_a_path_is_spelled_as_a_reader_would_say_it():
    assert spelled(("screens", "main", "choices", 2, "to")) == "screens.main.choices[2].to"
    assert spelled(("code_languages", "#100#")) == 'code_languages."#100#"'


def test_the_way_out_is_the_nearest_word_else_all_of_them():
    assert way_out("balanse", ["balance", "tariff"]) == '; did you mean "balance"?'
    assert way_out("x", ["tariff", "balance"]) == "; known: balance, tariff"
    assert way_out("x", []) == ""


def test_mistakes_know_what_part_of_the_file_is_wrong():
    mistakes = Mistakes("x.toml", {})
    mistakes.add(("screens", "main", "text"), "is empty", "empty")

    assert mistakes.within(("screens", "main"))
    assert not mistakes.within(("screens", "other"))


def test_a_warning_is_told_and_stops_nothing():
    mistakes = Mistakes("x.toml", {})
    mistakes.add(("screens", "main"), "is never come to", "unreachable-screen", warning=True)

    assert [mistake.warning for mistake in mistakes.found] == [True]
    assert not mistakes.within()


def test_what_is_noted_twice_is_told_once():
    mistakes = Mistakes("x.toml", {})
    mistakes.add(("codes",), "is missing", "missing-key")
    mistakes.add(("codes",), "is missing", "missing-key")

    assert len(mistakes.found) == 1


def test_mistakes_are_found_by_line():
    mistakes = Mistakes("x.toml", {("a",): 9, ("b",): 2})
    mistakes.add(("a",), "is empty", "empty")
    mistakes.add(("b",), "is empty", "empty")

    assert [(mistake.line, mistake.key) for mistake in mistakes.found] == [(2, "b"), (9, "a")]
