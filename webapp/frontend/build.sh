#!/bin/sh
# Makes webapp/static/docloop.css and icons.svg. Only needed after a change here: what it makes is committed.
set -eu
cd "$(dirname "$0")"
npm ci
npx sass --no-source-map --style=compressed --load-path=node_modules --quiet-deps \
  --silence-deprecation=import --silence-deprecation=global-builtin docloop.scss ../static/docloop.css
node icons.mjs > ../static/icons.svg
