"""Build the compact actor table from the UCDP Actor dataset: ``python bench/actors/build.py ucdp-actor-221.csv``.

Facts of the dataset (CC BY 4.0): id, names, kind of organisation, countries. Output: ``schemas/actors/ucdp_actors.csv``.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from pipeline.config import SCHEMAS_DIR

NAME_COLUMNS = ("NameOrig", "NameOrigFull", "NameOrigFullEng", "NewName", "NewNameFullEng")


def main() -> None:
    """Build from the file named on the command line."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as source:
        actors = list(csv.DictReader(source))
    with (SCHEMAS_DIR / "actors" / "ucdp_actors.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["actor_id", "name", "aliases", "organisation", "countries"])
        for actor in sorted(actors, key=lambda a: int(a["ActorId"])):
            name = " ".join(actor["NameData"].split())
            spellings = {
                " ".join(part.split()) for column in NAME_COLUMNS for part in actor[column].split(",")
            }
            aliases = sorted(spellings - {"", "n/a", name})
            writer.writerow([actor["ActorId"], name, "|".join(aliases), actor["Org"], actor["Location"]])
    print(f"{len(actors)} actors")


if __name__ == "__main__":
    main()
