#!/usr/bin/env bash
# Every night: learn from the past, score as of today, say why, and write the call list.
#
#   examples/nightly.sh                                  the sample company
#   examples/nightly.sh DATA OUT AT                      your tables, where to write, as of when
#
# FIT and LATER name the months that are learnt from and those that the list is judged on; READ holds further
# options of reading, such as "--timezone Europe/Berlin --observed-until 2026-06-01".
set -euo pipefail

DATA=${1:-data/samples/saas}
OUT=${2:-out/nightly}
AT=${3:-2026-06-01}
FIT=${FIT:-2024-09:2025-09}
LATER=${LATER:-2026-01:2026-03}
CHURNKIT=${CHURNKIT:-churnkit}
read -r -a READ <<<"${READ:-}"

mkdir -p "$OUT"
[ -f "$OUT/recipe.toml" ] || "$CHURNKIT" init --churn cancelled --horizon 90d "$OUT/recipe.toml"

"$CHURNKIT" check "$DATA" "${READ[@]}"
"$CHURNKIT" fit "$DATA" "${READ[@]}" --recipe "$OUT/recipe.toml" --cutoffs "$FIT" --model "$OUT/model"
"$CHURNKIT" evaluate "$DATA" "${READ[@]}" --model "$OUT/model" --cutoffs "$LATER" --out "$OUT/evaluation.json"
"$CHURNKIT" score "$DATA" "${READ[@]}" --model "$OUT/model" --at "$AT" --out "$OUT/scores"
"$CHURNKIT" explain "$DATA" "${READ[@]}" --model "$OUT/model" --scores "$OUT/scores" --top 3 --out "$OUT/reasons.parquet"
"$CHURNKIT" plan "$DATA" "${READ[@]}" --model "$OUT/model" --scores "$OUT/scores" --reasons "$OUT/reasons.parquet" \
  --model "$OUT/model" --evaluation "$OUT/evaluation.json" --policy net-saving --out "$OUT/list.csv" --html "$OUT/page.html"
