#!/usr/bin/env bash
# npm run docs: writes docs/api/ (not kept in git) from the docstrings of both libraries. The generator and the older
# TypeScript it needs live in docs/tool with their own lock, apart from what the project builds with.
source "$(dirname "$0")/install.sh"
install_npm
if ! cmp -s docs/tool/package-lock.json docs/tool/node_modules/.kakuri-lock 2>/dev/null; then
  echo "kakuri: installing the documentation generator" >&2
  (cd docs/tool && npm ci --no-fund --no-audit --loglevel=error >&2)
  cp docs/tool/package-lock.json docs/tool/node_modules/.kakuri-lock
fi
for library in ts-openflow ovsdb-client; do
  docs/tool/node_modules/.bin/typedoc --options docs/tool/typedoc.json --name "$library" \
    --tsconfig "src/$library/tsconfig.json" --readme "$(test -f "src/$library/README.md" && echo "src/$library/README.md" || echo none)" \
    --out "docs/api/$library" "src/$library/src/index.ts" "src/$library/src/testing/index.ts"
done
