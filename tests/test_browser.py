"""The pages that we write, opened in a real browser where there is one."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bdnet.data.classes import Classes
from bdnet.inference.accelerate import accelerate
from videos import Pan

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
# runs after the page: moves the slider to its end, waits for the pictures, and says what it saw
VISITOR = """<script>
const pictures = [...document.images];
const seen = () => pictures.map(picture => picture.src.length + ":" + picture.naturalWidth).join();
window.addEventListener("load", () => setTimeout(() => {
  const before = document.getElementById("title").textContent, first = seen();
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input"));
  setTimeout(() => {
    const loaded = pictures.filter(picture => picture.complete && picture.naturalWidth > 0).length;
    const after = document.getElementById("title").textContent;
    const facts = ["visited", loaded, pictures.length, before, after, first != seen()];
    document.body.innerHTML = facts.join("|");
  }, 300);
}, 300));
</script>"""


def visited(page: Path) -> tuple[str, str]:
    """What the browser shows in the end, and what it wrote to its console."""
    answer = subprocess.run(
        [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
         "--virtual-time-budget=5000", "--enable-logging=stderr",
         f"--user-data-dir={page.parent}/user", page.as_uri()],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return answer.stdout, "\n".join(re.findall(r".*CONSOLE.*", answer.stderr))


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_the_page_of_a_comparison_works_in_a_browser(make_video, tmp_path: Path):
    def network(picture):
        return (picture[:, :, 0] > 120).astype("uint8")

    fast = accelerate(network, 4)
    fast.network.classes = Classes(("dark", "light"), ((0, 0, 90), (250, 240, 0)))
    video = make_video(scene=Pan((1, 0)), size=(64, 96), frames=9)
    page = fast.compare(video).html(tmp_path / "page.html")
    page.write_text(page.read_text().replace("</html>", f"{VISITOR}</html>"))
    shown, console = visited(page)
    assert not console
    (words,) = re.findall(r"visited\|([^<]*)", shown)
    loaded, count, before, after, has_changed = words.split("|")
    assert loaded == count == "4"
    assert before.startswith("frame 0,")
    assert after.startswith("frame 8,")
    assert has_changed == "true"
