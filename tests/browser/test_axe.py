"""That axe is at work: a page with barriers is told from one without."""

BARRIERS = {
    '<img src="data:,">': "image-alt",
    "<input>": "label",
    '<p style="color: #999; background: #fff">Баланс</p>': "color-contrast",
    '<p lang="xx-nonsense">Баланс</p>': "valid-lang",
}


async def test_barriers_are_found(anna):
    for barrier, rule in BARRIERS.items():
        await anna.page.set_content(f'<!doctype html><html lang="ru"><title>x</title><main><h1>x</h1>{barrier}</main>')
        found = await anna.violations()
        assert [violation.partition(":")[0] for violation in found] == [rule]
    anna.console.clear()
