import { expect, test } from 'vitest';
import { formatPlatform, isRunnable, missingPlatforms } from '../../../shared/images/platform.ts';

test.each([
  [['linux/amd64'], ['linux/amd64', 'linux/arm64'], []],
  [['linux/arm'], ['linux/arm/v7'], []],
  [['linux/arm/v6'], ['linux/arm/v7'], ['linux/arm/v6']],
  [['linux/arm64'], ['linux/arm64x'], ['linux/arm64']],
  [['linux/arm64/v8'], ['linux/arm64'], []],
  [['linux/x86_64'], ['linux/amd64'], []],
  [['linux/amd64', 'windows/amd64'], [], ['linux/amd64', 'windows/amd64']],
])('of %j, given %j, %j is missing', (required, present, missing) => {
  expect(missingPlatforms(required, present)).toEqual(missing);
});

test.each([
  [{ os: 'linux', architecture: 'arm', variant: 'v7' }, 'linux/arm/v7'],
  [{ os: 'linux', architecture: 'arm64', variant: 'v8' }, 'linux/arm64'],
  [{ os: 'Linux', architecture: 'aarch64' }, 'linux/arm64'],
  [{ os: 'windows' }, 'windows'],
  [{ architecture: 'amd64' }, undefined],
])('%j is named %s', (parts, name) => {
  expect(formatPlatform(parts)).toBe(name);
});

test.each([
  ['linux/amd64', ['linux'], true],
  ['linux/arm/v7', ['linux/arm'], true],
  ['linux/arm64', ['linux/amd64'], false],
  ['windows/amd64', ['linux'], false],
  ['windows/amd64', ['linux', 'windows'], true],
  ['linuxkit/amd64', ['linux'], false],
  ['wasi/wasm', ['linux'], false],
  ['linux/wasm', ['linux'], false],
  ['wasi/wasm', ['wasi'], false],
  ['wasi/wasm', ['wasi/wasm'], true],
])('of %s, where %j is allowed, it is %s that it can run', (platform, allowed, expected) => {
  expect(isRunnable(platform, allowed)).toBe(expected);
});
