"""The pages of the subscriber: log-in, the password's window, the overview, the settings; and the home cabinet's log-in.

`pages.add_pages` puts them on a `web.site.Site`.
"""
