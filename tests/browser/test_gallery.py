"""The page of pictures."""

from tests.browser.gallery import picture, write_index


def test_every_picture_is_on_the_page_in_a_row_of_its_page(tmp_path):
    for page, look in (("log_in", ("ru", "light", "375")), ("log_in", ("en", "dark", "1280")), ("desk", ("ru",))):
        picture(tmp_path, page, *look).write_bytes(b"")
    write_index(tmp_path)
    words = (tmp_path / "index.html").read_text("utf-8")
    assert words.index("<h2>desk</h2>") < words.index('href="desk.ru.png"') < words.index("<h2>log_in</h2>")
    assert words.count("<h2>log_in</h2>") == 1
    assert 'href="log_in.en-dark-1280.png"' in words
    assert "<figcaption>ru, light, 375</figcaption>" in words
