"""A row of the API."""

from ussd_gateway.http.route import Route


async def look(request):
    """The screen shown now.

    And more about it.
    """


def test_a_row_is_for_the_router_and_for_the_document():
    row = Route("GET", "/x/{id}", look)
    assert row.summary == "The screen shown now."
    assert (row.definition().method, row.definition().path, row.definition().handler) == ("GET", "/x/{id}", look)
