"""A person with a phone in one hand and a browser in front: what he does, in the words of the pages."""

from functools import cache
from importlib.resources import files

ANNA, SECOND, BORIS = "70001000001", "70001000002", "70002000001"

A_AND_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

RUN_AXE = """async tags => {
    const {violations} = await axe.run(document, {runOnly: tags, resultTypes: ['violations']});
    return violations.map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.html).join(' ')}`);
}"""


@cache
def _axe():
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


class Person:
    """`language` is that of the pages; fields and buttons are called by the keys of their texts in the catalogue."""

    def __init__(self, gateway, page, msisdn, language):
        self.gateway, self.page, self.msisdn, self.language = gateway, page, msisdn, language
        self.phone = gateway.handset(msisdn)
        self.elsewhere, self.console = [], []
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.console.append(str(error)))

    def _asked(self, request):
        if not request.url.startswith((f"{self.gateway.http_url}/", "data:")):
            self.elsewhere.append(request.url)

    def _said(self, message):
        # That a page was answered with 4xx is told in the console, too: whoever sent the form expects that
        if "Failed to load resource" not in message.text or message.location["url"] != self.page.url:
            self.console.append(f"{message.text} ({message.location['url']})")

    def t(self, key, **facts):
        """A text of the pages."""
        return self.gateway.selfcare.site.texts.text(key, self.language, **facts)

    # Eyes and hands ------------------------------------------------------------------------------------------------

    async def open(self, path):
        """The address is typed; the status of the answer."""
        response = await self.page.goto(f"{self.gateway.http_url}{path}")
        return response.status

    async def fill(self, label, text):
        """A field, by its label."""
        await self.page.get_by_label(self.t(label), exact=True).fill(text)

    async def press(self, key, **facts):
        """A button, which leads to another page."""
        async with self.page.expect_navigation():
            await self.button(key, **facts).click()

    async def click(self, selector):
        """What has no text of its own, or one of another catalogue, and leads to another page."""
        async with self.page.expect_navigation():
            await self.page.locator(selector).click()

    def button(self, key, **facts):
        """By the text on it."""
        return self.page.get_by_role("button", name=self.t(key, **facts), exact=True)

    async def follow(self, key, **facts):
        """A link."""
        async with self.page.expect_navigation():
            await self.page.get_by_role("link", name=self.t(key, **facts), exact=True).first.click()

    async def sees(self, text):
        """The page says it."""
        await self.page.get_by_text(text).first.wait_for()

    async def heading(self):
        """Of the page."""
        return await self.page.locator("h1").inner_text()

    async def alert(self):
        """What the page says is wrong."""
        return await self.page.get_by_role("alert").inner_text()

    async def check_code(self):
        """Read from the picture; a gateway in a test tells it."""
        return await self.page.locator("meta[name=captcha-answer]").get_attribute("content")

    async def violations(self, tags=A_AND_AA):
        """What axe finds on the page."""
        await self.page.evaluate(_axe())
        return await self.page.evaluate(RUN_AXE, tags)

    # What subscribers do -------------------------------------------------------------------------------------------

    async def new_password(self):
        """Dialled for, and read from the SMS."""
        await self.phone.dial("*111*25#")
        return await self.read_password()

    async def read_password(self):
        """From the next SMS that brings one."""
        return (await self.phone.receive(sender="3339", match=r"Пароль: (\S+)\.")).groups[0]

    async def log_in(self, password=None, number=None):
        """At /cabinet; without a password with a new one."""
        password = await self.new_password() if password is None else password
        await self.open("/cabinet")
        await self.fill("log_in.number", number or self.msisdn)
        await self.fill("log_in.password", password)
        asked = await self.fill_check_code()
        await self.press("log_in.submit")
        if not asked and await self.page.get_by_text(self.t("captcha.wrong")).count():  # a number that is new here
            await self.fill("log_in.password", password)
            await self.fill_check_code()
            await self.press("log_in.submit")

    async def fill_check_code(self):
        """Where one is asked for; whether it is."""
        asked = await self.page.locator("#captcha").count() > 0
        if asked:
            await self.fill("captcha.label", await self.check_code())
        return asked

    async def ask_for_another(self, other):
        """From service 828 to the request for another number that has it, too."""
        await self.phone.dial("*111*828*1#")
        await self.gateway.handset(other).dial("*111*828*1#")
        await self.log_in()
        await self.follow("services.link")
        await self.fill("services.number", other)
        await self.press("services.submit")

    async def bind(self, network="vmeste", account="101"):
        """A social network, from the settings, as one of its people."""
        await self.open("/cabinet/settings")
        await self.click(f"form[action='/cabinet/social/{network}/bind'] button")
        await self.allow(account)

    async def allow(self, account="101"):
        """At the network: who somebody is, and that the operator may know it."""
        await self.click(f"button[name=account][value='{account}']")
        await self.click("button[name=decision][value=allow]")

    # What the operator's people do ---------------------------------------------------------------------------------

    async def log_in_at_the_desk(self, name="oleg"):
        """With the password of the settings that come along."""
        await self.open("/desk")
        await self.fill("desk.name", name)
        await self.fill("log_in.password", f"{name}-desk")
        await self.press("log_in.submit")
