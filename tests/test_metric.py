"""Counting."""

from ussd_gateway.metric import Histogram, one


def test_a_value_is_counted_in_every_bucket_that_it_fits():
    histogram = Histogram((1.0, 5.0))
    for value in (0.5, 1.0, 1.1, 5.0, 7.0):
        histogram.observe(value)
    assert histogram.buckets == [("1.0", 2.0), ("5.0", 4.0), ("+Inf", 5.0)]
    assert histogram.sum == 14.6


def test_a_metric_without_labels_is_read_when_it_is_asked_for():
    values = []
    read = one(lambda: len(values))
    values.append("x")
    assert read() == {(): 1}
