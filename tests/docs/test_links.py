# SPDX-License-Identifier: Apache-2.0
"""Links between the pages lead somewhere: the file is there, and so is the heading."""
import os
import pathlib
import re
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ["BRANT_SOURCE"])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def pages() -> list:
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={SOURCE}", "ls-files", "--cached", "--others",
         "--exclude-standard", "*.md"], cwd=SOURCE, capture_output=True, text=True, check=True)
    return [path for path in listed.stdout.split() if (SOURCE / path).is_file()]


def prose(path: pathlib.Path) -> str:
    """Without code blocks."""
    return re.sub(r"^( *)```.*?^\1```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(path: pathlib.Path) -> set:
    """As the usual renderers of Markdown make them of headings."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Links(unittest.TestCase):
    def test_links_lead_somewhere(self):
        wrong = []
        for page in pages():
            for link in LINK.findall(prose(SOURCE / page).replace("\n", " ")):
                if link.startswith(("http://", "https://", "mailto:")):
                    continue
                file, _, anchor = link.partition("#")
                target = (SOURCE / page).parent / file if file else SOURCE / page
                if not target.exists():
                    wrong.append(f"{page}: {link}: no such file")
                elif anchor and anchor not in anchors(target):
                    wrong.append(f"{page}: {link}: no such heading")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
