import { expect, test } from 'vitest';
import { ImageConfig, labelsOf, platformOf } from '../../../shared/images/image-config.ts';

test('one odd label loses that label, and numbers and booleans are read as texts', () => {
  const Labels = { a: 'x', cores: 3, signed: true, nothing: null, list: ['x'], part: {} };

  const config = ImageConfig.parse({ os: 'linux', architecture: 'amd64', config: { Labels } });

  expect(labelsOf(config)).toEqual({ a: 'x', cores: '3', signed: 'true' });
  expect(platformOf(config)).toBe('linux/amd64');
});

test.each([
  ['a variant of null', { os: 'linux', architecture: 'amd64', variant: null }, 'linux/amd64'],
  ['no labels', { os: 'linux', architecture: 'amd64', config: { Labels: null } }, 'linux/amd64'],
  ['no config', { os: 'linux', architecture: 'amd64', config: null }, 'linux/amd64'],
  ['labels that are a list', { os: 'linux', architecture: 'amd64', config: { Labels: [] } }, 'linux/amd64'],
  ['an odd operating system', { os: 7, architecture: 'amd64' }, undefined],
  ['nothing', {}, undefined],
])('a configuration with %s is read all the same', (_, odd, platform) => {
  const config = ImageConfig.parse(odd);

  expect(platformOf(config)).toBe(platform);
  expect(labelsOf(config)).toEqual({});
});

test.each([null, 7, 'text', []])('%j says nothing', odd => {
  expect(platformOf(ImageConfig.parse(odd))).toBeUndefined();
});
