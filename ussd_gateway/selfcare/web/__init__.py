"""What all pages of self-care share: sessions, forms, captcha, headers, texts, layout and the operator's profile.

`site.Site` is what the pages are put on; it knows none of them.
"""
