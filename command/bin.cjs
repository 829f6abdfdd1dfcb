#!/usr/bin/env node
// The bin entry. It needs no build: tsx reads the TypeScript.

require('../infra/ready.cjs');
import('tsx/esm/api').then(({ tsImport }) => tsImport('./main.ts', __filename));
