import { copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTensors, zipCheckpoint } from './checkpoints/writers.js';
import { addBuiltBinary, environment, install, pack, root, run, type Packed } from './installed.js';
