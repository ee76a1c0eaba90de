"""The machine-learning package: plain Python, no Django (these are not Django models; tables are in `*/models.py`).

Read it in this order: `pages` (boxes, words, pages), `schema` and `values` (fields and how values compare),
`ocr` (images → words), `alignment` (corrections → word labels), `extractors` (pages → values),
`calibration`, `metrics`, `registry` (MLflow), `generator` (documents with known answers).
"""
