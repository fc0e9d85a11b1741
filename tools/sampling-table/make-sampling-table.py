"""Writes libs/core/src/testing/sampling-table.tsv: thread ids with the buckets of the reference implementation."""

import hashlib, json, pathlib, random, uuid

draw = random.Random(20261121)
words = "a 0 request user order checkout größe naïve 日本語 Ελλάδα 🎭 👩‍🚀 e\u0301 __proto__ constructor NaN null \" \\ %s".split()
odd = ["", " ", "  ", "\t", "\n", "\r\n", "\0", "\u00a0", "\u2028", "\ufeff", "a" * 55, "a" * 56, "a" * 64, "é" * 200]
ids = odd + words
ids += [str(uuid.UUID(int=draw.getrandbits(128), version=4)) for _ in range(350)]
ids += [f"{draw.getrandbits(128):032x}" for _ in range(250)]
ids += [str(number) for number in range(100)] + [f"user-{draw.randrange(10**9)}" for _ in range(130)]
while len(ids) < 1000:
    ids = list(dict.fromkeys([*ids, "-".join(draw.choices(words, k=draw.randrange(2, 5)))]))

buckets = [int(hashlib.md5(id.encode()).hexdigest(), 16) % 100 for id in ids]
table = pathlib.Path(__file__).parents[2] / "libs/core/src/testing/sampling-table.tsv"
table.write_text("".join(f"{bucket}\t{json.dumps(id)}\n" for bucket, id in zip(buckets, ids)))
