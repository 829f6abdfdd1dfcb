import { expect, test } from 'vitest';
import { defaultsFromLabels, defaultsOf } from '../../../../shared/coder/classic/defaults.ts';

test('labels of the image become defaults, in the units that Coder takes', () => {
  expect(
    defaultsFromLabels({
      'com.coder.cpu-cores': '1.5',
      'com.coder.memory-gb': '3.2',
      'com.coder.disk-gb': '20',
      'org.opencontainers.image.description': 'Node 22',
      'org.opencontainers.image.source': 'https://github.com/contoso/app',
    }),
  ).toEqual({
    cpuCores: 1.5,
    memoryGb: 4,
    diskGb: 20,
    description: 'Node 22',
    sourceRepoUrl: 'https://github.com/contoso/app',
  });
});

test.each(['', ' ', '0', '-1', 'NaN', 'Infinity', '1e9', 'two', '4GB'])(
  'a label that says %j cores says nothing',
  value => {
    expect(defaultsFromLabels({ 'com.coder.cpu-cores': value })).toEqual({});
  },
);

test.each(['javascript:alert(1)', 'git@github.com:contoso/app', 'https://'])(
  '%s is no source to link to',
  value => {
    expect(defaultsFromLabels({ 'org.opencontainers.image.source': value })).toEqual({});
  },
);

test('a source is linked to without the user name and password in its URL', () => {
  const source =
    'https://x-access-token:ghs_16C7e42F292c6912E7710c838347Ae178B4a@github.com/contoso/app?tab=1';
  expect(defaultsFromLabels({ 'org.opencontainers.image.source': source })).toEqual({
    sourceRepoUrl: 'https://github.com/contoso/app?tab=1',
  });
});

test('for each field the request overrides the rule, and the rule overrides the labels', () => {
  const labels = { 'com.coder.disk-gb': '1', 'com.coder.memory-gb': '1' };
  expect(
    defaultsOf({ requested: { cpuCores: 4 }, words: { defaults: { cpuCores: 2, diskGb: 9 } }, labels }),
  ).toEqual({ cpuCores: 4, diskGb: 9, memoryGb: 1 });
});
