"""Search and similar petitions on a real archive, over HTTP, with and without meanings (`make bench-search`).

    .venv/bin/python bench/search/quality.py ARCHIVE LABELS [--home FOLDER]

ARCHIVE holds an archive's month files (petitions_YYYY-MM…, plain or gzip), LABELS their labels and score.py. The site's
folder is kept, so that a second run imports and encodes nothing. Prints what score.py measures, by a site with words
alone and by one with meanings, and how often an opposite demand comes first without being said to be one.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from serving import maninso, serve_site

SIMILAR = "{url}/api/v1/similar?title={{title}}&text={{text}}&exclude={{idx}}&limit={{k}}"
SEARCH = "{url}/petitions.json?q={{q}}&count={{k}}"
SHOWN = (
    *("recall5", "recall5_paraphrase", "mrr", "p_at_1", "opposite_at_1", "opposite_above_duplicate"),
    *("coverage_at_p95", "coverage_at_p90", "threshold_at_p95", "ndcg10", "ndcg10_ko", "ndcg10_en"),
)


def unpack(archive: Path, folder: Path) -> list[Path]:
    """Write the month files as score.py reads them: plain, named petitions_YYYY-MM."""
    files = []
    for path in sorted(archive.glob("petitions_*")):
        target = folder / path.name.split(".")[0]
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        files.append(target)
    return files


def score(url: str, labels: Path, months: Path) -> dict[str, Any]:
    """Run score.py against a site and return its report."""
    report = months / "report.json"
    command = [sys.executable, str(labels / "score.py"), "--data", str(months), "--json", str(report)]
    command += ["--list-field", "data", "--id-field", "source_id,attributes.source_id"]
    command += ["--similar-url", SIMILAR.format(url=url), "--search-url", SEARCH.format(url=url)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    result: dict[str, Any] = json.loads(report.read_text())
    return result


def count_unlabelled(url: str, labels: Path, months: Path) -> tuple[int, int, int, int]:
    """Count petitions that have an opposite one, those whose first is one that is not said to be, and true twins.

    The last two: twins that were found, and those among them that were said to be opposite.
    """
    texts = {}
    for path in sorted(months.glob("petitions_*")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            texts[f"{path.name.split('_')[1]}/{row['petition_idx']}"] = (row["title"], " ".join(row["content"].split()))
    same: dict[str, set[str]] = {}
    opposite: dict[str, set[str]] = {}
    for group in json.loads((labels / "groups.json").read_text())["groups"]:
        for member in group["members"]:
            same.setdefault(member, set()).update(set(group["members"]) - {member})
            opposite.setdefault(member, set()).update(
                each["id"] for each in group["negatives"] if each["kind"] == "opposite"
            )
    asked = unlabelled = twins = mistaken = 0
    for member, ids in same.items():
        title, text = texts[member]
        number = member.split("/")[1]
        fields = urllib.parse.urlencode({"title": title.strip(), "text": text[:300], "exclude": number, "limit": 20})
        with urllib.request.urlopen(f"{url}/api/v1/similar?{fields}") as answer:
            found = json.load(answer)["data"]
        twin_numbers = {each.split("/")[1] for each in ids}
        others = {each.split("/")[1] for each in opposite[member]} - twin_numbers
        asked += bool(others)
        unlabelled += bool(found and found[0]["source_id"] in others and found[0]["relation"] != "opposite")
        twins += sum(each["source_id"] in twin_numbers for each in found)
        mistaken += sum(each["source_id"] in twin_numbers and each["relation"] == "opposite" for each in found)
    return asked, unlabelled, twins, mistaken


def main() -> None:
    """Import, index, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--home", type=Path, default=Path("var/bench-search"))
    given = parser.parse_args()
    os.environ["MANINSO_HOME"] = str(given.home.absolute())
    with tempfile.TemporaryDirectory() as folder:
        months = Path(folder)
        files = unpack(given.archive, months)
        maninso("import", "blue-house", *map(str, files))
        maninso("index")
        for name, semantic in (("words alone", "0"), ("with meanings", "1")):
            with serve_site(MANINSO_SEMANTIC=semantic) as (url, _):
                report = score(url, given.labels, months)
                print(f"-- {name}")
                for part in ("similar", "search"):
                    shown = [f"{key} {report[part][key]:.3f}" for key in SHOWN if report[part].get(key) is not None]
                    times = report[part]["latency"]
                    print(f"{part}: {', '.join(shown)}; p50 {times['p50_ms']:.0f} ms, p95 {times['p95_ms']:.0f} ms")
                asked, unlabelled, twins, mistaken = count_unlabelled(url, given.labels, months)
                print(
                    f"opposite first and not said to be: {unlabelled} of {asked} petitions that have one; "
                    f"true twins said to be opposite: {mistaken} of {twins}"
                )


if __name__ == "__main__":
    main()
