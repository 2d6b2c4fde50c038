"""Foreign text in widgets: literal, harmless and exactly as wide as asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.widgets import DataTable, Label, OptionList, Static, Tree

from domain.text import safe_text
from widgets.safe import cell_fit, notify_text, ui_text

TRICKY = "\n\t\x1b\u202e\u0301\u200d\ufe0f\xad👩🚒❤👍🏽🇩🇪漢é[]/@"
ANYTHING = st.text(st.one_of(st.characters(), st.sampled_from(TRICKY)), max_size=60)
# Each of them is a crash, a button or a hyperlink where a plain string is given to a widget.
MARKUP = [
    "[/]",
    "[/var/log/x.log] full",
    "x[/bold]",
    "[@click=app.exit]CLICK[/]",
    "[a=b c='d]",
    "[link='file:///x']y[/link]",
]


@given(ANYTHING)
def test_a_text_is_literal_and_safe(text: str) -> None:
    assert ui_text(text).plain == safe_text(text)
    assert ui_text(text).spans == []
    assert ui_text(text, keep_newlines=True).plain == safe_text(text, keep_newlines=True)


def test_a_style_is_the_callers() -> None:
    assert ui_text("x", "bold").style == "bold"


@given(ANYTHING, st.integers(-1, 30))
def test_it_fits_exactly(text: str, width: int) -> None:
    safe = safe_text(text)
    fitted = cell_fit(safe, width)
    assert cell_len(fitted) == max(0, width)
    if cell_len(safe) <= width:
        assert fitted.rstrip() == safe.rstrip()
    elif width > 0:
        assert fitted.endswith("…")


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("disk", 6, "disk  "),
        ("disk", 4, "disk"),
        ("disk full", 6, "disk …"),
        ("漢字漢字", 8, "漢字漢字"),
        ("漢字漢字", 7, "漢字漢…"),
        ("漢字漢字", 6, "漢字 …"),
        ("é", 3, "é  "),
        ("disk", 1, "…"),
        ("disk", 0, ""),
        ("", 2, "  "),
    ],
)
def test_fitting(text: str, width: int, fitted: str) -> None:
    assert cell_fit(text, width) == fitted


class Shown(App[None]):
    """Shows one text in the widgets that read markup in plain strings, and as a toast."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        yield Static(ui_text(self.text))
        yield Label(ui_text(self.text))
        yield OptionList(ui_text(self.text))
        yield Tree(ui_text(self.text))
        yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_column(ui_text(self.text))
        table.add_row(ui_text(self.text), label=ui_text(self.text))
        notify_text(self, self.text, severity="warning", timeout=600, title=self.text)


@pytest.mark.parametrize("text", [*MARKUP, "\x1b]52;c;x\x07"])
async def test_widgets_show_it_as_it_is(text: str) -> None:
    app = Shown(text)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.pause()
        painted = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        (toast,) = app._notifications
        assert (toast.message, toast.title, toast.markup) == (safe_text(text), safe_text(text), False)
        assert painted.count(safe_text(text)) >= 7
