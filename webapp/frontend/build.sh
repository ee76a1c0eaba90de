#!/bin/sh
# Makes webapp/static/docloop.css, icons.svg and the charting library's files. Only needed after a change here: what it makes is committed.
set -eu
cd "$(dirname "$0")"
npm ci
npx sass --no-source-map --style=compressed --load-path=node_modules --quiet-deps \
  --silence-deprecation=import --silence-deprecation=global-builtin docloop.scss ../static/docloop.css
node icons.mjs > ../static/icons.svg
# uPlot (MIT) as it is published, with its licence at the head of the script
cp node_modules/uplot/dist/uPlot.iife.min.js ../static/uplot.js
cp node_modules/uplot/dist/uPlot.min.css ../static/uplot.css
