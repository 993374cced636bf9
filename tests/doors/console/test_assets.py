import gzip
import re
from pathlib import Path

from keyhouse.doors.console.assets import SCRIPT, STYLES, Assets
from tests.doors.console.conftest import Visitor

KIBIBYTE = 1024


async def test_assets_are_kept_for_ever_under_their_content(visitor: Visitor) -> None:
    page = (await visitor.get("/login")).text
    (url,) = re.findall(r'href="(/assets/\w+/console\.css)"', page)
    answer = await visitor.client.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    plain = await visitor.client.get(url, headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content
    assert "content-encoding" not in plain.headers


async def test_yesterdays_address_gives_nothing_of_today(visitor: Visitor) -> None:
    answer = await visitor.get("/assets/0000000000000000/console.css")
    assert answer.status_code == 404


async def test_no_path_leads_out_of_the_folder(visitor: Visitor) -> None:
    for name in ("../app.py", "%2e%2e/app.py", "css/00-tokens.css", ""):
        assert (await visitor.get(f"/assets/x/{name}")).status_code == 404


def test_styles_and_scripts_are_joined_in_order(tmp_path: Path) -> None:
    for folder, suffix in (("css", "css"), ("js", "js")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"20-b.{suffix}").write_text("b")
        (tmp_path / folder / f"10-a.{suffix}").write_text("a")
    assets = Assets(tmp_path)
    assert assets.url(STYLES).endswith("/console.css")
    assert assets.url(STYLES).split("/")[2] == assets.url(SCRIPT).split("/")[2]


def test_a_stylesheet_names_its_fonts_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "js").mkdir()
    (tmp_path / "face.woff2").write_bytes(b"face")
    (tmp_path / "css" / "a.css").write_text('src: url("face.woff2")')
    before = Assets(tmp_path).url(STYLES)
    (tmp_path / "face.woff2").write_bytes(b"another face")
    assert Assets(tmp_path).url(STYLES) != before


async def test_a_page_brings_at_most_100_kib_of_script(visitor: Visitor) -> None:
    page = (await visitor.get("/login")).text
    urls = re.findall(r'<script src="([^"]+)"', page)
    bodies = [(await visitor.get(url)).content for url in urls]
    # Chart and uPlot come on top where a page has a chart: 30 KiB are left for them.
    assert sum(len(gzip.compress(body)) for body in bodies) < 70 * KIBIBYTE
